"""The change log: who changed what, when and why. Lines are added and never altered; the schema sees to it."""

from collections.abc import Iterable

from shadow.store.base import Change
from shadow.store.rows import cursor, decode, encode, uncursor
from shadow.store.sql import Connection

_END = 2**62


def append(connection: Connection, lines: Iterable[Change]) -> None:
    connection.executemany(
        "INSERT INTO changes (migration, record) VALUES (?, ?)", [(line.migration, encode(line)) for line in lines]
    )


def history(
    connection: Connection, migration: str | None, after: str | None, limit: int
) -> tuple[list[Change], str | None]:
    """Newest first; of one migration its own lines and those that concern all."""
    (before,) = uncursor(after, tuple[int]) if after else (_END,)
    mine = "(migration = ? OR migration IS NULL) AND " if migration is not None else ""
    rows = connection.execute(
        f"SELECT seq, record FROM changes WHERE {mine}seq < ? ORDER BY seq DESC LIMIT ?",  # noqa: S608
        (*([migration] if migration is not None else []), before, limit + 1),
    ).fetchall()
    following = cursor([rows[limit - 1][0]]) if len(rows) > limit else None
    return [decode(record, Change) for _, record in rows[:limit]], following
