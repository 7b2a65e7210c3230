"""Writes what was counted and found to the store: in batches, and at once what a restart must not forget.

A store that fails is told once, and tried again with the next batch: nothing here raises, and what does not fit until
it answers again is dropped and counted.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from shadow.errors import StoreError
from shadow.proxy.calls.related_memory import RelatedMemory
from shadow.proxy.cutover.parents import Parents
from shadow.proxy.guard.guard import Guard
from shadow.proxy.record.backlog import MOST_CALLS, Backlog
from shadow.proxy.record.instruments import Instruments
from shadow.proxy.record.promises import Promises
from shadow.store import base as stored
from shadow.store.asynchronous import AsyncStore

_log = logging.getLogger(__name__)
FLUSH_SECONDS = 0.5
_URGENT_SECONDS = 0.05
_BATCH = 2_000  # calls in one transaction


@dataclass(slots=True)
class Trouble:
    """What a person is told of a store that fails."""

    failures: int = 0
    failing: bool = False
    _in_a_row: int = 0

    def failed(self, exc: StoreError) -> None:
        self.failures += 1
        self.failing = True
        self._in_a_row += 1
        if self._in_a_row == 1:
            _log.error("not written, tried again every %g s until it is: %s", FLUSH_SECONDS, exc)

    def over(self) -> None:
        if self._in_a_row:
            _log.warning("written again, after %d failed attempts", self._in_a_row)
        self.failing = False
        self._in_a_row = 0


class Writer:
    """Everything that waits to be written."""

    def __init__(
        self,
        replica: str,
        store: AsyncStore,
        parents: Parents,
        related: RelatedMemory,
        instruments: Instruments,
        clock: Callable[[], float],
    ) -> None:
        self.replica = replica
        self.trouble = Trouble()
        self._store = store
        self._promises = Promises(store, replica, clock)
        self._parents = parents
        self._related = related
        self._instruments = instruments
        self._clock = clock
        self._backlog = Backlog()
        self._changes: list[stored.Change] = []
        self._held: deque[stored.HeldCall] = deque(maxlen=MOST_CALLS)
        self._urgent = asyncio.Event()

    @property
    def behind(self) -> bool:
        """Whether more calls wait than went into the last batch."""
        return bool(self._backlog)

    @property
    def records_lost(self) -> int:
        """Calls that are counted, and of which nothing else is known."""
        return self._backlog.lost

    def call(self, record: stored.Call) -> None:
        self._backlog.append(record)

    def held(self, call: stored.HeldCall) -> None:
        self._held.append(call)

    def change(self, change: stored.Change) -> None:
        """One line for the change log."""
        self._instruments.changed(change)
        self._changes.append(change)

    async def keep(self, state: stored.ParentState) -> None:
        """Store one parent's state before its answer goes out. A store that fails or is slow stops no call for long."""
        if not await self._promises.keep(state):
            self.trouble.failures += 1

    def noted(self) -> None:
        """It was just noted what a parent was answered: perhaps what a restart must not forget."""
        if self._parents.urgent or self._related.urgent:
            self._urgent.set()

    async def due(self) -> None:
        """Until the next batch is: half a second, less when there is what a restart must not forget."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._urgent.wait()
            await asyncio.sleep(_URGENT_SECONDS)
        self._urgent.clear()

    async def write(self, counters: Mapping[str, stored.Counters], guard: Guard | None) -> bool:
        """Write what is there in one transaction. Returns whether it is written; if not, it waits for the next."""
        calls = self._backlog.take(_BATCH)
        parents, related = self._parents.take_changed(), self._related.take_changed()
        changes, self._changes = self._changes, []
        rises = guard.rises() if guard is not None else []
        held = [self._held.popleft() for _ in range(len(self._held))]
        batch = stored.Flush(self.replica, self._clock(), dict(counters), calls, parents, changes, related, rises, held)
        try:
            await self._store.flush(batch)
        except StoreError as exc:
            self._backlog.give_back(calls)
            self._parents.give_back(parents)
            self._changes[:0] = changes
            self._related.give_back(related)
            self._held.extendleft(reversed(held))
            if guard is not None:
                guard.give_back(rises)
            self.trouble.failed(exc)
            return False
        self._backlog.written(calls)
        self.trouble.over()
        return True
