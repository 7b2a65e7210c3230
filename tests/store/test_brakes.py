import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from shadow.errors import StoreError
from shadow.store.base import Brake, Store
from shadow.store.rows import decode
from shadow.store.sqlite.brakes import merge
from tests.store.conftest import Backend, SqliteBackend
from tests.store.records import MIGRATION, NOON, batch, brake

ON_1, ON_2, ON_3 = (brake(version) for version in (1, 2, 3))
OFF_1, OFF_2, OFF_3 = (brake(version, on=False) for version in (1, 2, 3))


def test_a_migration_nobody_remembers_has_no_brake(store: Store) -> None:
    assert store.brakes() == {}


def test_a_remembered_migration_is_off_at_version_0(store: Store) -> None:
    store.remember(MIGRATION, NOON)
    found = store.brakes()[MIGRATION]
    assert (found.on, found.version, found.since) == (False, 0, NOON)


def test_remembering_again_changes_nothing(store: Store) -> None:
    store.remember(MIGRATION, NOON)
    store.set_brake(MIGRATION, ON_1)
    store.remember(MIGRATION, NOON + 60)
    assert store.brakes() == {MIGRATION: ON_1}


@pytest.mark.parametrize("remembered", [True, False], ids=["remembered", "unknown"])
def test_the_first_pull_is_version_1(store: Store, remembered: bool) -> None:
    if remembered:
        store.remember(MIGRATION, NOON)
    assert store.set_brake(MIGRATION, ON_1)
    assert store.brakes() == {MIGRATION: ON_1}


def test_an_unknown_brake_can_be_decided_to_be_off(store: Store) -> None:
    assert store.set_brake(MIGRATION, OFF_1)
    assert store.brakes() == {MIGRATION: OFF_1}


@pytest.mark.parametrize("version", [0, 1, 3], ids=["older", "same", "one too far"])
def test_only_the_next_version_is_taken(store: Store, version: int) -> None:
    store.set_brake(MIGRATION, ON_1)
    assert not store.set_brake(MIGRATION, brake(version, on=False))
    assert store.brakes() == {MIGRATION: ON_1}


def test_pull_and_release_survive_a_restart(backend: Backend) -> None:
    for step in (ON_1, OFF_2, ON_3):
        store = backend.open()
        assert store.set_brake(MIGRATION, step)
        store.close()
        store = backend.open()
        assert store.brakes() == {MIGRATION: step}
        store.close()


def test_migrations_have_brakes_of_their_own(store: Store) -> None:
    store.set_brake("a", ON_1)
    store.set_brake("b", OFF_1)
    store.set_brake("a", OFF_2)
    assert store.brakes() == {"a": OFF_2, "b": OFF_1}


def test_each_decision_leaves_a_line_in_the_history(store: Store) -> None:
    store.remember(MIGRATION, NOON)
    store.set_brake(MIGRATION, brake(1, because="bad services"))
    store.set_brake(MIGRATION, brake(3, on=False))  # refused: no line
    store.set_brake(MIGRATION, brake(2, on=False, because="mended"))
    lines, _ = store.history(MIGRATION, None, 10)
    assert [(line.kind, line.by, line.because) for line in lines] == [
        ("release", "alice", "mended"),
        ("rollback", "alice", "bad services"),
    ]
    assert lines[0].details == {"stage": "canary", "weight": 25}


@pytest.mark.parametrize(
    ("row", "filed", "expected"),
    [
        (None, None, None),
        (OFF_1, None, OFF_1),
        (ON_1, None, ON_1),
        (None, ON_1, ON_1),
        (OFF_1, ON_2, ON_2),
        (OFF_3, ON_2, ON_2),
        (ON_1, ON_2, ON_2),
        (ON_3, ON_2, ON_3),
    ],
    ids=["neither", "row off", "row on", "file on", "file later", "file earlier", "file later on", "row later on"],
)
def test_either_being_on_counts(row, filed, expected) -> None:
    rows = {} if row is None else {MIGRATION: row}
    file = {} if filed is None else {MIGRATION: filed}
    assert merge(rows, file).get(MIGRATION) == expected


