"""The store in a PostgreSQL database: several processes serve from it, each with connections of its own.

Batches are written one at a time by all of them together, so sums that are read first and written then are right, and
what is read by its revision comes in the order in which it was written. Decisions wait for no batch.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from shadow.errors import StoreError, UnreachableError
from shadow.store import changes, counters
from shadow.store.postgres import agreement, brakes, replicas, schema, states
from shadow.store.postgres.connection import Connection as Postgres
from shadow.store.postgres.connection import Connections, Raw
from shadow.store.records import Brake, Change, Flush, ParentState
from shadow.store.relational import RelationalStore, accept
from shadow.store.shared import Agreement, Beat, News, Replica, Since, Standing
from shadow.store.sql import Connection

_ONE_BATCH = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.shadow.batch', 0))"


class PostgresStore(RelationalStore):
    """`Store` over a database. See there for what each method promises."""

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        super().__init__()
        self._connections = Connections(url, read_only=read_only)
        self._read_only = read_only
        self._ready = False  # the schema is the one that is known here
        self._listening: Raw | None = None
        self._told: Standing | None = None

    def open(self, now: float) -> None:  # noqa: ARG002
        """A database that cannot be reached yet is prepared at the first contact; who serves has to wait for that."""
        try:
            with self._connections.lend() as connection:
                self._prepare(connection)
        except UnreachableError:
            if self._read_only:
                raise

    def close(self) -> None:
        self._connections.close()
        if self._listening is not None:
            self._listening.close()

    def _prepare(self, connection: Postgres) -> None:
        """At the first contact."""
        if self._read_only:
            schema.check(connection, self._connections.where)
        else:
            schema.migrate(connection, self._connections.where)
            with connection.raw.transaction():
                connection.execute(_ONE_BATCH)
                replicas.bury(connection)
        self._ready = True

    @contextmanager
    def _lent(self) -> Iterator[Postgres]:
        with self._connections.lend() as connection:
            if not self._ready:
                self._prepare(connection)
            yield connection

    @contextmanager
    def _deciding(self) -> Iterator[Connection]:
        if self._read_only:
            raise StoreError(self._connections.where, "is open for reading only")
        with self._lent() as connection, connection.raw.transaction():
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._deciding() as connection:
            connection.execute(_ONE_BATCH)
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._lent() as connection:
            yield connection

    # --- what is decided ----------------------------------------------------------------------------------------
    def brakes(self) -> dict[str, Brake]:
        with self._reading() as connection:
            return brakes.read(connection)

    def remember(self, migration: str, now: float) -> None:
        with self._deciding() as connection:
            brakes.remember(connection, migration, now)

    def set_brake(self, migration: str, brake: Brake) -> bool:
        with self._deciding() as connection:
            connection.execute(replicas.NOTIFY)
            return brakes.put(connection, migration, brake)

    # --- among replicas -----------------------------------------------------------------------------------------
    def beat(self, beat: Beat) -> News:
        with self._lent() as connection:
            told = replace(beat.standing, fronts={})  # who called last is no news that anybody waits for
            if self._told != told:
                connection.execute(replicas.NOTIFY)
            now = replicas.renew(connection, beat.replica, beat.lease_seconds, beat.standing)
            self._told = told
            heard = states.heard(connection, beat.replica, beat.since.parents, beat.since.related)
            return News(
                now,
                brakes.read(connection),
                agreement.read(connection),
                tuple(each for each in replicas.live(connection) if each.name != beat.replica),
                Since(heard.parents_until, heard.related_until),
                heard.parents,
                heard.related,
                counters.of_others(connection, beat.replica) if beat.counters else None,
                heard.more,
            )

    def wait(self, seconds: float) -> None:
        with self._connections.translated():
            if self._listening is None or self._listening.closed:
                self._listening = self._connections.connect()
                self._listening.execute("LISTEN shadow")
            try:
                for _ in self._listening.notifies(timeout=seconds, stop_after=1):
                    pass
            except BaseException:
                self._listening.close()
                raise

    def leave(self, replica: str) -> None:
        with self._deciding() as connection:
            replicas.leave(connection, replica)
            connection.execute(replicas.NOTIFY)

    def bury(self) -> None:
        with self._writing() as connection:
            replicas.bury(connection)

    def live(self) -> list[Replica]:
        with self._reading() as connection:
            return replicas.live(connection)

    def agree(self, agreed: Agreement, line: Change | None) -> bool:
        with self._deciding() as connection:
            if not agreement.put(connection, agreed):
                return False
            if line is not None and agreed.in_force is not None:
                accept(connection, agreed.in_force.text, agreed.in_force.digest, line.at)
                changes.append(connection, [line])
            connection.execute(replicas.NOTIFY)
            return True

    def parent(self, migration: str, uid: str) -> ParentState | None:
        with self._reading() as connection:
            return states.parent(connection, migration, uid)

    def _put_states(self, connection: Connection, batch: Flush) -> None:
        states.put_parents(connection, batch.replica, batch.parents)
        states.put_related(connection, batch.replica, batch.related)
        if batch.related:
            connection.execute(replicas.NOTIFY)
