"""The report as one HTML file: it loads nothing, runs nothing, looks like the page of a proxy, and can be printed."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from markupsafe import Markup

from shadow.report import words
from shadow.report.html.look import STATIC, environment
from shadow.report.html.sidebyside import Block, side_by_side
from shadow.report.model import DifferenceLine, ParentCase, Report, Result
from shadow.report.sections import sections
from shadow.terms import Change, Effect, Side, Stage

_MOST_LISTED = 500  # of each list: a browser has to lay it out
_OPENED = 5  # of the worst differences, for whoever only glances at it


def render(report: Report) -> Iterator[str]:
    """The document in pieces."""
    unlike = sum(count for result, count in report.totals.results.items() if result is not Result.AGREES)
    yield from (
        environment()
        .get_template("report.html")
        .generate(
            report=report,
            words=words,
            style=Markup((STATIC / "shadow.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
            icon=f"data:image/svg+xml;base64,{b64encode((STATIC / 'icon.svg').read_bytes()).decode()}",
            stages=tuple(Stage),
            bars=list(_bars(report)),
            effects=[(effect, count) for effect in _WORST_FIRST if (count := report.effects.get(effect, 0))],
            sections=list(sections(report)),
            differences=report.unexplained,
            blocks=blocks,
            cases=islice(_not_agreeing(report), _MOST_LISTED),
            unlisted=max(0, unlike - _MOST_LISTED),
            most=_MOST_LISTED,
            opened=_OPENED,
        )
    )


_WORST_FIRST = sorted(Effect, key=lambda effect: -effect.severity)


@dataclass(frozen=True, slots=True)
class _Bar:
    """The share of an outcome, in thousandths of the width."""

    outcome: str
    count: int
    x: float
    width: float


def _bars(report: Report) -> Iterator[_Bar]:
    outcomes, x = report.totals.comparisons, 0.0
    counts = {name: getattr(outcomes, name) for name in outcomes.__struct_fields__} | {"dropped": report.totals.dropped}
    whole = max(1, sum(counts.values()))
    for outcome, count in counts.items():
        if count:
            width = 1000 * count / whole
            yield _Bar(outcome, count, round(x, 1), round(width, 1))
            x += width


def _not_agreeing(report: Report) -> Iterator[ParentCase]:
    return (case for case in report.parents if case.result is not Result.AGREES)


def blocks(line: DifferenceLine) -> list[Block]:
    """Both values of the example side by side; a field stands under its path."""
    old = None if line.change is Change.ADDED else _shown(line, line.example.value(Side.OLD))
    new = None if line.change is Change.REMOVED else _shown(line, line.example.value(Side.NEW))
    return side_by_side(old, new)


def _shown(line: DifferenceLine, value: object) -> object:
    return {line.path: value} if line.path else value
