"""The brake of each migration, one row each: changed by who saw its present version, so of two at once one is told.

There is no file beside this database: what it did not take is not stored.
"""

from shadow.store import changes
from shadow.store.records import Brake
from shadow.store.rows import decode, encode
from shadow.store.sql import Connection


def read(connection: Connection) -> dict[str, Brake]:
    rows = connection.execute("SELECT migration, record FROM brakes")
    return {migration: decode(record, Brake) for migration, record in rows}


def remember(connection: Connection, migration: str, now: float) -> None:
    brake = Brake(on=False, version=0, since=now, by="", because="")
    connection.execute(
        "INSERT INTO brakes (migration, version, record) VALUES (?, ?, ?) ON CONFLICT (migration) DO NOTHING",
        (migration, brake.version, encode(brake)),
    )


def put(connection: Connection, migration: str, brake: Brake) -> bool:
    """False, and nothing written, unless `brake` is the version after the one that holds."""
    values = (migration, brake.version, encode(brake))
    written = connection.execute(
        "UPDATE brakes SET version = ?2, record = ?3 WHERE migration = ?1 AND version = ?2 - 1", values
    ).rowcount
    if not written and brake.version == 1:
        written = connection.execute(
            "INSERT INTO brakes (migration, version, record) VALUES (?, ?, ?) ON CONFLICT (migration) DO NOTHING",
            values,
        ).rowcount
    if written:
        changes.append(connection, [changes.of_brake(migration, brake)])
    return bool(written)
