"""The brake of each migration: in the database and in a file beside it, and either saying *on* counts.

A pull is stored when one of the two took it, a release only when both did. Whoever pulls does not wait for a database
that is locked: the file is enough, and the row follows with one of the next writes. A migration that the database does
not remember and the file does not call on is missing here: its brake is unknown, and nobody guesses.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import suppress

from shadow.errors import StoreError
from shadow.store import changes
from shadow.store.base import Brake
from shadow.store.rows import decode, encode
from shadow.store.sql import Connection
from shadow.store.sqlite.brakefile import BrakeFile
from shadow.store.sqlite.connection import patience, transaction, translated

_SHORT_SECONDS = 0.25  # that a pull waits for a locked database when the file has it already


def merge(rows: Mapping[str, Brake], filed: Mapping[str, Brake]) -> dict[str, Brake]:
    """What holds, given what the database and what the file says; of two that are on the later one."""
    merged = dict(rows)
    for migration, brake in filed.items():
        row = merged.get(migration)
        if row is None or not row.on or row.version < brake.version:
            merged[migration] = brake
    return merged


def read(connection: Connection, file: BrakeFile) -> dict[str, Brake]:
    return merge(_rows(connection), file.read())


class Brakes:
    """The brakes of the one process that serves; not safe for threads, its owner takes care of that.

    What holds is kept in memory, since a database that fails must not keep anybody from pulling.
    """

    def __init__(self, connection: sqlite3.Connection, file: BrakeFile, where: str) -> None:
        self._connection = connection
        self._file = file
        self._where = where
        self._behind: set[str] = set()  # whose row does not say yet what the file says
        rows, filed = _rows(connection), file.read()
        self._known = merge(rows, filed)
        self._agree(rows, filed)

    def _agree(self, rows: Mapping[str, Brake], filed: Mapping[str, Brake]) -> None:
        """What only one of the two took, the other one learns now."""
        for migration, brake in self._known.items():
            if rows.get(migration) != brake:
                self._store_row(migration, brake)
        with suppress(StoreError):  # the database has them
            if filed != self._on():
                self._file.write(self._on())
        self._file.set_aside()

    def remember(self, migration: str, now: float) -> None:
        if migration not in self._known:
            brake = Brake(on=False, version=0, since=now, by="", because="")
            self._store_row(migration, brake, logged=False)
            self._known[migration] = brake

    def set(self, migration: str, brake: Brake) -> bool:
        """False, and nothing written, unless `brake` is the version after the one that holds."""
        known = self._known.get(migration)
        if brake.version != (known.version if known else 0) + 1:
            return False
        if brake.on:
            self._pull(migration, brake)
        else:
            self._release(migration, brake)
        self._known[migration] = brake
        return True

    def _pull(self, migration: str, brake: Brake) -> None:
        try:
            self._file.write(self._on() | {migration: brake})
        except StoreError:
            self._store_row(migration, brake)  # the only place left: its failure is the caller's
        else:
            self._behind.add(migration)
            self._follow(migration, brake)

    def catch_up(self) -> None:
        """Store the rows of those that only the file has; what still fails is tried again next time."""
        for migration in tuple(self._behind):
            self._follow(migration, self._known[migration])

    def _follow(self, migration: str, brake: Brake) -> None:
        with suppress(StoreError), patience(self._connection, _SHORT_SECONDS):
            self._store_row(migration, brake)
            self._behind.discard(migration)

    def _release(self, migration: str, brake: Brake) -> None:
        still_on = {name: other for name, other in self._on().items() if name != migration}
        try:
            with translated(self._where), transaction(self._connection, durable=True):
                self._put_row(migration, brake, logged=True)
                self._file.write(still_on)  # its failure takes the row back
        except StoreError:
            with suppress(StoreError):
                self._file.write(self._on())  # nor may the file call it released when the row could not be stored
            raise
        self._behind.discard(migration)

    def _on(self) -> dict[str, Brake]:
        return {migration: brake for migration, brake in self._known.items() if brake.on}

    def _store_row(self, migration: str, brake: Brake, *, logged: bool = True) -> None:
        with translated(self._where), transaction(self._connection, durable=True):
            self._put_row(migration, brake, logged=logged)

    def _put_row(self, migration: str, brake: Brake, *, logged: bool) -> None:
        self._connection.execute(
            "INSERT INTO brakes (migration, record) VALUES (?, ?)"
            " ON CONFLICT (migration) DO UPDATE SET record = excluded.record",
            (migration, encode(brake)),
        )
        if logged:
            changes.append(self._connection, [changes.of_brake(migration, brake)])


def _rows(connection: Connection) -> dict[str, Brake]:
    rows = connection.execute("SELECT migration, record FROM brakes")
    return {migration: decode(record, Brake) for migration, record in rows}
