"""Holds a report against an earlier one of the same migration, difference by difference, by their stable ids."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from shadow.errors import ShadowError
from shadow.report.model import Baseline, DifferenceLine, ParentCase, Report, Result, SinceBaseline
from shadow.report.readiness import ParentLife

_COMPARED = (Result.AGREES, Result.DIFFERS)


class BaselineError(ShadowError):
    """The earlier report is none of this migration."""


def against(report: Report, earlier: Report) -> Report:
    """The report with every difference marked, those that are gone at the end.

    What only the earlier one has is gone if every parent that showed it was compared since; else nobody has looked,
    and it is counted as unseen.

    Raises:
        BaselineError: they are of two migrations.
    """
    if report.migration != earlier.migration:
        raise BaselineError(f"it is a report of {earlier.migration!r}, not of {report.migration!r}")
    known = {line.id for line in earlier.differences if not line.is_gone}
    marked = [_marked(line, known) for line in report.differences]
    missing = _missing(report, earlier)
    unseen = _unseen(report, earlier, missing) if missing else frozenset()
    gone = [_gone(line) for line in missing if line.id not in unseen]
    counted = Counter(line.since_baseline for line in marked)
    baseline = Baseline(
        generated_at=earlier.generated_at,
        evidence_digest=earlier.configuration.evidence_digest,
        new=counted[SinceBaseline.NEW],
        new_unexplained=sum(line.since_baseline is SinceBaseline.NEW and not line.explained for line in marked),
        unchanged=counted[SinceBaseline.UNCHANGED],
        gone=len(gone),
        unseen=len(unseen),
    )
    return msgspec.structs.replace(report, differences=(*marked, *gone), baseline=baseline)


def _marked(line: DifferenceLine, known: set[str]) -> DifferenceLine:
    mark = SinceBaseline.UNCHANGED if line.id in known else SinceBaseline.NEW
    return msgspec.structs.replace(line, since_baseline=mark)


def _missing(report: Report, earlier: Report) -> list[DifferenceLine]:
    present = {line.id for line in report.differences}
    return [line for line in earlier.differences if not line.is_gone and line.id not in present]


def _unseen(report: Report, earlier: Report, missing: Iterable[DifferenceLine]) -> frozenset[str]:
    """Of these, the ids of those that a parent showed which was not compared since.

    Which parents show a difference is told of unexplained ones only: of others it may be any parent.
    """
    compared = {case.parent.uid for case in report.parents if case.result in _COMPARED or case.state == ParentLife.GONE}
    waiting = {line.id: line.explained for line in missing}
    unseen = set[str]()
    for case in _not_compared(earlier, compared):
        unseen.update(case.differences)
        unseen.update(id for id, explained in waiting.items() if explained)
    return frozenset(unseen & waiting.keys())


def _not_compared(earlier: Report, compared: set[str]) -> Iterable[ParentCase]:
    """Parents that were compared for the earlier report, and not since; one that is no more cannot be."""
    return (case for case in earlier.parents if case.result in _COMPARED and case.parent.uid not in compared)


def _gone(line: DifferenceLine) -> DifferenceLine:
    return msgspec.structs.replace(
        line,
        since_baseline=SinceBaseline.GONE,
        count=0,
        parents=0,
        moved_parents=0,
        unexplained_parents=0,
    )
