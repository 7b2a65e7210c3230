"""Decides by the URL which database is behind the store. Never prints a URL whole: it may hold a password."""

from pathlib import Path

from shadow.errors import StoreError
from shadow.store.base import Store
from shadow.store.sqlite import SqliteStore

_SQLITE = "sqlite:///"


def open_store(url: str, *, read_only: bool = False) -> Store:
    """The store a URL names, not yet opened: call `open(now)` on it, and `close()` in the end.

    Args:
        url: `sqlite:///relative.db` or `sqlite:////absolute/path.db`.
        read_only: for reports beside a process that serves: takes no lock, changes nothing, refuses to write.

    Raises:
        StoreError: for another kind of URL.
    """
    if url.startswith(_SQLITE) and len(url) > len(_SQLITE):
        return SqliteStore(Path(url.removeprefix(_SQLITE)), read_only=read_only)
    scheme, separator, _ = url.partition("://")
    where = f"{scheme}{separator}..." if separator else "URL"
    raise StoreError(where, "no such kind of store; write sqlite:///relative.db or sqlite:////absolute/path.db")


def exists(url: str) -> bool:
    """Whether there is anything to open; opening would make it."""
    return Path(url.removeprefix(_SQLITE)).exists() if url.startswith(_SQLITE) else True
