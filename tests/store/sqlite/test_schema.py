import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from shadow.errors import StoreError
from shadow.store.sqlite.connection import connect
from shadow.store.sqlite.schema import check, migrate

FIRST = "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);"
SECOND = "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 7;"
BROKEN = "CREATE TABLE b (x INTEGER); INSERT INTO nowhere VALUES (1);"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path / "shadow.db", "rwc")
    yield connection
    connection.close()


def version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_a_new_file_gets_every_step(connection) -> None:
    migrate(connection, "shadow.db", (FIRST, SECOND))
    assert connection.execute("SELECT x, y FROM a").fetchall() == [(1, 7)]
    assert version(connection) == 2


def test_an_older_file_gets_the_steps_it_lacks_and_keeps_its_rows(connection) -> None:
    migrate(connection, "shadow.db", (FIRST,))
    connection.execute("INSERT INTO a VALUES (2)")
    migrate(connection, "shadow.db", (FIRST, SECOND))
    assert connection.execute("SELECT x, y FROM a").fetchall() == [(1, 7), (2, 7)]


def test_a_file_of_this_version_is_left_alone(connection) -> None:
    migrate(connection, "shadow.db", (FIRST,))
    migrate(connection, "shadow.db", (FIRST,))
    assert connection.execute("SELECT x FROM a").fetchall() == [(1,)]


def test_a_newer_file_is_refused(connection) -> None:
    migrate(connection, "shadow.db", (FIRST, SECOND))
    with pytest.raises(StoreError, match=r"written by a newer version \(schema 2, this one knows 1\)"):
        migrate(connection, "shadow.db", (FIRST,))


def test_a_step_that_fails_is_taken_back_whole(connection) -> None:
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(connection, "shadow.db", (FIRST, BROKEN))
    assert version(connection) == 1
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("a",)]


def test_another_programs_database_is_refused_and_left_as_it_is(connection) -> None:
    connection.execute("CREATE TABLE theirs (x INTEGER)")
    with pytest.raises(StoreError, match="another program"):
        migrate(connection, "shadow.db")
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_reader_wants_exactly_its_version(connection) -> None:
    migrate(connection, "shadow.db", (FIRST,))
    check(connection, "shadow.db", newest=1)
    with pytest.raises(StoreError, match="version 1, older than 2; serve from it once"):
        check(connection, "shadow.db", newest=2)
    with pytest.raises(StoreError, match="newer version"):
        check(connection, "shadow.db", newest=0)


def test_the_file_can_shrink_and_readers_do_not_block(connection) -> None:
    migrate(connection, "shadow.db")
    assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
