"""The store in one SQLite file: one connection writes, under a lock; each reader has its own and waits for nobody.

Beside the file: `.lock` (one process serves), `.brake` (the brakes that are on), `-wal` and `-shm` of SQLite itself.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from shadow.errors import StoreError
from shadow.store import counters
from shadow.store.records import Brake, Flush, Retention
from shadow.store.relational import RelationalStore
from shadow.store.sql import Connection
from shadow.store.sqlite import brakes, schema
from shadow.store.sqlite.brakefile import BrakeFile
from shadow.store.sqlite.connection import Readers, connect, shrink, transaction, translated
from shadow.store.sqlite.lock import Lock


class _Writer(NamedTuple):
    """What the serving process writes with; there is none when the store is only read."""

    connection: sqlite3.Connection
    brakes: brakes.Brakes
    file: tuple[int, int]  # device and inode


class SqliteStore(RelationalStore):
    """`Store` over a file. See there for what each method promises."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        super().__init__()
        self._path = path
        self._where = str(path)
        self._read_only = read_only
        self._lock = Lock(path)
        self._brake_file = BrakeFile(path)
        self._readers: Readers | None = None
        self._writer: _Writer | None = None
        self._one_writes = threading.Lock()

    def open(self, now: float) -> None:  # noqa: ARG002  # the dead are buried in the minute they last wrote
        try:
            with translated(self._where):
                self._look_for_directory()
                if self._read_only:
                    self._open_to_read()
                else:
                    self._open_to_serve()
        except BaseException:
            self.close()
            raise

    def _look_for_directory(self) -> None:
        """SQLite would only say that it is unable to open the file."""
        if not self._path.parent.is_dir():
            remedy = "create it, or let `store` name another place"
            raise StoreError(self._where, f"the directory {self._path.parent} does not exist; {remedy}")

    def _open_to_read(self) -> None:
        if not self._path.is_file():
            raise StoreError(self._where, "there is no such file")
        self._readers = Readers(self._path)
        with self._readers.lend() as connection:
            schema.check(connection, self._where)

    def _open_to_serve(self) -> None:
        self._lock.acquire()
        connection = connect(self._path, "rwc")
        try:
            schema.migrate(connection, self._where)
            with transaction(connection):
                gone = counters.replicas(connection)  # no other replica lives
                counters.bury(connection, gone)
                counters.inherit(connection, gone)
            held = brakes.Brakes(connection, self._brake_file, self._where)
            self._writer = _Writer(connection, held, _identity(self._path))
        except BaseException:
            connection.close()
            raise
        self._readers = Readers(self._path)

    def close(self) -> None:
        """Wait for the write that is under way, then let go of the file. Twice is once."""
        if self._readers is not None:
            self._readers.close()
        with self._one_writes, translated(self._where):
            if self._writer is not None:
                self._writer.connection.close()
                self._writer = None
            self._lock.release()

    @contextmanager
    def _writer_held(self) -> Iterator[_Writer]:
        with self._one_writes, translated(self._where):
            if self._writer is None:
                raise StoreError(self._where, "is open for reading only" if self._read_only else "is not open")
            yield self._writer

    def _look_for_file(self, writer: _Writer) -> None:
        """SQLite would go on writing to a file that nobody finds again, and say that all is well."""
        with suppress(FileNotFoundError):
            if _identity(self._path) == writer.file:
                return
        raise StoreError(self._where, "the file was deleted or replaced; restart this process to go on anew")

    @contextmanager
    def _deciding(self) -> Iterator[Connection]:
        with self._writer_held() as writer:
            self._look_for_file(writer)
            with transaction(writer.connection, durable=True) as connection:
                yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._writer_held() as writer:
            self._look_for_file(writer)
            with transaction(writer.connection) as connection:
                yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        if self._readers is None:
            raise StoreError(self._where, "is not open")
        with translated(self._where), self._readers.lend() as connection:
            yield connection

    # --- what is decided ----------------------------------------------------------------------------------------
    def brakes(self) -> dict[str, Brake]:
        with self._reading() as connection:
            return brakes.read(connection, self._brake_file)

    def remember(self, migration: str, now: float) -> None:
        with self._writer_held() as writer:
            self._look_for_file(writer)
            writer.brakes.remember(migration, now)

    def set_brake(self, migration: str, brake: Brake) -> bool:
        with self._writer_held() as writer:
            if not brake.on:  # a pull has a file of its own
                self._look_for_file(writer)
            return writer.brakes.set(migration, brake)

    def flush(self, batch: Flush) -> None:
        super().flush(batch)
        with self._writer_held() as writer:
            writer.brakes.catch_up()  # what a pull could not wait for

    def retain(self, now: float, retention: Retention) -> int:
        gone = super().retain(now, retention)
        with self._writer_held() as writer:
            shrink(writer.connection)
        return gone


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino
