"""Comparisons of a hot loop: what was found again and again is recorded once a batch, with how often.

Every call is counted by itself; this spares records that would say the same of the same parent, and a look at answers
that are the very objects of the call before: those were told to be equal byte by byte when they came in.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from shadow.compare.model import Comparison
from shadow.proxy.calls.call import Call
from shadow.store.comparisons import MOST_REPEATS
from shadow.terms import Side


@dataclass(slots=True)
class Repeat:
    """The latest of `count` calls that were alike, and what was found in each."""

    call: Call
    comparison: Comparison
    count: int = 1

    def has(self, call: Call, comparison: Comparison) -> bool:
        """Whether this call is one of them: the record would differ in id and time only."""
        mine, its = self.call, call
        return (
            comparison.differences is self.comparison.differences
            and comparison.effects_new is self.comparison.effects_new
            and its.hook is mine.hook
            and its.assignment == mine.assignment
            and its.migration.evidence_digest == mine.migration.evidence_digest
            and its.reply is not None
            and mine.reply is not None
            and (its.reply.status, its.reply.side) == (mine.reply.status, mine.reply.side)
        )


def pair_of(call: Call) -> tuple[object, ...]:
    """All that a comparison of this call depends on: mostly the very objects of the call before, so soon compared."""
    reply, old, new = call.reply, call.askings[Side.OLD], call.askings[Side.NEW]
    assert reply is not None, "a pair is compared after the reply"
    return (
        *(call.request, call.migration, call.assignment, call.again, reply.status, reply.side),
        *(old.adapted, old.failure, old.notes, old.observation.status),
        *(new.adapted, new.failure, new.notes, new.observation.status),
    )


class Repeats:
    """By migration and uid; one parent has one result that repeats."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Repeat] = {}

    def alike(self, call: Call) -> Comparison | None:
        """What was found of the very same pair; None: it may not be the same."""
        known = self._kept.get((call.migration.name, call.request.parent.uid))
        return known.comparison if known is not None and pair_of(call) == pair_of(known.call) else None

    def take(self, call: Call, comparison: Comparison) -> bool:
        """Keep it for the batch; False: record it by itself, after what `pop` gives."""
        key = call.migration.name, call.request.parent.uid
        known = self._kept.get(key)
        if comparison.repeated < MOST_REPEATS:
            return False
        if known is not None and comparison is not known.comparison and not known.has(call, comparison):
            return False
        if known is None:
            self._kept[key] = Repeat(call, comparison)
        else:
            known.call, known.comparison, known.count = call, comparison, known.count + 1
        return True

    def pop(self, call: Call) -> Repeat | None:
        """What is kept of the parent: it has to be recorded before anything later is."""
        return self._kept.pop((call.migration.name, call.request.parent.uid), None)

    def pop_all(self) -> Iterator[Repeat]:
        kept, self._kept = self._kept, {}
        yield from kept.values()
