"""Remembers what each parent's latest comparison found, so that the usual pair costs nothing: the same one again.

At a resync request and answers are mostly what they were. A comparison depends on its pair, its rules, the day (a rule
may end) and on what was foreseen of this call; it is given again only where all of that is as it was. Answers are not
kept for this, only keyed hashes of them, which nobody outside can aim at.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from shadow.compare.model import Candidate, Comparison, Pair
from shadow.compare.predictions import PATIENCE_SECONDS
from shadow.protocol.objects import ParentRef
from shadow.terms import Hook, Outcome
from shadow.worker.client import OnLost, OnResult, size_of

_DAY_SECONDS = 86_400
_MINUTE_SECONDS = 60
_MOST_BYTES = 4 * 1024 * 1024
_ENVELOPE_BYTES = 1024
_AGREEING = (Outcome.MATCHED, Outcome.IGNORED)
_MOST_WAITING_BYTES = 16 * 1024 * 1024  # whoever waits for the result of another call has its own in memory

Stamp = tuple[object, ...]
Key = tuple[str, bool, str]
"""(migration, whether of a customize call, uid of the parent)"""


def key_of(migration: str, hook: Hook, parent: ParentRef) -> Key:
    """A parent's customize calls are compared among themselves."""
    return migration, hook is Hook.CUSTOMIZE, parent.uid


class Comparer(Protocol):
    """Who compares what is not remembered (`shadow.worker.client`)."""

    def submit(self, pair: Pair) -> bool: ...


class _Latest:
    """The latest pair of a parent that was compared, and what came of it; None: not in yet, and `waiting` for it."""

    __slots__ = (
        "at",
        "comparison",
        "id",
        "keeps_bodies",
        "key",
        "last_id",
        "repeated",
        "since",
        "size",
        "stamp",
        "waiting",
    )

    def __init__(self, key: Key, stamp: Stamp, pair: Pair) -> None:
        self.key = key
        self.stamp = stamp
        self.waiting: list[tuple[str, float, int]] = []  # id, time and bytes of the same pair again
        self.id = self.last_id = pair.id
        self.at = pair.at
        self.keeps_bodies = pair.keep_bodies
        self.comparison: Comparison | None = None
        self.size = _ENVELOPE_BYTES
        self.since = pair.at
        self.repeated = 0

    def repeat(self, id: str) -> None:
        """One more call that was alike, of which nothing had to be compared."""
        self.last_id = id
        self.repeated += 1

    def holds_at(self, at: float) -> bool:
        """Whether the same pair now has the same result: nothing is foreseen that it could show."""
        if at - self.at < PATIENCE_SECONDS:
            return True
        compared = self.comparison
        if compared is None:
            return False
        foreseen = compared.foresight
        quiet = foreseen is None or not (foreseen.writes or foreseen.unseen)
        return quiet and not compared.confirmed and not compared.contradicted

    def lacks_bodies(self) -> bool:
        """Whether somebody who asks for the answers would not get them: of those that agree a few are asked for."""
        return not self.keeps_bodies and self.comparison is not None and self.comparison.outcome in _AGREEING

    def follow(self, former: "_Latest") -> None:
        """The same pair is compared once more, for what it shows by now; till then the former result counts."""
        self.comparison, self.size = former.comparison, former.size
        self.since, self.repeated = former.since, former.repeated

    def again(self, compared: Comparison, id: str, at: float, keep_bodies: bool = False) -> Comparison:
        """The same result for a call that was alike."""
        if self.keeps_bodies and not keep_bodies and compared.outcome in _AGREEING:
            compared = msgspec.structs.replace(compared, old_answer=None, new_answer=None)
        if at - self.since >= _MINUTE_SECONDS:
            self.since, self.repeated = at, 0
        self.repeated += 1
        return msgspec.structs.replace(
            compared, id=id, confirmed=0, contradicted=0, cpu_seconds=0.0, repeated=self.repeated
        )


