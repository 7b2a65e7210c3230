import socket
import threading
import traceback

import psycopg
import pytest

from shadow.errors import StoreError, UnreachableError
from shadow.store import open_store
from shadow.store.postgres.connection import Connections, numbered
from tests.postgres import PostgresServer
from tests.store.conftest import PostgresBackend
from tests.store.records import MIGRATION, NOON, brake


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1", b"SELECT 1"),
        ("a = ? AND b = ?", b"a = $1 AND b = $2"),
        ("a = ?2 OR b = ?1 OR c = ?2", b"a = $2 OR b = $1 OR c = $2"),
    ],
)
def test_places_are_numbered(sql, expected) -> None:
    assert numbered(sql) == expected


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://shadow:fake-password@127.0.0.1:1/db",
        "postgresql://shadow@127.0.0.1:1/db?password=fake-password",
        "postgresql://shadow:fake%2password@127.0.0.1:1/db",
    ],
    ids=["in-the-login", "in-the-query", "in-what-cannot-be-read"],
)
def test_no_fault_repeats_the_password(url) -> None:
    with pytest.raises(StoreError, match="store postgresql://") as raised, Connections(url).lend():
        pass
    assert "fake" not in "".join(traceback.format_exception(raised.value))


def test_a_database_that_there_is_not_is_told_at_the_start(postgres: PostgresServer) -> None:
    for url in (postgres.url().replace("/postgres?", "/nowhere?"), postgres.url().replace("shadow@", "nobody@")):
        store = open_store(url)
        with pytest.raises(StoreError, match="does not exist"):
            store.open(NOON)
        store.close()


def test_a_database_that_does_not_answer_yet_is_waited_for() -> None:
    store = open_store("postgresql://shadow@127.0.0.1:1/db")
    store.open(NOON)
    with pytest.raises(UnreachableError, match="Connection refused"):
        store.brakes()
    store.close()


def test_a_database_that_is_gone_is_asked_again_after_pauses_that_grow() -> None:
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                asked.append(connection)
                connection.close()

        threading.Thread(target=refuse, daemon=True).start()
        connections = Connections(f"postgresql://shadow@127.0.0.1:{listener.getsockname()[1]}/db?sslmode=disable")
        for _ in range(200):
            with pytest.raises(UnreachableError), connections.lend():
                pass
        listener.shutdown(socket.SHUT_RDWR)
    assert 1 <= len(asked) < 20


def test_a_connection_that_the_server_ended_is_not_lent_again(
    postgres: PostgresServer, postgres_backend: PostgresBackend
) -> None:
    store = postgres_backend.open()
    assert store.set_brake(MIGRATION, brake(1))
    ending = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'shadow'"
    postgres.rows(ending)
    assert store.brakes() == {MIGRATION: brake(1)}


def test_who_only_reads_changes_nothing(postgres_backend: PostgresBackend) -> None:
    reading = open_store(postgres_backend.url, read_only=True)
    with pytest.raises(StoreError, match="no shadow has served from this database yet"):
        reading.open(NOON)
    store = postgres_backend.open()
    store.set_brake(MIGRATION, brake(1))
    reading.open(NOON)
    assert reading.brakes() == {MIGRATION: brake(1)}
    with pytest.raises(StoreError, match="open for reading only"):
        reading.set_brake(MIGRATION, brake(2))
    reading.close()


def test_a_decision_waits_for_no_batch(postgres_backend: PostgresBackend) -> None:
    store = postgres_backend.open()
    with psycopg.connect(postgres_backend.url) as frozen:
        frozen.execute("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.shadow.batch', 0))")
        assert store.set_brake(MIGRATION, brake(1))
