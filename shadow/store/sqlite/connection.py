"""Connections to one SQLite file: how they are opened, how a transaction ends, what a fault is called.

One connection writes; readers have their own, read-only, so that a page or a report never waits for a batch.
"""

import sqlite3
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import msgspec

from shadow.errors import StoreError

_BUSY_SECONDS = 1.0
"""That a write waits for a database which somebody else has locked; a pull of the brake may be waiting behind it."""

_SPARE_PAGES = 1024  # free pages that stay in the file, for the next writes
_VACUUM_PAGES = 4096  # given back to the disk in one step at most
_PRAGMAS = (
    f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000:.0f}",
    "PRAGMA journal_size_limit = 67108864",  # bytes that the write-ahead log keeps after a large batch
)


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn whatever the database, the disk or a damaged row does into a StoreError that names the file."""
    try:
        yield
    except (sqlite3.Error, OSError, msgspec.MsgspecError, zlib.error) as exc:
        raise StoreError(where, getattr(exc, "strerror", None) or str(exc)) from exc


def connect(path: Path, mode: Literal["rwc", "ro"]) -> sqlite3.Connection:
    """A connection in autocommit, usable from any one thread at a time.

    Raises:
        sqlite3.Error: the file cannot be opened.
    """
    uri = f"file:{quote(str(path))}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
    """Everything or nothing. `durable` waits for the disk; else a power cut, but no crash, may lose the last ones."""
    connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has already rolled back
            connection.execute("ROLLBACK")
        raise


@contextmanager
def patience(connection: sqlite3.Connection, seconds: float) -> Iterator[None]:
    """Wait no longer than this for a locked database."""
    connection.execute(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000:.0f}")


class Readers:
    """Read-only connections, lent one at a time and kept for the next question."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    @contextmanager
    def lend(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._closed:
                raise StoreError(str(self._path), "is closed")
            connection = self._idle.pop() if self._idle else None
        connection = connection or connect(self._path, "ro")
        try:
            yield connection
        finally:
            self._take_back(connection)

    def close(self) -> None:
        """Close what is idle; what is lent is closed when it comes back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()


def shrink(connection: sqlite3.Connection) -> None:
    """Give pages back to the disk, a step's worth. Outside a transaction."""
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    if free > _SPARE_PAGES:
        pages = min(free - _SPARE_PAGES, _VACUUM_PAGES)
        connection.executescript(f"PRAGMA incremental_vacuum({pages})")  # `execute` would free one page and stop
