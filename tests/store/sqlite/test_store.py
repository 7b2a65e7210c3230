"""What only a store in a file can suffer: files that cannot be used, a second process, a kill, many threads."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from shadow.errors import StoreError
from shadow.store import open_store
from shadow.store.base import Counters, Retention
from tests.store.conftest import SqliteBackend
from tests.store.records import EVIDENCE, MIGRATION, NOON, batch, brake, mismatch, state


# --- a file that cannot be used -----------------------------------------------------------------------------------
def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nowhere/shadow\.db: the directory .*nowhere does not exist"):
        SqliteBackend(tmp_path / "nowhere" / "shadow.db").open()


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "shadow.db").mkdir()
    with pytest.raises(StoreError, match=r"shadow\.db: unable to open database file"):
        SqliteBackend(tmp_path / "shadow.db").open()


@contextmanager
def as_somebody(directory: Path) -> Iterator[None]:
    """As a user who may not write into the directory; root has to become one for that."""
    directory.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)
        directory.chmod(0o755)


def test_a_directory_without_permission_is_named(tmp_path: Path) -> None:
    with as_somebody(tmp_path), pytest.raises(StoreError, match=r"shadow\.db.*Permission denied"):
        SqliteBackend(tmp_path / "shadow.db").open()


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(sqlite_backend: SqliteBackend) -> None:
    sqlite_backend.path.write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreError, match="file is not a database"):
        sqlite_backend.open()
    assert sqlite_backend.path.read_bytes() == b"not a database" * 1000


def test_a_damaged_file_is_a_store_error_for_reader_and_writer(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    store.flush(batch(*(mismatch(f"c{n}", number=n) for n in range(500))))
    store.close()
    with sqlite_backend.path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(sqlite_backend.path.stat().st_size - 4096))
    with pytest.raises(StoreError, match="malformed"):
        sqlite_backend.open()


def test_a_damaged_row_is_a_store_error(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    store.flush(batch(mismatch("c1"), parents=[state()]))
    store.close()
    with sqlite3.connect(sqlite_backend.path) as connection:
        connection.execute("UPDATE comparisons SET record = x'00'")
        connection.execute("UPDATE parents SET record = '{}'")
    connection.close()
    store = sqlite_backend.open()
    with pytest.raises(StoreError, match="decompressing"):
        store.comparison(MIGRATION, "c1")
    with pytest.raises(StoreError, match="migration"):
        store.parents(MIGRATION, None, 10)


def test_a_store_that_failed_to_open_holds_nothing(sqlite_backend: SqliteBackend) -> None:
    sqlite_backend.path.write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreError):
        sqlite_backend.open()
    sqlite_backend.path.unlink()
    assert sqlite_backend.open().brakes() == {}


def test_a_closed_store_says_so(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    store.close()
    store.close()
    with pytest.raises(StoreError, match="is not open"):
        store.flush(batch())
    with pytest.raises(StoreError, match="is closed"):
        store.brakes()
    with pytest.raises(StoreError, match="is not open"):
        open_store(sqlite_backend.url).brakes()


def test_the_accepted_configuration_is_the_last_one(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    assert store.accepted_configuration() is None
    store.accept_configuration("first: 1\n", "digest-1", NOON)
    store.accept_configuration("second: 2\n", "digest-2", NOON)
    store.close()
    assert sqlite_backend.open().accepted_configuration() == ("second: 2\n", "digest-2")


# --- several processes --------------------------------------------------------------------------------------------
def test_a_second_process_that_wants_to_serve_is_refused(sqlite_backend: SqliteBackend) -> None:
    first = sqlite_backend.open()
    with pytest.raises(StoreError, match="another process serves from it"):
        sqlite_backend.open()
    first.flush(batch(counters=Counters(calls=1, matched=1)))
    first.close()
    assert sqlite_backend.open().counters(MIGRATION).calls == 1


def test_a_report_reads_beside_the_process_that_serves(sqlite_backend: SqliteBackend) -> None:
    serving = sqlite_backend.open()
    serving.set_brake(MIGRATION, brake(1))
    reading = open_store(sqlite_backend.url, read_only=True)
    reading.open(NOON)
    serving.flush(batch(mismatch("c1"), counters=Counters(calls=3, mismatched=1)))
    assert reading.counters(MIGRATION).calls == 3
    assert reading.brakes() == {MIGRATION: brake(1)}
    with pytest.raises(StoreError, match="open for reading only"):
        reading.flush(batch())
    reading.close()


def test_a_half_read_report_holds_up_no_batch(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    store.flush(batch(*(mismatch(f"c{n}", number=n) for n in range(3))))
    lines = store.groups(MIGRATION, EVIDENCE, None, None)
    next(lines)
    store.flush(batch(mismatch("later", number=9)))
    assert len(list(lines)) == 2  # as things were when it began
    assert len(list(store.groups(MIGRATION, EVIDENCE, None, None))) == 4


def test_reading_makes_no_file(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/shadow.db", read_only=True)
    with pytest.raises(StoreError, match="there is no such file"):
        store.open(NOON)
    assert list(tmp_path.iterdir()) == []


# --- kill -9 ------------------------------------------------------------------------------------------------------
WRITES_UNTIL_KILLED = """
import sys
from shadow.store import open_store
from shadow.store.base import Counters
from tests.store.records import MIGRATION, NOON, batch, brake, mismatch
store = open_store(sys.argv[1])
store.open(NOON)
store.set_brake(MIGRATION, brake(1))
for n in range(1, 1_000_000):
    told = Counters(calls=3 * n, mismatched=n, matched=n)
    store.flush(batch(mismatch(f"c{n}", NOON + n, number=n), at=NOON + n, counters=told))
    print(n, flush=True)
