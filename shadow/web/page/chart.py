"""Calls and what became of them over time, as the bars of an SVG. Pure: numbers in, rectangles out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shadow.store.base import Counters, Slot
from shadow.terms import Outcome

WINDOWS: Mapping[str, int] = {"1h": 60, "6h": 300, "24h": 1800, "7d": 10_800}
"""By name, with the seconds of one bar: each has from 48 to 72 of them."""

_SECONDS: Mapping[str, int] = {"1h": 3600, "6h": 21_600, "24h": 86_400, "7d": 604_800}
WIDTH, HEIGHT = 720, 120  # of the bars, in the SVG's own units
STACK = (Outcome.MATCHED, Outcome.IGNORED, Outcome.SKIPPED, Outcome.DROPPED, Outcome.FAILED, Outcome.MISMATCHED)
"""From the bottom up: what needs a person is on top."""


@dataclass(frozen=True, slots=True)
class Rectangle:
    outcome: Outcome
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One stretch of time."""

    at: float  # unix seconds
    x: float
    width: float
    calls: int
    rectangles: tuple[Rectangle, ...]
    outcomes: tuple[tuple[Outcome, int], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """The drawing, and the numbers for whoever cannot see it."""

    window: str
    since: float
    until: float
    most: int  # calls of the highest bar
    bars: tuple[Bar, ...]
    totals: tuple[tuple[Outcome, int], ...]


def span(window: str, now: float) -> tuple[float, float]:
    """Since and until, on the borders of bars so that they stand still between two looks."""
    step = WINDOWS[window]
    until = (now // step + 1) * step
    return until - _SECONDS[window], until


def chart(window: str, now: float, slots: Sequence[Slot]) -> Chart:
    """
    Args:
        slots: of `span(window, now)`, as long as a bar each.
    """
    step, (since, until) = WINDOWS[window], span(window, now)
    counts = {int((slot.at - since) // step): _outcomes(slot.counters) for slot in slots}
    most = max((sum(count.values()) for count in counts.values()), default=0)
    width = WIDTH * step / (until - since)
    bars = [_bar(since + step * index, width, index, count, most) for index, count in sorted(counts.items())]
    totals = tuple((outcome, sum(count[outcome] for count in counts.values())) for outcome in reversed(STACK))
    return Chart(window, since, until, most, tuple(bars), totals)


def _outcomes(counters: Counters) -> dict[Outcome, int]:
    return {outcome: int(getattr(counters, outcome)) for outcome in STACK}


def _bar(at: float, width: float, index: int, counts: Mapping[Outcome, int], most: int) -> Bar:
    rectangles, top = [], float(HEIGHT)
    for outcome in STACK:
        if counts[outcome]:
            height = max(1.0, HEIGHT * counts[outcome] / max(1, most))  # one call of thousands is still to be seen
            top -= height
            rectangles.append(Rectangle(outcome, round(max(0.0, top), 2), round(height, 2)))
    outcomes = tuple((outcome, counts[outcome]) for outcome in reversed(STACK) if counts[outcome])
    return Bar(
        at, round(index * width + 0.5, 2), round(width - 1, 2), sum(counts.values()), tuple(rectangles), outcomes
    )
