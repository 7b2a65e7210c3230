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

from shadow.compare.model import Comparison, Pair
from shadow.compare.predictions import PATIENCE_SECONDS
from shadow.terms import Hook, Outcome
from shadow.worker.client import OnLost, OnResult

_DAY_SECONDS = 86_400
_MINUTE_SECONDS = 60
_MOST_BYTES = 4 * 1024 * 1024
_ENVELOPE_BYTES = 1024

Stamp = tuple[object, ...]
Key = tuple[str, bool, str]
"""(migration, whether of a customize call, uid of the parent)"""


class Comparer(Protocol):
    """Who compares what is not remembered (`shadow.worker.client`)."""

    def submit(self, pair: Pair) -> bool: ...


class _Latest:
    """The latest pair of a parent that was compared, and what came of it; None: not in yet."""

    __slots__ = ("_repeated", "_since", "at", "comparison", "id", "last_id", "size", "stamp")

    def __init__(self, stamp: Stamp, pair: Pair) -> None:
        self.stamp = stamp
        self.id = self.last_id = pair.id
        self.at = pair.at
        self.comparison: Comparison | None = None
        self.size = _ENVELOPE_BYTES
        self._since = pair.at
        self._repeated = 0

    def holds_at(self, at: float) -> bool:
        """Whether the same pair now has the same result: nothing is foreseen that it could show."""
        compared = self.comparison
        if compared is None:
            return False
        foreseen = compared.foresight
        quiet = foreseen is None or not (foreseen.writes or foreseen.unseen)
        return at - self.at < PATIENCE_SECONDS or (quiet and not compared.confirmed and not compared.contradicted)

    def again(self, pair: Pair) -> Comparison:
        assert self.comparison is not None
        if pair.at - self._since >= _MINUTE_SECONDS:
            self._since, self._repeated = pair.at, 0
        self._repeated += 1
        self.last_id = pair.id
        return msgspec.structs.replace(
            self.comparison, id=pair.id, confirmed=0, contradicted=0, cpu_seconds=0.0, repeated=self._repeated
        )


class Reuse:
    """Stands before the compare process; every pair taken comes back exactly once, as with that."""

    def __init__(
        self,
        on_result: OnResult,
        on_lost: OnLost,
        clock: Callable[[], float] = time.time,
        most_bytes: int = _MOST_BYTES,
    ) -> None:
        """
        Args:
            clock: unix seconds.
            most_bytes: of remembered comparisons; parents that were not heard of for the longest time go first.
        """
        self.comparer: Comparer | None = None  # set once it is there: its results come back here
        self._on_result = on_result
        self._on_lost = on_lost
        self._clock = clock
        self._most_bytes = most_bytes
        self._bytes = 0
        self._latest: OrderedDict[Key, _Latest] = OrderedDict()
        self._asked: dict[str, tuple[Key, Stamp]] = {}  # by the id of a pair that is being compared

    def submit(self, pair: Pair) -> bool:
        """Take a pair for comparison; False if there is no room for it."""
        key, stamp = (pair.migration, pair.hook is Hook.CUSTOMIZE, pair.parent.uid), self._stamp(pair)
        latest = self._latest.get(key)
        if latest is not None and latest.stamp == stamp and latest.holds_at(pair.at):
            self._latest.move_to_end(key)
            asyncio.get_running_loop().call_soon(self._on_result, latest.again(pair))  # not before the answer is out
            return True
        if latest is not None and pair.previous == latest.last_id:
            # The process knows the first of the calls that were alike, and foresaw of that one what holds for all.
            pair = msgspec.structs.replace(pair, previous=latest.id)
        self._forget(key)
        if self.comparer is None or not self.comparer.submit(pair):
            return False
        self._asked[pair.id] = key, stamp
        self._latest[key] = _Latest(stamp, pair)
        self._grow(_ENVELOPE_BYTES)
        return True

    def compared(self, comparison: Comparison) -> None:
        """The compare process answered."""
        key, stamp = self._asked.pop(comparison.id, (None, None))
        latest = self._latest.get(key) if key is not None else None
        if latest is not None and latest.stamp == stamp and comparison.outcome is not Outcome.DROPPED:
            self._learn(latest, comparison)
        self._on_result(comparison)

    def lost(self, ids: Sequence[str], reason: str) -> None:
        """Pairs that will not be compared."""
        for id in ids:
            self._asked.pop(id, None)
        self._on_lost(ids, reason)

    def _learn(self, latest: _Latest, comparison: Comparison) -> None:
        size = _ENVELOPE_BYTES + len(msgspec.msgpack.encode(comparison))
        added, latest.size, latest.comparison = size - latest.size, size, comparison
        self._grow(added)

    def _grow(self, added: int) -> None:
        self._bytes += added
        while self._bytes > self._most_bytes:
            self._forget(next(iter(self._latest)))

    def _forget(self, key: Key) -> None:
        gone = self._latest.pop(key, None)
        if gone is not None:
            self._bytes -= gone.size

    def _stamp(self, pair: Pair) -> Stamp:
        """Equal where the comparison is, what was foreseen apart; `seconds` is what no comparison looks at."""
        return (
            int(self._clock() // _DAY_SECONDS),
            pair.hook.value,
            pair.front.value,
            pair.parent,
            pair.apply,
            pair.rules_digest,
            pair.keep_bodies,
            pair.caller,
            pair.served,
            hash(pair.request),
            *((side.status, side.failure, hash(side.body), side.notes, side.unsaid) for side in (pair.old, pair.new)),
        )
