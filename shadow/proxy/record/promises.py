"""What `new` lists for the first time, stored before the answer that lists it goes out.

However many calls wait, one write is under way and one is gathered behind it: a store that fails slowly must not make
a queue of promises for whoever pulls the brake. A store that fails or is slow stops no call for long.
"""

import asyncio
import logging
from collections.abc import Callable

from shadow.errors import StoreError
from shadow.store.asynchronous import AsyncStore
from shadow.store.base import Flush
from shadow.store.records import ParentState

KEEP_SECONDS = 1.0
"""How long an answer of `new` waits for it."""

_log = logging.getLogger(__name__)


class _Write:
    """The states of one write, and what became of it: None is well."""

    def __init__(self) -> None:
        self.states: list[ParentState] = []
        self.written: asyncio.Future[StoreError | None] = asyncio.get_running_loop().create_future()


class Promises:
    """Stores parents' states for those who wait."""

    def __init__(self, store: AsyncStore, replica: str, clock: Callable[[], float]) -> None:
        self._store = store
        self._replica = replica
        self._clock = clock
        self._gathered: _Write | None = None
        self._writing: asyncio.Task[None] | None = None

    async def keep(self, state: ParentState) -> bool:
        """Whether it is stored; said after a second at the latest. If not, the next batch has it as well."""
        gathered = self._gathered = self._gathered or _Write()
        gathered.states.append(state)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await asyncio.wait((gathered.written,), timeout=KEEP_SECONDS)
        if not gathered.written.done():
            why: object = f"it took more than {KEEP_SECONDS:g} s"
        elif (exc := gathered.written.result()) is not None:
            why = exc
        else:
            return True
        _log.error("what `new` lists for %s is not stored before it is served: %s", state.parent, why)
        return False

    async def _write(self) -> None:
        try:
            while (write := self._gathered) is not None:
                self._gathered = None
                write.written.set_result(await self._written(write.states))
        finally:
            self._writing = None

    async def _written(self, states: list[ParentState]) -> StoreError | None:
        try:
            await self._store.keep(Flush(self._replica, self._clock(), {}, parents=states))
        except StoreError as exc:
            return exc
        return None
