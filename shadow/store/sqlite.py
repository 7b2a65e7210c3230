"""The store in one SQLite file: one connection writes, under a lock; each reader has its own and waits for nobody.

Beside the file: `.lock` (one process serves), `.brake` (the brakes that are on), `-wal` and `-shm` of SQLite itself.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from shadow.errors import StoreError
from shadow.store import (
    acknowledgements,
    brakes,
    changes,
    comparisons,
    counters,
    findings,
    guards,
    parents,
    related,
    schema,
    series,
)
from shadow.store.base import (
    Acknowledgement,
    AdviceCount,
    Brake,
    Call,
    Change,
    Counters,
    Coverage,
    FailureCount,
    Flush,
    Group,
    HeldCount,
    NoiseCount,
    ParentState,
    RelatedState,
    Retention,
    Slot,
)
from shadow.store.brakefile import BrakeFile
from shadow.store.connection import Readers, connect, transaction, translated
from shadow.store.lock import Lock
from shadow.terms import Outcome


class _Writer(NamedTuple):
    """What the serving process writes with; there is none when the store is only read."""

    connection: sqlite3.Connection
    brakes: brakes.Brakes


class SqliteStore:
    """`Store` over a file. See there for what each method promises."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        self._where = str(path)
        self._read_only = read_only
        self._lock = Lock(path)
        self._brake_file = BrakeFile(path)
        self._readers: Readers | None = None
        self._writer: _Writer | None = None
        self._writing = threading.Lock()
        self._rolled_up = 0  # the last series whose old minutes were merged in this round

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
                counters.bury(connection)
            self._writer = _Writer(connection, brakes.Brakes(connection, self._brake_file, self._where))
        except BaseException:
            connection.close()
            raise
        self._readers = Readers(self._path)

    def close(self) -> None:
        """Wait for the write that is under way, then let go of the file. Twice is once."""
        if self._readers is not None:
            self._readers.close()
        with self._writing, translated(self._where):
            if self._writer is not None:
                self._writer.connection.close()
                self._writer = None
            self._lock.release()

    @contextmanager
    def _write(self) -> Iterator[_Writer]:
        with self._writing, translated(self._where):
            if self._writer is None:
                raise StoreError(self._where, "is open for reading only" if self._read_only else "is not open")
            yield self._writer

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection]:
        if self._readers is None:
            raise StoreError(self._where, "is not open")
        with translated(self._where), self._readers.lend() as connection:
            yield connection

    # --- what is decided ----------------------------------------------------------------------------------------
    def brakes(self) -> dict[str, Brake]:
        with self._read() as connection:
            return brakes.read(connection, self._brake_file)

    def remember(self, migration: str, now: float) -> None:
        with self._write() as writer:
            writer.brakes.remember(migration, now)

    def set_brake(self, migration: str, brake: Brake) -> bool:
        with self._write() as writer:
            return writer.brakes.set(migration, brake)

    def accepted_configuration(self) -> tuple[str, str] | None:
        with self._read() as connection:
            row = connection.execute("SELECT text, digest FROM accepted").fetchone()
        return None if row is None else (row[0], row[1])

    def accept_configuration(self, text: str, digest: str, now: float) -> None:
        with self._write() as writer, transaction(writer.connection, durable=True) as connection:
            connection.execute(
                "INSERT INTO accepted (id, text, digest, at) VALUES (1, ?, ?, ?) ON CONFLICT (id)"
                " DO UPDATE SET text = excluded.text, digest = excluded.digest, at = excluded.at",
                (text, digest, now),
            )

    def acknowledge(self, migration: str, group: str, acknowledgement: Acknowledgement | None, line: Change) -> None:
        with self._write() as writer, transaction(writer.connection, durable=True) as connection:
            acknowledgements.put(connection, migration, group, acknowledgement)
            changes.append(connection, [line])

    def served_identities(self, migration: str) -> list[ParentState]:
        with self._read() as connection:
            return parents.all_of(connection, migration)

    def related(self, migration: str) -> list[RelatedState]:
        with self._read() as connection:
            return related.all_of(connection, migration)

    # --- what is observed ---------------------------------------------------------------------------------------
    def flush(self, batch: Flush) -> None:
        tally = series.Tally()
        calls = [_settled(call) for call in batch.calls]
        for call in calls:
            findings.tally_call(tally, call)
        for held in batch.held:
            findings.tally_held(tally, held)
        with self._write() as writer:
            with transaction(writer.connection) as connection:
                counters.record(connection, tally, batch.replica, batch.at, batch.counters)
                tally.write(connection)
                parents.upsert(connection, batch.parents)
                related.upsert(connection, batch.related)
                changes.append(connection, batch.changes)
                guards.add(connection, batch.guards)
                for call in filter(comparisons.is_kept, calls):
                    comparisons.insert(connection, call)
            writer.brakes.catch_up()  # what a pull could not wait for

    def retain(self, now: float, retention: Retention) -> int:
        with self._write() as writer:
            with transaction(writer.connection) as connection:
                gone = comparisons.discard(connection, now, retention)
                related.discard(connection, now)
                self._rolled_up = series.roll_up(connection, self._rolled_up, now)
            comparisons.shrink(writer.connection)
        return gone

    # --- what is asked ------------------------------------------------------------------------------------------
    def counters(self, migration: str) -> Counters:
        with self._read() as connection:
            return counters.total(connection, migration)

    def totals(self, migration: str, since: float | None, until: float | None) -> Counters:
        with self._read() as connection:
            return counters.within(connection, migration, since, until)

    def timeline(self, migration: str, since: float, until: float, slot_seconds: int) -> list[Slot]:
        with self._read() as connection:
            return counters.timeline(connection, migration, since, until, slot_seconds)

    def groups(self, migration: str, evidence_digest: str, since: float | None, until: float | None) -> Iterator[Group]:
        with self._read() as connection:
            yield from findings.groups(connection, migration, evidence_digest, since, until)

    def parents(self, migration: str, after: str | None, limit: int) -> tuple[list[ParentState], str | None]:
        with self._read() as connection:
            return parents.page(connection, migration, after, limit)

    def comparisons(
        self, migration: str, outcome: Outcome | None, after: str | None, limit: int
    ) -> tuple[list[Call], str | None]:
        with self._read() as connection:
            return comparisons.page(connection, migration, outcome, after, limit)

    def comparison(self, migration: str, id: str) -> Call | None:
        with self._read() as connection:
            return comparisons.one(connection, migration, id)

    def acknowledgements(self, migration: str) -> dict[str, Acknowledgement]:
        with self._read() as connection:
            return acknowledgements.all_of(connection, migration)

    def advice(
        self, migration: str, evidence_digest: str, since: float | None, until: float | None
    ) -> list[AdviceCount]:
        with self._read() as connection:
            return findings.advice(connection, migration, evidence_digest, since, until)

    def noise(self, migration: str, evidence_digest: str, since: float | None, until: float | None) -> list[NoiseCount]:
        with self._read() as connection:
            return findings.noise(connection, migration, evidence_digest, since, until)

    def failures(self, migration: str, since: float | None, until: float | None) -> list[FailureCount]:
        with self._read() as connection:
            return findings.failures(connection, migration, since, until)

    def held(self, migration: str, since: float | None, until: float | None) -> list[HeldCount]:
        with self._read() as connection:
            return findings.held(connection, migration, since, until)

    def coverage(
        self, migration: str, evidence_digest: str, since: float | None, until: float | None
    ) -> list[Coverage]:
        with self._read() as connection:
            return findings.coverage(connection, migration, evidence_digest, since, until)

    def guard(self, migration: str, epoch: str) -> dict[int, dict[str, float]]:
        with self._read() as connection:
            return guards.of(connection, migration, epoch)

    def history(self, migration: str | None, after: str | None, limit: int) -> tuple[list[Change], str | None]:
        with self._read() as connection:
            return changes.history(connection, migration, after, limit)


def _settled(call: Call) -> Call:
    """Where there is a comparison, its outcome is the call's."""
    compared = call.comparison
    if compared is None or call.outcome is compared.outcome:
        return call
    return msgspec.structs.replace(call, outcome=compared.outcome, reason=call.reason or compared.reason)
