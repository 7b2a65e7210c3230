"""Which difference groups somebody has seen, and what they say of them."""

from shadow.store.base import Acknowledgement
from shadow.store.rows import decode, encode, plain
from shadow.store.sql import Connection


def put(connection: Connection, migration: str, group: str, acknowledgement: Acknowledgement | None) -> None:
    if acknowledgement is None:
        connection.execute(
            "DELETE FROM acknowledgements WHERE migration = ? AND difference = ?", (migration, plain(group))
        )
        return
    connection.execute(
        "INSERT INTO acknowledgements (migration, difference, record) VALUES (?, ?, ?)"
        " ON CONFLICT (migration, difference) DO UPDATE SET record = excluded.record",
        (migration, plain(group), encode(acknowledgement)),
    )


def all_of(connection: Connection, migration: str) -> dict[str, Acknowledgement]:
    rows = connection.execute("SELECT difference, record FROM acknowledgements WHERE migration = ?", (migration,))
    return {group: decode(record, Acknowledgement) for group, record in rows}
