"""A store in SQL, whatever the database: what is asked and told, without how it is opened and who may decide.

A database brings its connections and its brakes; the questions are the same everywhere.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager

import msgspec

from shadow.store import (
    acknowledgements,
    changes,
    comparisons,
    counters,
    findings,
    guards,
    parents,
    related,
    series,
)
from shadow.store.found import AdviceCount, Coverage, FailureCount, Group, HeldCount, NoiseCount, Slot
from shadow.store.records import Acknowledgement, Call, Change, Counters, Flush, ParentState, RelatedState, Retention
from shadow.store.sql import Connection
from shadow.terms import Outcome


class RelationalStore(ABC):
    """All of `Store` but opening, closing and the brakes. See there for what each method promises."""

    def __init__(self) -> None:
        self._rolled_up = 0  # the last series whose old minutes were merged in this round

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Connection]:
        """A connection to ask on; whatever fails within is a StoreError."""

    @abstractmethod
    def _deciding(self) -> AbstractContextManager[Connection]:
        """A short transaction that is on the disk when it ends."""

    @abstractmethod
    def _writing(self) -> AbstractContextManager[Connection]:
        """A transaction of a batch: nobody else's batch is written meanwhile."""

    # --- what is decided ----------------------------------------------------------------------------------------
    def accepted_configuration(self) -> tuple[str, str] | None:
        with self._reading() as connection:
            row = connection.execute("SELECT text, digest FROM accepted").fetchone()
        return None if row is None else (row[0], row[1])

    def accept_configuration(self, text: str, digest: str, now: float) -> None:
        with self._deciding() as connection:
            accept(connection, text, digest, now)

    def acknowledge(self, migration: str, group: str, acknowledgement: Acknowledgement | None, line: Change) -> None:
        with self._deciding() as connection:
            acknowledgements.put(connection, migration, group, acknowledgement)
            changes.append(connection, [line])

    def served_identities(self, migration: str) -> list[ParentState]:
        with self._reading() as connection:
            return parents.all_of(connection, migration)

    def related(self, migration: str) -> list[RelatedState]:
        with self._reading() as connection:
            return related.all_of(connection, migration)

    # --- what is observed ---------------------------------------------------------------------------------------
    def flush(self, batch: Flush) -> None:
        tally = series.Tally()
        calls = [_settled(call) for call in batch.calls]
        for call in calls:
            findings.tally_call(tally, call)
        for held in batch.held:
            findings.tally_held(tally, held)
        with self._writing() as connection:
            counters.record(connection, tally, batch.replica, batch.at, batch.counters)
            tally.write(connection)
            self._put_states(connection, batch)
            changes.append(connection, guards.untold(connection, batch.changes))
            guards.add(connection, batch.guards)
            comparisons.insert(connection, filter(comparisons.is_kept, calls))

    def _put_states(self, connection: Connection, batch: Flush) -> None:
        """What is known of parents: as one process knows it, which is alone."""
        parents.upsert(connection, batch.parents)
        related.upsert(connection, batch.related)

    def retain(self, now: float, retention: Retention) -> int:
        with self._writing() as connection:
            gone = comparisons.discard(connection, now, retention)
            related.discard(connection, now)
            self._rolled_up = series.roll_up(connection, self._rolled_up, now)
        return gone

    # --- what is asked ------------------------------------------------------------------------------------------
    def counters(self, migration: str) -> Counters:
        with self._reading() as connection:
            return counters.total(connection, migration)

    def totals(self, migration: str, since: float | None, until: float | None) -> Counters:
        with self._reading() as connection:
            return counters.within(connection, migration, since, until)

    def timeline(self, migration: str, since: float, until: float, slot_seconds: int) -> list[Slot]:
        with self._reading() as connection:
            return counters.timeline(connection, migration, since, until, slot_seconds)

    def groups(self, migration: str, evidence_digest: str, since: float | None, until: float | None) -> Iterator[Group]:
        with self._reading() as connection:
            yield from findings.groups(connection, migration, evidence_digest, since, until)

    def parents(self, migration: str, after: str | None, limit: int) -> tuple[list[ParentState], str | None]:
        with self._reading() as connection:
            return parents.page(connection, migration, after, limit)

    def comparisons(
        self,
        migration: str,
        outcome: Outcome | None,
        after: str | None,
        limit: int,
        parent: str | None = None,
        *,
        until: float | None = None,
    ) -> tuple[list[Call], str | None]:
        with self._reading() as connection:
            return comparisons.page(connection, migration, outcome, parent, after, limit, until)

    def comparison(self, migration: str, id: str) -> Call | None:
        with self._reading() as connection:
            return comparisons.one(connection, migration, id)

    def kept(self, migration: str, ids: Collection[str]) -> set[str]:
        with self._reading() as connection:
            return comparisons.kept(connection, migration, ids)

    def acknowledgements(self, migration: str) -> dict[str, Acknowledgement]:
        with self._reading() as connection:
            return acknowledgements.all_of(connection, migration)

    def advice(
        self, migration: str, evidence_digest: str, since: float | None, until: float | None
    ) -> list[AdviceCount]:
        with self._reading() as connection:
            return findings.advice(connection, migration, evidence_digest, since, until)

    def noise(self, migration: str, evidence_digest: str, since: float | None, until: float | None) -> list[NoiseCount]:
        with self._reading() as connection:
            return findings.noise(connection, migration, evidence_digest, since, until)

    def failures(self, migration: str, since: float | None, until: float | None) -> list[FailureCount]:
        with self._reading() as connection:
            return findings.failures(connection, migration, since, until)

    def held(self, migration: str, since: float | None, until: float | None) -> list[HeldCount]:
        with self._reading() as connection:
            return findings.held(connection, migration, since, until)

    def coverage(
        self, migration: str, evidence_digest: str, since: float | None, until: float | None
    ) -> list[Coverage]:
        with self._reading() as connection:
            return findings.coverage(connection, migration, evidence_digest, since, until)

    def guard(self, migration: str, epoch: str) -> dict[int, dict[str, float]]:
        with self._reading() as connection:
            return guards.of(connection, migration, epoch)

    def history(self, migration: str | None, after: str | None, limit: int) -> tuple[list[Change], str | None]:
        with self._reading() as connection:
            return changes.history(connection, migration, after, limit)


def accept(connection: Connection, text: str, digest: str, now: float) -> None:
    """Keep the configuration that was taken over."""
    connection.execute(
        "INSERT INTO accepted (id, text, digest, at) VALUES (1, ?, ?, ?) ON CONFLICT (id)"
        " DO UPDATE SET text = excluded.text, digest = excluded.digest, at = excluded.at",
        (text, digest, now),
    )


def _settled(call: Call) -> Call:
    """Where there is a comparison, its outcome is the call's."""
    compared = call.comparison
    if compared is None or call.outcome is compared.outcome:
        return call
    return msgspec.structs.replace(call, outcome=compared.outcome, reason=call.reason or compared.reason)
