"""The tables of the PostgreSQL store and how an older schema becomes a newer one while older replicas still serve.

Each step says from which version on a program can live with it: one that only adds leaves everybody at work. The
tables are those of SQLite, with the types of this database; names sort by their bytes in both.
"""

from collections.abc import Sequence
from typing import NamedTuple

from shadow.errors import StoreError
from shadow.store.postgres.connection import Connection


class Step(NamedTuple):
    """One version of the schema to the next. `needs`: the oldest version a program may know and still use it."""

    script: str
    needs: int


MIGRATIONS: tuple[Step, ...] = (
    Step(
        """
        CREATE TABLE brakes (migration TEXT PRIMARY KEY, version BIGINT NOT NULL, record BYTEA NOT NULL);

        CREATE TABLE accepted (id INTEGER PRIMARY KEY CHECK (id = 1), text TEXT NOT NULL, digest TEXT NOT NULL,
          at DOUBLE PRECISION NOT NULL);

        -- One row: which configuration is in force for all replicas, and which one is to follow.
        CREATE TABLE agreement (id INTEGER PRIMARY KEY CHECK (id = 1), change BIGINT NOT NULL, record BYTEA NOT NULL);

        CREATE TABLE changes (seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, migration TEXT,
          record BYTEA NOT NULL);
        CREATE FUNCTION changes_stay() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN RAISE EXCEPTION 'the change log is append-only'; END $$;
        CREATE TRIGGER changes_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON changes
          FOR EACH STATEMENT EXECUTE FUNCTION changes_stay();

        -- Who serves; `until` by the clock of this database, null: ended.
        CREATE TABLE replicas (replica TEXT PRIMARY KEY, flushed_at DOUBLE PRECISION,
          until DOUBLE PRECISION, buried BOOLEAN NOT NULL DEFAULT false, record BYTEA);
        CREATE TABLE replica_counters (replica TEXT NOT NULL, migration TEXT NOT NULL, name TEXT NOT NULL,
          value BIGINT NOT NULL, PRIMARY KEY (replica, migration, name));

        CREATE SEQUENCE revisions;
        CREATE TABLE parents (migration TEXT NOT NULL, uid TEXT COLLATE "C" NOT NULL,
          namespace TEXT COLLATE "C" NOT NULL, name TEXT COLLATE "C" NOT NULL, primary_side TEXT NOT NULL,
          record BYTEA NOT NULL, writer TEXT NOT NULL, revision BIGINT NOT NULL, PRIMARY KEY (migration, uid));
        CREATE INDEX parents_by_name ON parents (migration, namespace, name, uid);
        CREATE INDEX parents_by_revision ON parents (revision);

        CREATE TABLE series (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key BYTEA NOT NULL UNIQUE,
          kind TEXT NOT NULL, migration TEXT NOT NULL, evidence TEXT NOT NULL, parent TEXT NOT NULL,
          first_seen DOUBLE PRECISION NOT NULL, last_seen DOUBLE PRECISION NOT NULL, record BYTEA NOT NULL);
        CREATE INDEX series_by_kind ON series (migration, kind, evidence);
        CREATE TABLE tallies (series BIGINT NOT NULL, minute BIGINT NOT NULL, count BIGINT NOT NULL,
          PRIMARY KEY (series, minute));

        CREATE TABLE bodies (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, hash BYTEA NOT NULL UNIQUE,
          size BIGINT NOT NULL, uses BIGINT NOT NULL DEFAULT 0, data BYTEA NOT NULL);
        ALTER TABLE bodies ALTER data SET STORAGE EXTERNAL;
        CREATE INDEX bodies_unused ON bodies (id) WHERE uses = 0;
        CREATE TABLE comparisons (seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id TEXT NOT NULL UNIQUE,
          migration TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, outcome TEXT NOT NULL, size BIGINT NOT NULL,
          old_body BIGINT, new_body BIGINT, record BYTEA NOT NULL);
        CREATE INDEX comparisons_by_time ON comparisons (migration, at, seq);
        CREATE INDEX comparisons_by_outcome ON comparisons (migration, outcome, at, seq);
        CREATE INDEX comparisons_by_age ON comparisons (at, seq);
        CREATE FUNCTION bodies_used() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN UPDATE bodies SET uses = uses + 1 WHERE id IN (NEW.old_body, NEW.new_body); RETURN NULL; END $$;
        CREATE TRIGGER bodies_used AFTER INSERT ON comparisons
          FOR EACH ROW WHEN (NEW.old_body IS NOT NULL OR NEW.new_body IS NOT NULL) EXECUTE FUNCTION bodies_used();
        CREATE FUNCTION bodies_released() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN UPDATE bodies SET uses = uses - 1 WHERE id IN (OLD.old_body, OLD.new_body); RETURN NULL; END $$;
        CREATE TRIGGER bodies_released AFTER DELETE ON comparisons
          FOR EACH ROW WHEN (OLD.old_body IS NOT NULL OR OLD.new_body IS NOT NULL) EXECUTE FUNCTION bodies_released();

        CREATE TABLE guard_buckets (migration TEXT NOT NULL, epoch TEXT NOT NULL, bucket BIGINT NOT NULL,
          name TEXT NOT NULL, value DOUBLE PRECISION NOT NULL, PRIMARY KEY (migration, epoch, bucket, name));

        CREATE TABLE acknowledgements (migration TEXT NOT NULL, difference TEXT NOT NULL, record BYTEA NOT NULL,
          PRIMARY KEY (migration, difference));

        CREATE TABLE related (migration TEXT NOT NULL, uid TEXT NOT NULL, front TEXT NOT NULL,
          answered_at DOUBLE PRECISION NOT NULL, record BYTEA NOT NULL, writer TEXT NOT NULL,
          revision BIGINT NOT NULL, PRIMARY KEY (migration, uid, front));
        CREATE INDEX related_by_revision ON related (revision);
        """,
        needs=1,
    ),
    Step(
        """
        ALTER TABLE comparisons ADD COLUMN parent TEXT NOT NULL DEFAULT '';
        CREATE INDEX comparisons_by_parent ON comparisons (migration, parent, at, seq);
        """,
        needs=1,
    ),
    Step("ALTER TABLE series ADD COLUMN example TEXT", needs=1),
    Step(
        """
        -- When it happened. Made from the record, whose first field it is: an older program writes no such column.
        ALTER TABLE changes ADD COLUMN at DOUBLE PRECISION GENERATED ALWAYS AS
          (substring(encode(record, 'escape') from '^{"at": *([-+.0-9eE]+)')::double precision) STORED;
        CREATE INDEX changes_by_time ON changes (at, seq);
        """,
        needs=1,
    ),
)
"""What is published is never edited, only followed by another."""

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.shadow.schema', 0))"