def test_a_wiped_database_still_knows_what_the_file_calls_on(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    store.set_brake(MIGRATION, ON_1)
    store.set_brake("other", OFF_1)
    store.close()
    sqlite_backend.path.unlink()
    store = sqlite_backend.open()
    assert store.brakes() == {MIGRATION: ON_1}  # and `other` is unknown
    assert store.set_brake(MIGRATION, OFF_2)
    assert store.brakes() == {MIGRATION: OFF_2}


def test_a_lost_file_is_written_again_from_the_database(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    store.set_brake(MIGRATION, ON_1)
    store.close()
    file = sqlite_backend.path.with_name("shadow.db.brake")
    file.unlink()
    store = sqlite_backend.open()
    assert store.brakes() == {MIGRATION: ON_1}
    assert MIGRATION in file.read_text()


def test_a_file_that_cannot_be_read_is_not_guessed_at(sqlite_backend: SqliteBackend) -> None:
    sqlite_backend.path.with_name("shadow.db.brake").write_text('{"kfp": {"on"')
    with pytest.raises(StoreError, match=r"shadow\.db\.brake: does not tell which brakes are on"):
        sqlite_backend.open()
    sqlite_backend.path.with_name("shadow.db.brake").unlink()
    assert sqlite_backend.open().brakes() == {}


def _break_file(backend: SqliteBackend) -> None:
    """From now on neither the spare can be opened nor the file be replaced."""
    for name in ("shadow.db.brake", "shadow.db.brake.spare"):
        path = backend.path.with_name(name)
        path.unlink(missing_ok=True)
    backend.path.with_name("shadow.db.brake.spare").mkdir()


def test_a_pull_is_stored_even_if_the_file_cannot_be_written(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    _break_file(sqlite_backend)
    assert store.set_brake(MIGRATION, ON_1)
    assert store.brakes() == {MIGRATION: ON_1}
    store.close()
    assert sqlite_backend.open().brakes() == {MIGRATION: ON_1}


def test_a_release_that_the_file_did_not_take_leaves_the_brake_on(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    store.set_brake(MIGRATION, ON_1)
    _break_file(sqlite_backend)
    with pytest.raises(StoreError, match=r"shadow\.db\.brake"):
        store.set_brake(MIGRATION, OFF_2)
    assert store.brakes() == {MIGRATION: ON_1}
    assert [line.kind for line in store.history(MIGRATION, None, 10)[0]] == ["rollback"]
    sqlite_backend.path.with_name("shadow.db.brake.spare").rmdir()
    assert store.set_brake(MIGRATION, OFF_2)
    assert store.brakes() == {MIGRATION: OFF_2}


@contextmanager
def _locked(backend: SqliteBackend) -> Iterator[None]:
    """By somebody else, who may look at it with a tool."""
    with closing(sqlite3.connect(backend.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def _rows(backend: SqliteBackend) -> list[Brake]:
    return [decode(record, Brake) for (record,) in backend.rows("SELECT record FROM brakes")]


def test_a_pull_does_not_wait_for_a_locked_database_and_its_row_follows(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    store.remember(MIGRATION, NOON)
    with _locked(sqlite_backend):
        started = time.monotonic()
        assert store.set_brake(MIGRATION, ON_1)
        assert time.monotonic() - started < 1
        assert store.brakes() == {MIGRATION: ON_1}
        assert [row.on for row in _rows(sqlite_backend)] == [False]
    store.flush(batch())
    assert _rows(sqlite_backend) == [ON_1]
    assert [line.kind for line in store.history(MIGRATION, None, 10)[0]] == ["rollback"]


def test_a_row_that_a_crash_kept_from_following_is_written_at_the_next_start(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    with _locked(sqlite_backend):
        assert store.set_brake(MIGRATION, ON_1)
    store.close()
    assert sqlite_backend.open().brakes() == {MIGRATION: ON_1}
    assert _rows(sqlite_backend) == [ON_1]


def test_a_release_needs_the_locked_database_too(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    store.set_brake(MIGRATION, ON_1)
    with _locked(sqlite_backend), pytest.raises(StoreError, match="locked"):
        store.set_brake(MIGRATION, OFF_2)
    assert store.brakes() == {MIGRATION: ON_1}
    store.flush(batch())
    assert store.brakes() == {MIGRATION: ON_1}
