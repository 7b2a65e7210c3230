"""The tables of the SQLite store and how an older file becomes a newer one. Never touches a file of another program.

Whatever is counted over time is a *series*: what it is (a counter, a difference as one parent shows it, an advice, a
failure, a situation) as JSON, and in `tallies` how often in which minute.
"""

import sqlite3
from collections.abc import Sequence

from shadow.errors import StoreError

_APPLICATION = 0x73686477  # "shdw", in the header of the file

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE brakes (migration TEXT PRIMARY KEY, record BLOB NOT NULL);

    -- One row: what a process serves that starts with an invalid file.
    CREATE TABLE accepted (id INTEGER PRIMARY KEY CHECK (id = 1), text TEXT NOT NULL, digest TEXT NOT NULL,
      at REAL NOT NULL);

    CREATE TABLE changes (seq INTEGER PRIMARY KEY AUTOINCREMENT, migration TEXT, record BLOB NOT NULL);
    CREATE TRIGGER changes_stay BEFORE UPDATE ON changes
      BEGIN SELECT RAISE(ABORT, 'the change log is append-only'); END;
    CREATE TRIGGER changes_remain BEFORE DELETE ON changes
      BEGIN SELECT RAISE(ABORT, 'the change log is append-only'); END;

    CREATE TABLE replicas (replica TEXT PRIMARY KEY, flushed_at REAL NOT NULL);
    CREATE TABLE replica_counters (replica TEXT NOT NULL, migration TEXT NOT NULL, name TEXT NOT NULL,
      value INTEGER NOT NULL, PRIMARY KEY (replica, migration, name)) WITHOUT ROWID;

    CREATE TABLE parents (migration TEXT NOT NULL, uid TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
      primary_side TEXT NOT NULL, record BLOB NOT NULL, PRIMARY KEY (migration, uid));
    CREATE INDEX parents_by_name ON parents (migration, namespace, name, uid);

    CREATE TABLE series (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, kind TEXT NOT NULL,
      migration TEXT NOT NULL, evidence TEXT NOT NULL, parent TEXT NOT NULL, first_seen REAL NOT NULL,
      last_seen REAL NOT NULL, record BLOB NOT NULL);
    CREATE INDEX series_by_kind ON series (migration, kind, evidence);
    CREATE TABLE tallies (series INTEGER NOT NULL, minute INTEGER NOT NULL, count INTEGER NOT NULL,
      PRIMARY KEY (series, minute)) WITHOUT ROWID;

    CREATE TABLE bodies (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, size INTEGER NOT NULL,
      uses INTEGER NOT NULL DEFAULT 0, data BLOB NOT NULL);
    CREATE INDEX bodies_by_size ON bodies (size);
    CREATE INDEX bodies_unused ON bodies (id) WHERE uses = 0;
    CREATE TABLE comparisons (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, migration TEXT NOT NULL,
      at REAL NOT NULL, outcome TEXT NOT NULL, size INTEGER NOT NULL, old_body INTEGER, new_body INTEGER,
      record BLOB NOT NULL);
    CREATE INDEX comparisons_by_time ON comparisons (migration, at, seq);
    CREATE INDEX comparisons_by_outcome ON comparisons (migration, outcome, at, seq);
    CREATE INDEX comparisons_by_age ON comparisons (at, seq, size);
    -- A body goes with the last comparison that shows it; both answers may be the same body.
    CREATE TRIGGER bodies_used AFTER INSERT ON comparisons
      BEGIN UPDATE bodies SET uses = uses + 1 WHERE id IN (NEW.old_body, NEW.new_body); END;
    CREATE TRIGGER bodies_released AFTER DELETE ON comparisons
      BEGIN UPDATE bodies SET uses = uses - 1 WHERE id IN (OLD.old_body, OLD.new_body); END;
    """,
    """
    -- What a guard counted in each 10 seconds, of the present epoch only.
    CREATE TABLE guard_buckets (migration TEXT NOT NULL, epoch TEXT NOT NULL, bucket INTEGER NOT NULL,
      name TEXT NOT NULL, value REAL NOT NULL, PRIMARY KEY (migration, epoch, bucket, name)) WITHOUT ROWID;
    """,
    """
    -- Who has seen a difference group; only looked at, never judged by.
    CREATE TABLE acknowledgements (migration TEXT NOT NULL, difference TEXT NOT NULL, record BLOB NOT NULL,
      PRIMARY KEY (migration, difference)) WITHOUT ROWID;
    """,
    """
    CREATE TABLE related (migration TEXT NOT NULL, uid TEXT NOT NULL, front TEXT NOT NULL, answered_at REAL NOT NULL,
      record BLOB NOT NULL, PRIMARY KEY (migration, uid, front));
    """,
    """
    -- What a parent showed is read together, without sorting.
    CREATE INDEX series_by_parent ON series (migration, kind, evidence, parent);
    DROP INDEX series_by_kind;
    """,
    """
    -- Of those that were kept before nobody asks by their parent.
    ALTER TABLE comparisons ADD COLUMN parent TEXT NOT NULL DEFAULT '';
    CREATE INDEX comparisons_by_parent ON comparisons (migration, parent, at, seq);
    """,
    """
    -- The latest comparison that shows it and was kept when it was written.
    ALTER TABLE series ADD COLUMN example TEXT;
    """,
    """
    -- When it happened; lines are written when the database is there.
    ALTER TABLE changes ADD COLUMN at REAL
      GENERATED ALWAYS AS (CAST(json_extract(CAST(record AS TEXT), '$.at') AS REAL)) VIRTUAL;
    CREATE INDEX changes_by_time ON changes (at, seq);
    """,
)
"""Scripts, each from one version to the next. What is published is never edited, only followed by another."""


def migrate(connection: sqlite3.Connection, where: str, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Bring the file to the newest version, each step a transaction of its own.

    Raises:
        StoreError: the file is another program's, or was written by a newer version of this one.
    """
    if _is_empty(connection):
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # has to come before the first page is written
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    present = _version(connection, where, len(migrations))
    connection.execute("PRAGMA journal_mode = WAL")
    for version in range(present, len(migrations)):
        try:
            connection.executescript(f"BEGIN; {migrations[version]} PRAGMA user_version = {version + 1}; COMMIT;")
        except sqlite3.Error:
            connection.rollback()
            raise


def check(connection: sqlite3.Connection, where: str, newest: int = len(MIGRATIONS)) -> None:
    """For one who only reads: the file must be of exactly this version.

    Raises:
        StoreError: it is older, newer or another program's.
    """
    if (version := _version(connection, where, newest)) < newest:
        raise StoreError(where, f"its schema is version {version}, older than {newest}; serve from it once to renew it")


def _is_empty(connection: sqlite3.Connection) -> bool:
    return _pragma(connection, "user_version") == 0 and _pragma(connection, "schema_version") == 0


def _version(connection: sqlite3.Connection, where: str, newest: int) -> int:
    if _pragma(connection, "application_id") != _APPLICATION:
        raise StoreError(where, "is a database of another program")
    if (version := _pragma(connection, "user_version")) > newest:
        raise StoreError(where, f"was written by a newer version (schema {version}, this one knows {newest})")
    return version


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
