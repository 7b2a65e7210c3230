"""The guard's window: what it counted in each 10 seconds. Rises add up, so several replicas share one window."""

from collections.abc import Iterable

from shadow.store.base import GuardRises
from shadow.store.sql import Connection


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
