"""The store for those who must not wait: one thread writes, the most urgent first; others read beside it."""

import asyncio
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from enum import IntEnum
from queue import PriorityQueue
from typing import TypeVar

from shadow.errors import StoreError
from shadow.store.base import Acknowledgement, Brake, Change, Flush, Retention, Store
from shadow.store.shared import Replica, SharedStore, is_shared

T = TypeVar("T")


class Urgency(IntEnum):
    """What goes first in the writer's queue."""

    BRAKE = 0
    DECISION = 1  # what else somebody waits to see stored
    BATCH = 2
    HOUSEKEEPING = 3
    END = 4


class AsyncStore:
    """A `Store` behind awaitables. The event loop is never blocked, and a question never waits for a write.

    A write that was begun or queued is done even if its caller is cancelled: a pull of the brake outlives a client
    that hangs up.
    """

    def __init__(self, store: Store, readers: int = 4) -> None:
        self._store = store
        self._queue: PriorityQueue[tuple[Urgency, int, Callable[[], None]]] = PriorityQueue()
        self._order = itertools.count()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="shadow-store-writer", daemon=True)
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="shadow-store-reader")
        self._decider = ThreadPoolExecutor(1, thread_name_prefix="shadow-store-decider")
        self._heart = ThreadPoolExecutor(1, thread_name_prefix="shadow-store-heart")
        self.shared = store if is_shared(store) else None
        """Not None where several replicas may serve from it."""

    async def open(self, now: float) -> None:
        """Open the store behind it; if that fails nothing is left running."""
        self._thread.start()
        try:
            await self._write(Urgency.DECISION, lambda: self._store.open(now))
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Finish what is queued, then close the store."""
        if self._closed:
            return
        self._closed = True
        if self._thread.is_alive():
            self._put(Urgency.END, lambda: None)
            await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self._readers.shutdown)
        await asyncio.to_thread(self._decider.shutdown)
        await asyncio.to_thread(self._heart.shutdown)
        await asyncio.to_thread(self._store.close)

    async def read(self, question: Callable[[Store], T]) -> T:
        """Ask on a reader's thread, e.g. `await store.read(lambda store: store.counters("kfp"))`.

        An iterator has to be used up within `question`.
        """
        if self._closed:
            raise _closed()
        return await asyncio.get_running_loop().run_in_executor(self._readers, question, self._store)

    async def guard(self, migration: str, epoch: str) -> dict[int, dict[str, float]]:
        """See `Store.guard`."""
        return await self.read(lambda store: store.guard(migration, epoch))

    async def together(self, ask: Callable[[SharedStore], T]) -> T:
        """Heartbeats, and waiting for what others tell: on a thread of their own, so that no batch delays them."""
        if self._closed:
            raise _closed()
        assert self.shared is not None, "a store of one process has no others"
        return await asyncio.get_running_loop().run_in_executor(self._heart, ask, self.shared)

    async def look(self, seconds: float) -> list[Replica]:
        """Every replica that may be serving.

        Raises:
            StoreError: also when there is no answer for so long.
        """
        try:
            async with asyncio.timeout(seconds):
                return await self.read(_live)
        except TimeoutError:
            raise StoreError("shared", f"did not answer within {seconds:g} s") from None

    async def decide(self, write: Callable[[SharedStore], T]) -> T:
        """Write what replicas agree upon."""
        assert self.shared is not None, "a store of one process has no others"
        shared = self.shared
        return await self._decided(lambda: write(shared))

    async def bury(self) -> None:
        """Count out the replicas that are dead."""
        if (shared := self.shared) is not None:
            await self._write(Urgency.HOUSEKEEPING, shared.bury)

    async def remember(self, migration: str, now: float) -> None:
        await self._write(Urgency.DECISION, lambda: self._store.remember(migration, now))

    async def set_brake(self, migration: str, brake: Brake) -> bool:
        return await self._decided(lambda: self._store.set_brake(migration, brake))

    async def accept_configuration(self, text: str, digest: str, now: float) -> None:
        await self._write(Urgency.DECISION, lambda: self._store.accept_configuration(text, digest, now))

    async def acknowledge(
        self, migration: str, group: str, acknowledgement: Acknowledgement | None, line: Change
    ) -> None:
        await self._write(Urgency.DECISION, lambda: self._store.acknowledge(migration, group, acknowledgement, line))

    async def keep(self, batch: Flush) -> None:
        """A small batch that somebody waits for."""
        await self._write(Urgency.DECISION, lambda: self._store.flush(batch))

    async def flush(self, batch: Flush) -> None:
        await self._write(Urgency.BATCH, lambda: self._store.flush(batch))

    async def retain(self, now: float, retention: Retention) -> int:
        """All that is too much, in short steps between which other writes go first; returns how many went."""
        gone = 0
        while step := await self._write(Urgency.HOUSEKEEPING, lambda: self._store.retain(now, retention)):
            gone += step
        return gone

    async def _decided(self, write: Callable[[], T]) -> T:
        """Beside the batches where the store can: one of them may be waiting for another replica's."""
        if self.shared is None:
            return await self._write(Urgency.BRAKE, write)
        if self._closed:
            raise _closed()
        return await asyncio.shield(asyncio.wrap_future(self._decider.submit(write)))

    async def _write(self, urgency: Urgency, write: Callable[[], T]) -> T:
        if self._closed:
            raise _closed()
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()  # from here on a cancelled caller stops nothing

        def settle() -> None:
            try:
                future.set_result(write())
            except BaseException as exc:  # noqa: BLE001  # it belongs to the caller, who is on another thread
                future.set_exception(exc)

        self._put(urgency, settle)
        return await asyncio.wrap_future(future)

    def _put(self, urgency: Urgency, work: Callable[[], None]) -> None:
        self._queue.put((urgency, next(self._order), work))

    def _work(self) -> None:
        while True:
            urgency, _, work = self._queue.get()
            work()
            if urgency is Urgency.END:
                return


def _live(store: Store) -> list[Replica]:
    assert is_shared(store), "a store of one process has no others"
    return store.live()


def _closed() -> StoreError:
    return StoreError("queue", "is closed")
