"""What each front was answered to customize calls, per parent: a row, replaced at each flush that saw one."""

from collections.abc import Iterable

from shadow.store.base import RelatedState
from shadow.store.rows import decode, encode, plain
from shadow.store.sql import Connection

KEPT_SECONDS = 7 * 86_400.0
"""After so long nobody asked for this parent any more. Far beyond the 20 minutes in which an answer counts."""


def upsert(connection: Connection, states: Iterable[RelatedState]) -> None:
    connection.executemany(
        "INSERT INTO related (migration, uid, front, answered_at, record) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (migration, uid, front) DO UPDATE SET answered_at = excluded.answered_at,"
        " record = excluded.record",
        [(one.migration, plain(one.uid), plain(one.front), one.answered_at, encode(one)) for one in states],
    )


def all_of(connection: Connection, migration: str) -> list[RelatedState]:
    rows = connection.execute("SELECT record FROM related WHERE migration = ?", (migration,))
    return [decode(record, RelatedState) for (record,) in rows]


def discard(connection: Connection, now: float) -> None:
    connection.execute("DELETE FROM related WHERE answered_at < ?", (now - KEPT_SECONDS,))
