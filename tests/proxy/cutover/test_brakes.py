import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shadow.errors import StoreError
from shadow.proxy.cutover.brakes import Brakes
from shadow.store.asynchronous import AsyncStore
from shadow.store.base import Brake
from shadow.store.sqlite import SqliteStore


class Failing(SqliteStore):
    """A store whose brake can be neither read nor written while `broken`."""

    broken = False

    def set_brake(self, migration: str, brake: Brake) -> bool:
        self._work()
        return super().set_brake(migration, brake)

    def brakes(self) -> dict[str, Brake]:
        self._work()
        return super().brakes()

    def _work(self) -> None:
        if self.broken:
            raise StoreError("here", "disk full")


@pytest.fixture
def database(tmp_path: Path) -> Failing:
    return Failing(tmp_path / "shadow.db")


@pytest.fixture
async def store(database: Failing) -> AsyncIterator[AsyncStore]:
    store = AsyncStore(database)
    await store.open(0)
    await store.remember("m", 0)
    yield store
    await store.close()


async def known(store: AsyncStore) -> dict[str, Brake]:
    return await store.read(lambda s: s.brakes())


async def brakes_of(store: AsyncStore) -> Brakes:
    return Brakes(store, await known(store), lambda: 12.0)


async def test_a_pull_is_on_at_once_and_stored_when_it_returns(store: AsyncStore):
    brakes = await brakes_of(store)
    assert await brakes.pull("m", "ann", "it deletes", {"stage": "live"})
    assert brakes.is_on("m")
    stored = (await known(store))["m"]
    assert (stored.on, stored.by, stored.because, stored.since) == (True, "ann", "it deletes", 12.0)


async def test_the_first_reason_stays_when_it_is_pulled_again(store: AsyncStore):
    brakes = await brakes_of(store)
    await brakes.pull("m", "ann", "first", {})
    assert await brakes.pull("m", "bob", "second", {})
    assert (await known(store))["m"].because == "first"


async def test_a_release_is_off_only_once_it_is_stored(store: AsyncStore, database: Failing):
    brakes = await brakes_of(store)
    await brakes.pull("m", "ann", "why", {})
    database.broken = True
    assert not await brakes.release("m", "ann", "fixed")
    assert brakes.is_on("m")
    database.broken = False
    assert await brakes.release("m", "ann", "fixed")
    assert not brakes.is_on("m")
    assert not (await known(store))["m"].on


async def test_a_pull_that_cannot_be_stored_applies_and_is_retried_until_it_is(store: AsyncStore, database: Failing):
    brakes = await brakes_of(store)
    database.broken = True
    assert not await brakes.pull("m", "ann", "why", {})
    assert brakes.is_on("m")
    assert brakes.unstored == {"m"}
    database.broken = False
    retry = asyncio.create_task(brakes.retry_forever())
    for _ in range(100):
        if not brakes.unstored:
            break
        await asyncio.sleep(0.05)
    retry.cancel()
    assert (await known(store))["m"].on


async def test_a_pull_overtakes_somebody_who_was_faster(store: AsyncStore):
    mine, theirs = await brakes_of(store), await brakes_of(store)
    await theirs.pull("m", "bob", "theirs", {})
    await theirs.release("m", "bob", "never mind")
    assert await mine.pull("m", "ann", "mine", {})
    assert (await known(store))["m"].on


async def test_nothing_is_released_that_the_store_does_not_say(store: AsyncStore, database: Failing):
    """What is known here to be off may have been pulled elsewhere."""
    brakes = await brakes_of(store)
    assert await brakes.release("m", "ann", "nothing to release")
    database.broken = True
    assert not await brakes.release("m", "ann", "nothing to release")


async def test_a_pull_that_nobody_here_knew_of_is_not_let_go_with_another_one(store: AsyncStore):
    mine, theirs = await brakes_of(store), await brakes_of(store)
    await theirs.pull("m", "bob", "it deletes", {})
    assert not await mine.release("m", "ann", "mine was over")
    assert mine.is_on("m")
    assert await mine.release("m", "ann", "seen")
    assert not mine.is_on("m")


@pytest.mark.parametrize(
    ("by", "because", "lines"),
    [("ann", "database down", 2), ("bob", "it deletes", 1), ("guard", "1 delete", 1)],
    ids=["another person's", "the same configuration's", "a guard's"],
)
async def test_whose_pull_was_stored_later_is_in_the_log_too(store: AsyncStore, by: str, because: str, lines: int):
    mine, theirs = await brakes_of(store), await brakes_of(store)
    await theirs.pull("m", "bob", "it deletes", {})
    assert await mine.pull("m", by, because, {})
    logged, _ = await store.read(lambda s: s.history("m", None, 9))
    assert [(line.by, line.because) for line in logged] == [(by, because), ("bob", "it deletes")][-lines:]
    assert mine.is_on("m")


async def test_a_migration_the_store_does_not_know_is_unknown_until_a_person_decides(store: AsyncStore):
    brakes = await brakes_of(store)
    assert brakes.get("other") is None
    assert await brakes.release("other", "ann", "it was never on")
    brake = brakes.get("other")
    assert brake is not None
    assert not brake.on


@pytest.mark.parametrize(
    ("first", "then", "by", "versions"),
    [
        ("guard", "alice", "alice", 2),
        ("guard", "configuration", "configuration", 2),
        ("guard", "guard", "guard", 1),
        ("alice", "guard", "alice", 1),
        ("alice", "bob", "alice", 1),
    ],
)
async def test_only_what_a_guard_pulled_can_be_confirmed(
    store: AsyncStore, first: str, then: str, by: str, versions: int
):
    brakes = await brakes_of(store)
    assert await brakes.pull("m", first, "it deletes", {})
    assert brakes.is_guards("m") is (first == "guard")
    assert await brakes.pull("m", then, "so it is", {})
    kept = (await known(store))["m"]
    assert (kept.on, kept.by, kept.version) == (True, by, versions)
    assert brakes.is_guards("m") is (by == "guard")
