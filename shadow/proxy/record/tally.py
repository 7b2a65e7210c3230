"""Counts of one migration in this process. Every call ends in exactly one outcome; the rest is pending."""

from collections import Counter

from shadow.proxy.calls.call import Call
from shadow.proxy.record.latency import Latency
from shadow.store.base import Counters
from shadow.terms import Outcome, Side


class Tally:
    """Mutable counters; `counters()` is what the store keeps of them."""

    def __init__(self) -> None:
        self.calls = 0
        self.outcomes: Counter[Outcome] = Counter()
        self.dropped_by: Counter[str] = Counter()
        self.latency = Latency()
        self._served: Counter[Side] = Counter()
        self._fallbacks = 0
        self._fallbacks_withheld = 0
        self._held = 0
        self._refused = 0
        self._confirmed = 0
        self._contradicted = 0

    @property
    def pending(self) -> int:
        return self.calls - self.outcomes.total()

    def replied(self, call: Call) -> None:
        """Count what was served, held, refused and fallen back to in this call."""
        reply = call.reply
        if reply is not None and reply.status == 200 and reply.side is not None:
            self._served[reply.side] += 1
        self._fallbacks += call.fallback is True
        self._fallbacks_withheld += call.fallback is False
        self._held += bool(call.held)
        for side, asking in call.askings.items():
            if asking.failure is not None:
                self._refused += asking.refusal is not None
            self.latency.note(side, asking.observation.seconds)

    def ended(self, outcome: Outcome, reason: str | None) -> None:
        self.outcomes[outcome] += 1
        if outcome is Outcome.DROPPED:
            self.dropped_by[reason or "unknown"] += 1

    def foretold(self, confirmed: int, contradicted: int) -> None:
        """Count predicted writes that the parent's next call showed, and those that it did not."""
        self._confirmed += confirmed
        self._contradicted += contradicted

    def abandon(self, reason: str) -> None:
        """What is still pending will not be compared any more."""
        left = self.pending
        self.outcomes[Outcome.DROPPED] += left
        self.dropped_by[reason] += left

    def counters(self) -> Counters:
        return Counters(
            calls=self.calls,
            matched=self.outcomes[Outcome.MATCHED],
            ignored=self.outcomes[Outcome.IGNORED],
            mismatched=self.outcomes[Outcome.MISMATCHED],
            failed=self.outcomes[Outcome.FAILED],
            skipped=self.outcomes[Outcome.SKIPPED],
            dropped=self.outcomes[Outcome.DROPPED],
            dropped_by=dict(self.dropped_by),
            served_old=self._served[Side.OLD],
            served_new=self._served[Side.NEW],
            fallbacks=self._fallbacks,
            fallbacks_withheld=self._fallbacks_withheld,
            held=self._held,
            refused=self._refused,
            confirmed=self._confirmed,
            contradicted=self._contradicted,
        )


def added(one: Counters, other: Counters) -> Counters:
    """The sum, field by field."""
    dropped_by = Counter(one.dropped_by) + Counter(other.dropped_by)
    sums = {
        name: getattr(one, name) + getattr(other, name) for name in Counters.__struct_fields__ if name != "dropped_by"
    }
    return Counters(**sums, dropped_by=dict(dropped_by))
