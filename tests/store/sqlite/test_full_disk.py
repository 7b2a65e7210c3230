"""A disk without room: nothing is written by half, a pull finds its place, and all goes on when there is room again."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from shadow.errors import StoreError
from shadow.store.base import Counters
from tests.store.conftest import SqliteBackend
from tests.store.records import EVIDENCE, MIGRATION, NOON, batch, brake, call, comparison, mismatch


@contextmanager
def no_room_beyond(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes: a full disk to the database, while small files still fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def large(n: int):
    return call(f"large-{n}", compared=comparison(old=os.urandom(100_000)))


def test_a_batch_that_has_no_room_is_not_written_by_half(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    store.flush(batch(mismatch("c1"), counters=Counters(calls=1, mismatched=1)))
    told = batch(*(large(n) for n in range(5)), mismatch("c2"), counters=Counters(calls=7, mismatched=7))
    with no_room_beyond(200_000):
        with pytest.raises(StoreError, match=r"shadow\.db: "):
            store.flush(told)
        assert store.counters(MIGRATION) == store.totals(MIGRATION, None, None) == Counters(calls=1, mismatched=1)
        assert [line.count for line in store.groups(MIGRATION, EVIDENCE, None, None)] == [1]
        assert store.comparison(MIGRATION, "c2") is None
    store.flush(told)
    assert store.counters(MIGRATION) == store.totals(MIGRATION, None, None) == Counters(calls=7, mismatched=7)
    assert [line.count for line in store.groups(MIGRATION, EVIDENCE, None, None)] == [2]


def test_a_pull_is_stored_in_the_file_when_the_database_has_no_room(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    store.remember(MIGRATION, NOON)
    pulled = brake(1, because="x" * 3_000)
    with no_room_beyond(20_000):
        assert store.set_brake(MIGRATION, pulled)
        assert store.brakes() == {MIGRATION: pulled}
        assert sqlite_backend.rows("SELECT COUNT(*) FROM changes") == [(0,)]
        assert not store.set_brake(MIGRATION, pulled)
    store.close()
    store = sqlite_backend.open()
    assert store.brakes() == {MIGRATION: pulled}
    assert [line.kind for line in store.history(MIGRATION, None, 10)[0]] == ["rollback"]


def test_a_release_without_room_is_no_release(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    pulled, released = brake(1), brake(2, on=False, because="x" * 3_000)
    with no_room_beyond(20_000):
        store.set_brake(MIGRATION, pulled)  # the file alone has it
        with pytest.raises(StoreError):
            store.set_brake(MIGRATION, released)
        assert store.brakes() == {MIGRATION: pulled}
    assert store.set_brake(MIGRATION, released)
    store.close()
    assert sqlite_backend.open().brakes() == {MIGRATION: released}


def test_a_pull_that_nothing_takes_is_an_error_and_changes_nothing(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    store.remember(MIGRATION, NOON)
    with no_room_beyond(0), pytest.raises(StoreError):
        store.set_brake(MIGRATION, brake(1, because="x" * 10_000))
    assert not store.brakes()[MIGRATION].on
    assert store.set_brake(MIGRATION, brake(1))
