"""What this process counted since it started, for metrics: plain numbers, because every call pays for them.

Nothing here knows a metrics library; `shadow.web.metrics` and `shadow.telemetry.metrics` read it when they are asked.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from shadow.compare.model import Comparison
from shadow.proxy.calls.call import Asking, Call
from shadow.store.base import Change
from shadow.terms import Outcome, Side

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the buckets of a duration, in seconds; Metacontroller gives up after 10."""

Labels = tuple[str, ...]


@dataclass(slots=True)
class Histogram:
    """Durations by bucket; the last one has no upper bound."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: float = 0.0

    def note(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds


class Instruments:
    """Counters and durations by labels, in the order in which `shadow.telemetry.families` names them."""

    def __init__(self) -> None:
        self.hook_seconds: dict[Labels, Histogram] = defaultdict(Histogram)  # migration, hook, front, code
        self.implementation_seconds: dict[Labels, Histogram] = defaultdict(Histogram)
        self.served: Counter[Labels] = Counter()  # migration, hook, implementation, reason
        self.comparisons: Counter[Labels] = Counter()  # migration, hook, outcome
        self.differences: Counter[Labels] = Counter()  # migration, side, effect
        self.dropped: Counter[Labels] = Counter()  # migration, reason
        self.refused: Counter[Labels] = Counter()  # migration, implementation, reason
        self.held: Counter[Labels] = Counter()  # migration, worst effect: once a call
        self.predictions: Counter[Labels] = Counter()  # migration, result
        self.reloads: Counter[Labels] = Counter()  # result

    def completed(self, call: Call) -> None:
        """Everybody who was asked has spoken and the reply is decided."""
        name, hook, reply = call.migration.name, call.hook, call.reply
        if reply is not None:
            seconds = (call.replied_at or call.at) - call.at
            self.hook_seconds[name, hook, call.request.front, str(reply.status)].note(seconds)
            if reply.status == 200 and reply.side is not None:
                self.served[name, hook, reply.side, reply.reason] += 1
        for side, asking in call.askings.items():
            self._asked(name, hook, side, asking)
        if call.held:
            worst = max(call.held.values(), key=lambda effect: effect.severity)
            self.held[name, worst] += 1

    def _asked(self, name: str, hook: str, side: Side, asking: Asking) -> None:
        refusal = asking.refusal if asking.failure is not None else None
        result = "answered" if asking.failure is None else "refused" if refusal else "failed"
        key = name, hook, side, asking.role, result
        self.implementation_seconds[key].note(asking.observation.seconds)
        if refusal is not None:
            self.refused[name, side, refusal] += 1

    def ended(self, call: Call, outcome: Outcome, reason: str | None, comparison: Comparison | None) -> None:
        """The call has its outcome."""
        name = call.migration.name
        if outcome is Outcome.DROPPED:
            self.dropped[name, reason or "unknown"] += 1
        else:
            self.comparisons[name, call.hook, outcome] += 1
        if comparison is None:
            return
        for found in comparison.differences:
            self.differences[name, found.side, found.effect] += 1
        self.predictions[name, "confirmed"] += comparison.confirmed
        self.predictions[name, "contradicted"] += comparison.contradicted

    def changed(self, change: Change) -> None:
        """A line of the change log: of these, configurations that came after the first are reloads."""
        if change.kind == "refused-configuration":
            self.reloads[("refused",)] += 1
        elif change.kind == "configuration" and "from" in change.details:
            self.reloads[("accepted",)] += 1
