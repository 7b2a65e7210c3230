"""The change log: who changed what, when and why. Lines are added and never altered; the schema sees to it.

They are read in the order of what they tell of: a line may be written long after that, when a database is back.
"""

from collections.abc import Iterable

from shadow.store.records import Brake, Change
from shadow.store.rows import cursor, decode, encode, uncursor
from shadow.store.sql import Connection

_END = (1e300, 2**62)


def append(connection: Connection, lines: Iterable[Change]) -> None:
    connection.executemany(
        "INSERT INTO changes (migration, record) VALUES (?, ?)", [(line.migration, encode(line)) for line in lines]
    )


def history(
    connection: Connection, migration: str | None, after: str | None, limit: int
) -> tuple[list[Change], str | None]:
    """Newest first; of one migration its own lines and those that concern all."""
    before = uncursor(after, tuple[float, int]) if after else _END
    mine = "(migration = ? OR migration IS NULL) AND " if migration is not None else ""
    rows = connection.execute(
        f"SELECT at, seq, record FROM changes WHERE {mine}(at, seq) < (?, ?) ORDER BY at DESC, seq DESC LIMIT ?",  # noqa: S608
        (*([migration] if migration is not None else []), *before, limit + 1),
    ).fetchall()
    following = cursor(rows[limit - 1][:2]) if len(rows) > limit else None
    return [decode(record, Change) for _, _, record in rows[:limit]], following


def of_brake(migration: str, brake: Brake) -> Change:
    """The line that tells of its last move."""
    kind = "rollback" if brake.on else "release"
    return Change(brake.since, migration, kind, brake.by, brake.because, brake.governed)
