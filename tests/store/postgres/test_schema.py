"""A newer program beside an older one over the same database, as a rolling upgrade has it."""

from contextlib import closing

import pytest

from shadow.errors import StoreError
from shadow.store.postgres import schema
from shadow.store.postgres.connection import Connections
from shadow.store.postgres.schema import MIGRATIONS, Step, check, migrate
from tests.store.conftest import PostgresBackend
from tests.store.records import MIGRATION, batch, brake, mismatch, state

PRESENT = len(MIGRATIONS)
ADDS = Step("ALTER TABLE parents ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue'", needs=1)
BREAKS = Step("ALTER TABLE parents RENAME COLUMN record TO content", needs=PRESENT + 1)
FAILS = Step("CREATE TABLE halfway (x INTEGER); INSERT INTO nowhere VALUES (1)", needs=1)


def upgraded(backend: PostgresBackend, step: Step) -> None:
    with closing(Connections(backend.url)) as connections, connections.lend() as connection:
        migrate(connection, "postgresql://test", (*MIGRATIONS, step))


def test_an_older_program_goes_on_beside_a_newer_schema_that_only_adds(postgres_backend: PostgresBackend) -> None:
    older = postgres_backend.open()
    older.flush(batch(mismatch("c1"), parents=[state()]))
    upgraded(postgres_backend, ADDS)
    older.flush(batch(mismatch("c2"), parents=[state(2)]))
    assert older.set_brake(MIGRATION, brake(1))
    assert len(older.served_identities(MIGRATION)) == 2
    again = postgres_backend.open()  # and one that starts now
    assert again.brakes() == {MIGRATION: brake(1)}
    assert postgres_backend.rows("SELECT DISTINCT colour FROM parents") == [("blue",)]


def test_a_program_too_old_for_the_schema_does_not_start(postgres_backend: PostgresBackend) -> None:
    postgres_backend.open()
    upgraded(postgres_backend, BREAKS)
    with pytest.raises(StoreError, match=rf"newer version \(schema {PRESENT + 1}, this one knows {PRESENT}\)"):
        postgres_backend.open()


def test_a_step_that_fails_is_taken_back_whole(postgres_backend: PostgresBackend) -> None:
    postgres_backend.open()
    with pytest.raises(StoreError, match="nowhere"):
        upgraded(postgres_backend, FAILS)
    assert postgres_backend.rows("SELECT to_regclass('halfway')::text, (SELECT MAX(version) FROM shadow_schema)") == [
        (None, PRESENT)
    ]


def test_who_only_reads_wants_what_it_knows(postgres_backend: PostgresBackend) -> None:
    postgres_backend.open()
    with closing(Connections(postgres_backend.url)) as connections, connections.lend() as connection:
        check(connection, "x")
        with pytest.raises(StoreError, match=rf"version {PRESENT}, older than {PRESENT + 1}; serve from it once"):
            check(connection, "x", newest=PRESENT + 1)


def test_the_change_log_is_append_only(postgres_backend: PostgresBackend) -> None:
    store = postgres_backend.open()
    store.set_brake(MIGRATION, brake(1))
    for statement in ("DELETE FROM changes", "UPDATE changes SET migration = 'x'", "TRUNCATE changes"):
        with pytest.raises(Exception, match="append-only"):
            postgres_backend.rows(statement)


def test_steps_are_published_in_order() -> None:
    assert all(step.needs <= number for number, step in enumerate(schema.MIGRATIONS, 1))
