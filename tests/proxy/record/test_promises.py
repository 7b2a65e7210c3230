"""Promises over a store that is slow or fails: nobody waits for long, and no queue comes about."""

import asyncio
import threading
from pathlib import Path

import pytest

from shadow.errors import StoreError
from shadow.proxy.record import promises
from shadow.proxy.record.promises import Promises
from shadow.store.asynchronous import AsyncStore
from shadow.store.records import Flush
from shadow.store.sqlite import SqliteStore
from tests.store.records import MIGRATION, NOON, state


class SlowStore(SqliteStore):
    """Writes when it is let go, and fails if it is told to."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.let_go = threading.Event()
        self.failing = False
        self.writes: list[int] = []

    def flush(self, batch: Flush) -> None:
        assert self.let_go.wait(10)
        self.writes.append(len(batch.parents))
        if self.failing:
            raise StoreError("here", "no room")
        super().flush(batch)


@pytest.fixture
def slow(tmp_path: Path) -> SlowStore:
    return SlowStore(tmp_path / "shadow.db")


async def kept(slow: SlowStore, number: int, let_go_after: float) -> list[bool]:
    store = AsyncStore(slow)
    await store.open(NOON)
    promised = Promises(store, "r", lambda: NOON)
    asyncio.get_running_loop().call_later(let_go_after, slow.let_go.set)
    try:
        return await asyncio.gather(*(promised.keep(state(each)) for each in range(number)))
    finally:
        slow.let_go.set()
        await store.close()


async def test_who_waits_behind_a_write_shares_the_next_one(slow: SlowStore):
    assert await kept(slow, 50, let_go_after=0.05) == [True] * 50
    assert sum(slow.writes) == 50
    assert len(slow.writes) <= 2
    with_them = SqliteStore(slow._path, read_only=True)
    with_them.open(NOON)
    assert len(with_them.served_identities(MIGRATION)) == 50
    with_them.close()


async def test_nobody_waits_for_a_store_that_takes_too_long(
    slow: SlowStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(promises, "KEEP_SECONDS", 0.05)
    assert await kept(slow, 3, let_go_after=5) == [False] * 3
    assert "it took more than 0.05 s" in caplog.text


async def test_a_store_that_fails_is_told(slow: SlowStore, caplog: pytest.LogCaptureFixture):
    slow.failing = True
    assert await kept(slow, 2, let_go_after=0) == [False] * 2
    assert "no room" in caplog.text
