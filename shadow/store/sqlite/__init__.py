"""The store in one file, for one process that serves."""

from shadow.store.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