def migrate(connection: Connection, where: str, steps: Sequence[Step] = MIGRATIONS) -> None:
    """Bring the schema to the newest version, whole or not at all; several may try at once.

    Raises:
        StoreError: a newer program wrote it, and this one is too old for it.
    """
    with connection.raw.transaction():
        connection.execute(_LOCK)
        connection.execute(
            "CREATE TABLE IF NOT EXISTS shadow_schema (version INTEGER PRIMARY KEY, needs INTEGER NOT NULL)"
        )
        present = _present(connection, where, len(steps))
        for version, step in enumerate(steps[present:], present + 1):
            connection.execute(step.script)
            connection.execute("INSERT INTO shadow_schema (version, needs) VALUES (?, ?)", (version, step.needs))


def check(connection: Connection, where: str, newest: int = len(MIGRATIONS)) -> None:
    """For one who only reads.

    Raises:
        StoreError: there is no schema, or it is older than this program wants, or newer than it can use.
    """
    (made,) = connection.execute("SELECT to_regclass('shadow_schema') IS NOT NULL").fetchone()
    if not made:
        raise StoreError(where, "no shadow has served from this database yet")
    if (version := _present(connection, where, newest)) < newest:
        raise StoreError(where, f"its schema is version {version}, older than {newest}; serve from it once to renew it")


def _present(connection: Connection, where: str, newest: int) -> int:
    version, needs = connection.execute(
        "SELECT COALESCE(MAX(version), 0), COALESCE(MAX(needs), 0) FROM shadow_schema"
    ).fetchone()
    if needs > newest:
        raise StoreError(where, f"was written by a newer version (schema {version}, this one knows {newest})")
    return int(version)