"""


def run_until_killed(program: str, url: str, lines: int) -> int:
    """Let it write that many lines, kill it, and return the last number that it told before it died."""
    command = [sys.executable, "-c", program, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        told += process.stdout.readlines()
    return int(told[-1])


@pytest.mark.parametrize("batches", [1, 20, 60])
def test_a_kill_loses_no_brake_and_no_sum(sqlite_backend: SqliteBackend, batches: int) -> None:
    told = run_until_killed(WRITES_UNTIL_KILLED, sqlite_backend.url, batches)
    reading = open_store(sqlite_backend.url, read_only=True)
    reading.open(NOON)
    assert reading.brakes()[MIGRATION].on
    reading.close()
    store = sqlite_backend.open(now=NOON + 86_400)
    assert store.brakes()[MIGRATION].on
    counters = store.counters(MIGRATION)
    written = counters.mismatched
    assert written in (told, told + 1)
    assert counters == Counters(3 * written, written, 0, written, dropped=written, dropped_by={"crash": written})
    assert store.totals(MIGRATION, None, None) == counters
    assert sum(line.count for line in store.groups(MIGRATION, EVIDENCE, None, None)) == written
    assert len(store.comparisons(MIGRATION, None, None, 10_000)[0]) == written


TOGGLES_UNTIL_KILLED = """
import sys
from shadow.store import open_store
from tests.store.records import MIGRATION, NOON, brake
store = open_store(sys.argv[1])
store.open(NOON)
for version in range(1, 1_000_000):
    store.set_brake(MIGRATION, brake(version, on=version % 2 == 1))
    print(version, flush=True)
"""


@pytest.mark.parametrize("lines", [1, 2, 7, 20])
def test_a_kill_amid_a_decision_leaves_the_last_one_told_or_the_next(sqlite_backend: SqliteBackend, lines: int) -> None:
    told = run_until_killed(TOGGLES_UNTIL_KILLED, sqlite_backend.url, lines)
    found = sqlite_backend.open().brakes()[MIGRATION]
    assert found.version in (told, told + 1)
    assert found.on is (found.version % 2 == 1)


# --- several threads ----------------------------------------------------------------------------------------------
def test_any_thread_may_write_and_ask(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()

    def write(replica: int) -> None:
        for n in range(1, 21):
            told = Counters(calls=n, mismatched=n)
            store.flush(batch(mismatch(f"{replica}-{n}"), replica=f"replica-{replica}", counters=told))

    def ask(_: int) -> bool:
        seen = [store.counters(MIGRATION) for _ in range(50)]
        return all(one.calls == one.mismatched for one in seen)

    with ThreadPoolExecutor(8) as threads:
        writing, asking = threads.map(write, range(4)), threads.map(ask, range(4))
        assert list(writing) == [None] * 4
        assert all(asking)
    assert store.counters(MIGRATION) == store.totals(MIGRATION, None, None) == Counters(calls=80, mismatched=80)
    assert [line.count for line in store.groups(MIGRATION, EVIDENCE, None, None)] == [80]


def test_retention_lets_other_writes_in_between(sqlite_backend: SqliteBackend) -> None:
    store = sqlite_backend.open()
    store.flush(batch(*(mismatch(f"c{n}", number=n % 10) for n in range(2_000))))
    assert store.retain(NOON, Retention(comparisons=0)) == 500
    assert store.set_brake(MIGRATION, brake(1))
    assert store.retain(NOON, Retention(comparisons=0)) == 500


@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced"])
def test_a_file_that_is_gone_takes_a_pull_and_nothing_else(sqlite_backend: SqliteBackend, replaced: bool) -> None:
    store = sqlite_backend.open()
    store.remember(MIGRATION, NOON)
    sqlite_backend.path.unlink()
    if replaced:
        sqlite_backend.path.touch()
    for write in (
        lambda: store.flush(batch()),
        lambda: store.accept_configuration("text", "digest", NOON),
        lambda: store.remember("other", NOON),
    ):
        with pytest.raises(StoreError, match="deleted or replaced"):
            write()
    assert store.set_brake(MIGRATION, brake(1))
    with pytest.raises(StoreError, match="deleted or replaced"):
        store.set_brake(MIGRATION, brake(2, on=False))
    store.close()
    assert sqlite_backend.open().brakes()[MIGRATION].on
