import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from shadow.errors import StoreError
from shadow.store.sqlite.connection import Readers, connect, transaction, translated


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path / "a.db", "rwc")
    connection.execute("CREATE TABLE a (x INTEGER)")
    yield connection
    connection.close()


def count(connection: sqlite3.Connection) -> int:
    return len(connection.execute("SELECT x FROM a").fetchall())


@pytest.mark.parametrize("durable", [True, False])
def test_a_transaction_writes_everything(connection, durable: bool) -> None:
    with transaction(connection, durable=durable):
        connection.execute("INSERT INTO a VALUES (1), (2)")
    assert count(connection) == 2


def test_only_a_durable_transaction_waits_for_the_disk(connection) -> None:
    modes = []
    for durable in (True, False):
        with transaction(connection, durable=durable):
            modes += connection.execute("PRAGMA synchronous").fetchone()
    assert modes == [2, 1]


def test_a_transaction_that_raises_writes_nothing(connection) -> None:
    def interrupted() -> None:
        with transaction(connection):
            connection.execute("INSERT INTO a VALUES (1)")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert count(connection) == 0
    with transaction(connection):
        connection.execute("INSERT INTO a VALUES (1)")
    assert count(connection) == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (sqlite3.OperationalError("database or disk is full"), "database or disk is full"),
        (PermissionError(13, "Permission denied", "/a"), "Permission denied"),
        (msgspec.ValidationError("Expected int"), "Expected int"),
    ],
    ids=["database", "disk", "row"],
)
def test_a_fault_is_told_with_the_file_and_the_reason(fault, reason: str) -> None:
    with pytest.raises(StoreError, match=f"store /a: {reason}") as raised, translated("/a"):
        raise fault
    assert raised.value.__cause__ is fault


def test_a_reader_cannot_write(connection, tmp_path: Path) -> None:
    readers = Readers(tmp_path / "a.db")
    with readers.lend() as reading, pytest.raises(sqlite3.OperationalError, match="readonly"):
        reading.execute("INSERT INTO a VALUES (1)")
    readers.close()


def test_connections_are_lent_again_and_to_one_at_a_time(connection, tmp_path: Path) -> None:
    readers = Readers(tmp_path / "a.db")
    with readers.lend() as first, readers.lend() as second:
        assert first is not second
    with readers.lend() as again:
        assert again in (first, second)
    readers.close()


def test_what_is_lent_at_the_close_is_closed_when_it_comes_back(connection, tmp_path: Path) -> None:
    readers = Readers(tmp_path / "a.db")
    with readers.lend() as lent:
        readers.close()
        assert count(lent) == 0
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        lent.execute("SELECT 1")
