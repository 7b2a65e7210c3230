"""Holds a report against an earlier one of the same migration, difference by difference, by their stable ids."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from shadow.errors import ShadowError
from shadow.report.model import Baseline, DifferenceLine, Head, Report, SinceBaseline


class BaselineError(ShadowError):
    """The earlier report is none of this migration."""


def against(report: Report, earlier: Head) -> Report:
    """The report with every difference marked, those that are gone at the end.

    Where nothing was compared nothing is told to be gone: nobody has looked.

    Raises:
        BaselineError: they are of two migrations.
    """
    if report.migration != earlier.migration:
        raise BaselineError(f"the baseline is a report of {earlier.migration!r}, not of {report.migration!r}")
    known = {line.id for line in earlier.differences if not line.is_gone}
    marked = [_marked(line, known) for line in report.differences]
    gone = list(_gone(report, earlier)) if report.conclusive else []
    counted = Counter(line.since_baseline for line in (*marked, *gone))
    baseline = Baseline(
        generated_at=earlier.generated_at,
        evidence_digest=earlier.configuration.evidence_digest,
        new=counted[SinceBaseline.NEW],
        new_unexplained=sum(line.since_baseline is SinceBaseline.NEW and not line.explained for line in marked),
        unchanged=counted[SinceBaseline.UNCHANGED],
        gone=counted[SinceBaseline.GONE],
    )
    return msgspec.structs.replace(report, differences=(*marked, *gone), baseline=baseline)


def _marked(line: DifferenceLine, known: set[str]) -> DifferenceLine:
    mark = SinceBaseline.UNCHANGED if line.id in known else SinceBaseline.NEW
    return msgspec.structs.replace(line, since_baseline=mark)


def _gone(report: Report, earlier: Head) -> Iterable[DifferenceLine]:
    present = {line.id for line in report.differences}
    for line in earlier.differences:
        if not line.is_gone and line.id not in present:
            yield msgspec.structs.replace(
                line,
                since_baseline=SinceBaseline.GONE,
                count=0,
                parents=0,
                moved_parents=0,
                unexplained_parents=0,
            )
