"""How long each implementation takes: the latest answers of this process, for looking at side by side."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from shadow.terms import Side

_KEPT = 1000  # answers of one implementation


@dataclass(frozen=True, slots=True)
class Quantiles:
    """In seconds, of the latest `answers`."""

    answers: int
    median: float
    p95: float
    longest: float


@dataclass(slots=True)
class Latency:
    """Of one migration."""

    _seconds: dict[Side, deque[float]] = field(default_factory=lambda: {side: deque(maxlen=_KEPT) for side in Side})

    def note(self, side: Side, seconds: float) -> None:
        self._seconds[side].append(seconds)

    def quantiles(self, side: Side) -> Quantiles | None:
        """None: it has not been asked since this process started."""
        return _quantiles(self._seconds[side])


def _quantiles(seconds: Iterable[float]) -> Quantiles | None:
    ordered = sorted(seconds)
    if not ordered:
        return None
    return Quantiles(len(ordered), _at(ordered, 0.5), _at(ordered, 0.95), ordered[-1])


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
