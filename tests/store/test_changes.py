import sqlite3

import pytest

from shadow.store.base import Change, Store
from tests.store.conftest import SqliteBackend
from tests.store.records import MIGRATION, NOON, batch


def change(number: int, migration: str | None = MIGRATION) -> Change:
    return Change(NOON + number, migration, "configuration", "alice", f"because {number}", {"weight": number})


def test_lines_come_back_newest_first(store: Store) -> None:
    store.flush(batch(changes=[change(1), change(2)]))
    store.flush(batch(changes=[change(3)]))
    assert store.history(MIGRATION, None, 10) == ([change(3), change(2), change(1)], None)


def test_what_was_written_late_stands_where_it_happened(store: Store) -> None:
    store.flush(batch(changes=[change(2), change(4)]))
    late = Change(NOON + 3, MIGRATION, "rollback", "ann", "the database was away \U0001f600 \udc80", {"at": 0})
    store.flush(batch(changes=[late, change(1)]))
    first, cursor = store.history(MIGRATION, None, 1)
    second, cursor = store.history(MIGRATION, cursor, 1)
    assert first + second + store.history(MIGRATION, cursor, 9)[0] == [change(4), late, change(2), change(1)]


def test_a_migration_has_its_own_lines_and_those_of_all(store: Store) -> None:
    store.flush(batch(changes=[change(1), change(2, None), change(3, "other")]))
    assert store.history(MIGRATION, None, 10)[0] == [change(2, None), change(1)]
    assert store.history(None, None, 10)[0] == [change(3, "other"), change(2, None), change(1)]


def test_pages_go_on_where_the_last_one_ended_while_lines_are_added(store: Store) -> None:
    store.flush(batch(changes=[change(number) for number in range(5)]))
    first, cursor = store.history(MIGRATION, None, 2)
    store.flush(batch(changes=[change(9)]))
    second, cursor = store.history(MIGRATION, cursor, 2)
    third, cursor = store.history(MIGRATION, cursor, 2)
    assert first + second + third == [change(number) for number in (4, 3, 2, 1, 0)]
    assert cursor is None


@pytest.mark.parametrize("statement", ["DELETE FROM changes", "UPDATE changes SET migration = ''"])
def test_not_even_by_hand_are_lines_changed(sqlite_backend: SqliteBackend, statement: str) -> None:
    store = sqlite_backend.open()
    store.flush(batch(changes=[change(1)]))
    store.close()
    connection = sqlite3.connect(sqlite_backend.path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()