class Reuse:
    """Stands before the compare process; every pair taken comes back exactly once, as with that."""

    def __init__(
        self,
        on_result: OnResult,
        on_lost: OnLost,
        clock: Callable[[], float] = time.time,
        most_bytes: int = _MOST_BYTES,
        most_waiting_bytes: int = _MOST_WAITING_BYTES,
    ) -> None:
        """
        Args:
            clock: unix seconds.
            most_bytes: of remembered comparisons; parents that were not heard of for the longest time go first.
            most_waiting_bytes: of pairs that wait for the result of another.
        """
        self.comparer: Comparer | None = None  # set once it is there: its results come back here
        self._on_result = on_result
        self._on_lost = on_lost
        self._clock = clock
        self._most_bytes = most_bytes
        self._most_waiting_bytes = most_waiting_bytes
        self._bytes = 0
        self._waiting_bytes = 0
        self._latest: OrderedDict[Key, _Latest] = OrderedDict()
        self._asked: dict[str, _Latest] = {}  # by the id of a pair that is being compared

    def submit(self, pair: Pair) -> bool:
        """Take a pair for comparison; False if there is no room for it."""
        key, stamp = key_of(pair.migration, pair.hook, pair.parent), self._stamp(pair)
        latest = self._latest.get(key)
        alike = latest is not None and latest.stamp == stamp and latest.holds_at(pair.at)
        if latest is not None and alike and not (pair.keep_bodies and latest.lacks_bodies()):
            self._latest.move_to_end(key)
            return self._give_again(latest, pair)
        if latest is not None and pair.previous == latest.last_id:
            # The process knows the first of the calls that were alike, and foresaw of that one what holds for all.
            pair = msgspec.structs.replace(pair, previous=latest.id)
        self._forget(key)
        if self.comparer is None or not self.comparer.submit(pair):
            return False
        current = self._asked[pair.id] = self._latest[key] = _Latest(key, stamp, pair)
        if latest is not None and latest.stamp == stamp:
            current.follow(latest)
        self._grow(current.size)
        return True

    def again(self, key: Key, id: str, at: float) -> bool:
        """Count one more call whose pair is this parent's latest one; False: what that one showed may not hold now.

        For those who know that nothing differs without looking at the bytes; everybody else submits the pair.
        """
        latest = self._latest.get(key)
        if latest is None or latest.comparison is None or latest.stamp[0] != self._day() or not latest.holds_at(at):
            return False
        if at - latest.since >= _MINUTE_SECONDS:
            return False
        self._latest.move_to_end(key)
        latest.repeat(id)
        return True

    def compared(self, comparison: Comparison) -> None:
        """The compare process answered."""
        latest = self._asked.pop(comparison.id, None)
        self._on_result(comparison)
        if latest is None:
            return
        if comparison.outcome is not Outcome.DROPPED:
            self._learn(latest, comparison)
        elif self._latest.get(latest.key) is latest:
            self._forget(latest.key)
        for id, at in self._released(latest):
            self._on_result(latest.again(comparison, id, at))
        current = self._latest.get(latest.key)
        if current is not None and current.comparison is None and latest.comparison and current.stamp == latest.stamp:
            self._learn(current, latest.comparison)
            for id, at in self._released(current):
                self._on_result(current.again(latest.comparison, id, at))

    def lost(self, ids: Sequence[str], reason: str) -> None:
        """Pairs that will not be compared."""
        lost = list(ids)
        for id in ids:
            latest = self._asked.pop(id, None)
            if latest is not None:
                lost += [again for again, _ in self._released(latest)]
                if self._latest.get(latest.key) is latest:
                    self._forget(latest.key)
        self._on_lost(lost, reason)

    def _give_again(self, latest: _Latest, pair: Pair) -> bool:
        if latest.comparison is None:
            size = size_of(pair)
            if self._waiting_bytes + size > self._most_waiting_bytes:
                return False
            self._waiting_bytes += size
            latest.waiting.append((pair.id, pair.at, size))
        else:  # not before the answer is out
            again = latest.again(latest.comparison, pair.id, pair.at, pair.keep_bodies)
            asyncio.get_running_loop().call_soon(self._on_result, again)
        latest.last_id = pair.id
        return True

    def _released(self, latest: _Latest) -> list[tuple[str, float]]:
        waiting, latest.waiting = latest.waiting, []
        self._waiting_bytes -= sum(size for _, _, size in waiting)
        return [(id, at) for id, at, _ in waiting]

    def _learn(self, latest: _Latest, comparison: Comparison) -> None:
        latest.comparison = comparison
        if self._latest.get(latest.key) is latest:
            size = _size_of(comparison)
            added, latest.size = size - latest.size, size
            self._grow(added)

    def _grow(self, added: int) -> None:
        self._bytes += added
        while self._bytes > self._most_bytes:
            self._forget(next(iter(self._latest)))

    def _forget(self, key: Key) -> None:
        gone = self._latest.pop(key, None)
        if gone is not None:
            self._bytes -= gone.size

    def _day(self) -> int:
        return int(self._clock() // _DAY_SECONDS)

    def _stamp(self, pair: Pair) -> Stamp:
        """Equal where the comparison is, what was foreseen apart; `seconds` is what no comparison looks at."""
        return (
            self._day(),
            pair.hook,
            pair.front,
            pair.parent,
            pair.apply,
            pair.rules_digest,
            pair.caller,
            pair.served,
            hash(pair.request),
            pair.strict,
            _answer(pair.old),
            _answer(pair.new),
            _answer(pair.old_again),
            _answer(pair.new_again),
        )


def _answer(side: Candidate | None) -> tuple[object, ...]:
    return () if side is None else (side.status, side.failure, hash(side.body), side.notes, side.unsaid)


def _size_of(comparison: Comparison) -> int:
    """About what it holds in memory; its answers, nearly all of that, are not copied to tell."""
    answers = len(comparison.old_answer or b"") + len(comparison.new_answer or b"")
    bare = msgspec.structs.replace(comparison, old_answer=None, new_answer=None)
    return _ENVELOPE_BYTES + answers + len(msgspec.msgpack.encode(bare))
