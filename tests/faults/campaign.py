"""Strikes a scene under load with one fault, and holds what came of it against what must hold for every fault.

No call gets a wrong answer. A call is lost (no answer at all) only where the process itself dies or may not take
connections. Every call that was answered is counted exactly once, and what was not compared is counted as dropped.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from time import monotonic
from typing import Any

from tests.faults.callers import Figures
from tests.faults.scene import Counted, Scene

CALLERS = 20

Strike = Callable[[Scene, float], Coroutine[Any, Any, None]]
"""Does harm for so many seconds while callers call, and puts right again what it can."""


@dataclass(frozen=True, slots=True)
class Fault:
    """
    Attributes:
        loses: whether calls may go without an answer: the process dies, or cannot take their connections.
        forgets: whether calls may be missing from the counts: a process was killed, or its store damaged.
        padding: bytes added to each request.
    """

    name: str
    strike: Strike
    loses: bool = False
    forgets: bool = False
    padding: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one fault."""

    fault: Fault
    figures: Figures
    counted: Counted
    seconds: float

    def check(self) -> None:
        figures, counted, fault = self.figures, self.counted, self.fault
        assert figures.wrong == []
        assert figures.sent == figures.answered + figures.lost.total(), figures
        assert fault.loses or not figures.lost, figures
        assert counted.pending == 0
        if fault.forgets:
            return
        assert figures.answered <= counted.calls <= figures.sent, (figures, counted)
        assert counted.calls == counted.comparisons.total() + counted.dropped, counted
        assert counted.dropped == counted.dropped_by.total(), counted

    @property
    def row(self) -> str:
        figures, counted = self.figures, self.counted
        compared = counted.comparisons.total() - counted.comparisons["skipped"]
        errors = ", ".join(f"{count} x {status}" for status, count in sorted(figures.errors.items())) or "0"
        dropped = ", ".join(f"{count} {reason}" for reason, count in sorted(counted.dropped_by.items())) or "0"
        cells = (
            self.fault.name, figures.sent, figures.answered, errors, len(figures.wrong), figures.lost.total(),
            compared, dropped, f"{figures.slowest_seconds:.1f}",
        )  # fmt: skip
        return f"| {' | '.join(map(str, cells))} |"


HEADING = """| fault | sent | answered | of these errors | wrong | lost | compared | dropped | slowest s |
|---|--:|--:|---|--:|--:|--:|---|--:|"""


async def struck(scene: Scene, fault: Fault, seconds: float) -> Outcome:
    """Under load from shortly before until shortly after."""
    before, began = await scene.settled(), monotonic()
    callers = scene.callers(CALLERS, padding=fault.padding)
    try:
        await fault.strike(scene, seconds)
    finally:
        figures = await callers.stop()
    counted = (await scene.settled()).since(before)
    return Outcome(fault, figures, counted, monotonic() - began)
