"""Order and independence are shown with a store whose writes wait until they are let go."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from shadow.errors import StoreError
from shadow.store import AsyncStore
from shadow.store.base import Brake, Counters, Flush, Retention
from shadow.store.sqlite import SqliteStore
from tests.store.conftest import SqliteBackend
from tests.store.records import MIGRATION, NOON, batch, brake, mismatch


class SlowStore(SqliteStore):
    """A SQLite store whose batches take as long as the test wants; notes in which order writes were done."""

    def __init__(self, backend: SqliteBackend) -> None:
        super().__init__(backend.path)
        self.done: list[str] = []
        self.begun = threading.Event()
        self.let_go = threading.Event()

    def flush(self, batch: Flush) -> None:
        self.begun.set()
        assert self.let_go.wait(10)
        super().flush(batch)
        self.done.append(f"flush {batch.replica}")

    def set_brake(self, migration: str, brake: Brake) -> bool:
        self.done.append("brake")
        return super().set_brake(migration, brake)

    def retain(self, now: float, retention: Retention) -> int:
        gone = super().retain(now, retention)
        self.done.append(f"retain {gone}")
        return gone


@pytest.fixture
async def slow(sqlite_backend: SqliteBackend) -> AsyncIterator[tuple[AsyncStore, SlowStore]]:
    behind = SlowStore(sqlite_backend)
    store = AsyncStore(behind)
    await store.open(NOON)
    yield store, behind
    behind.let_go.set()
    await store.close()


async def test_what_is_written_is_read(sqlite_backend: SqliteBackend) -> None:
    store = AsyncStore(SqliteStore(sqlite_backend.path))
    await store.open(NOON)
    await store.remember("other", NOON)
    await store.accept_configuration("text", "digest", NOON)
    await store.flush(batch(mismatch("c1"), counters=Counters(calls=2)))
    assert await store.set_brake(MIGRATION, brake(1))
    assert not await store.set_brake(MIGRATION, brake(1))
    assert await store.read(lambda store: store.counters(MIGRATION)) == Counters(calls=2)
    assert await store.read(lambda store: sorted(store.brakes())) == [MIGRATION, "other"]
    assert await store.read(lambda store: store.accepted_configuration()) == ("text", "digest")
    await store.close()


async def test_the_brake_goes_before_batches_and_those_before_housekeeping(slow) -> None:
    store, behind = slow
    writes = [asyncio.create_task(store.flush(batch(replica="first")))]
    assert await asyncio.to_thread(behind.begun.wait, 10)
    writes.append(asyncio.create_task(store.retain(NOON, Retention())))
    await asyncio.sleep(0)
    writes.append(asyncio.create_task(store.flush(batch(replica="second"))))
    await asyncio.sleep(0)
    writes.append(asyncio.create_task(store.keep(batch(replica="waited for"))))
    await asyncio.sleep(0)
    writes.append(asyncio.create_task(store.set_brake(MIGRATION, brake(1))))
    await asyncio.sleep(0)
    behind.let_go.set()
    await asyncio.gather(*writes)
    assert behind.done == ["flush first", "brake", "flush waited for", "flush second", "retain 0"]


async def test_questions_are_answered_while_a_batch_is_written(slow) -> None:
    store, behind = slow
    writing = asyncio.create_task(store.flush(batch(counters=Counters(calls=1))))
    assert await asyncio.to_thread(behind.begun.wait, 10)
    async with asyncio.timeout(5):
        assert await store.read(lambda store: store.counters(MIGRATION)) == Counters()
    assert not writing.done()
    behind.let_go.set()
    await writing
    assert await store.read(lambda store: store.counters(MIGRATION)) == Counters(calls=1)


async def test_a_pull_whose_caller_went_away_is_done_all_the_same(slow) -> None:
    store, behind = slow
    writing = asyncio.create_task(store.flush(batch()))
    assert await asyncio.to_thread(behind.begun.wait, 10)
    pulling = asyncio.create_task(store.set_brake(MIGRATION, brake(1)))
    await asyncio.sleep(0)
    pulling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pulling
    behind.let_go.set()
    await writing
    await store.remember("other", NOON)  # comes after it
    assert await store.read(lambda store: store.brakes()[MIGRATION]) == brake(1)


async def test_retention_goes_in_steps_until_nothing_is_too_much(slow) -> None:
    store, behind = slow
    behind.let_go.set()
    await store.flush(batch(*(mismatch(f"c{n}", number=n % 5) for n in range(700))))
    assert await store.retain(NOON, Retention(comparisons=100)) == 600
    assert behind.done[1:] == ["retain 500", "retain 100", "retain 0"]


async def test_closing_finishes_what_is_queued(sqlite_backend: SqliteBackend) -> None:
    store = AsyncStore(SqliteStore(sqlite_backend.path))
    await store.open(NOON)
    writes = [asyncio.create_task(store.flush(batch(counters=Counters(calls=n)))) for n in range(1, 20)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*writes)
    await store.close()
    assert sqlite_backend.open().counters(MIGRATION).calls == 19


async def test_a_fault_is_its_callers_and_the_next_write_goes_on(slow) -> None:
    store, behind = slow
    behind.let_go.set()
    with pytest.raises(TypeError):
        await store.flush(batch(counters=Counters(calls="many")))  # type: ignore[arg-type]
    await store.flush(batch(counters=Counters(calls=1)))
    assert behind.done == ["flush replica-1"]


async def test_a_closed_store_takes_and_tells_nothing(sqlite_backend: SqliteBackend) -> None:
    store = AsyncStore(SqliteStore(sqlite_backend.path))
    await store.open(NOON)
    await store.close()
    with pytest.raises(StoreError, match="is closed"):
        await store.flush(batch())
    with pytest.raises(StoreError, match="is closed"):
        await store.read(lambda store: store.brakes())


async def test_a_store_that_cannot_be_opened_leaves_nothing_running(sqlite_backend: SqliteBackend) -> None:
    holder = sqlite_backend.open()
    store = AsyncStore(SqliteStore(sqlite_backend.path))
    with pytest.raises(StoreError, match="another process serves from it"):
        await store.open(NOON)
    assert not [thread for thread in threading.enumerate() if thread.name == "shadow-store-writer"]
    holder.close()
