"""The guard's window: what it counted in each 10 seconds. Rises add up, so several replicas share one window."""

from collections.abc import Iterable, Iterator

from shadow.store.base import Change, GuardRises
from shadow.store.sql import Connection

TRIPPED = "tripped"
"""Counted once in an epoch, when a guard told that something is too much."""


def untold(connection: Connection, lines: Iterable[Change]) -> Iterator[Change]:
    """All but what another replica's guard told of this epoch already."""
    for line in lines:
        if line.kind != "guard" or not _is_told(connection, line):
            yield line


def _is_told(connection: Connection, line: Change) -> bool:
    return (
        connection.execute(
            "SELECT 1 FROM guard_buckets WHERE migration = ? AND epoch = ? AND name = ? LIMIT 1",
            (line.migration, str(line.details.get("epoch")), TRIPPED),
        ).fetchone()
        is not None
    )


def add(connection: Connection, told: Iterable[GuardRises]) -> None:
    """Add the rises, and forget what has left the window, of whatever epoch."""
    for rises in told:
        connection.execute(
            "DELETE FROM guard_buckets WHERE migration = ? AND bucket < ?", (rises.migration, rises.keep_from)
        )
        connection.executemany(
            "INSERT INTO guard_buckets (migration, epoch, bucket, name, value) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (migration, epoch, bucket, name) DO UPDATE SET value = guard_buckets.value + excluded.value",
            [
                (rises.migration, rises.epoch, bucket, name, by)
                for bucket, counted in rises.buckets.items()
                for name, by in counted.items()
            ],
        )


def of(connection: Connection, migration: str, epoch: str) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {}
    rows = connection.execute(
        "SELECT bucket, name, value FROM guard_buckets WHERE migration = ? AND epoch = ?", (migration, epoch)
    )
    for bucket, name, value in rows:
        found.setdefault(bucket, {})[name] = value
    return found
