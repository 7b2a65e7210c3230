"""Opens the database that a URL names. Never prints a URL whole: it may hold a password."""

from shadow.config.storeurl import FORMS, is_postgres, sqlite_path
from shadow.errors import StoreError
from shadow.store.base import Store


def open_store(url: str, *, read_only: bool = False) -> Store:
    """The store a URL names, not yet opened: call `open(now)` on it, and `close()` in the end.

    Args:
        url: `sqlite:///relative.db`, `sqlite:////absolute/path.db` or `postgresql://user@host/database`.
        read_only: for reports beside a process that serves: takes no lock, changes nothing, refuses to write.

    Raises:
        StoreError: for another kind of URL.
    """
    if (path := sqlite_path(url)) is not None:
        from shadow.store.sqlite import SqliteStore  # noqa: PLC0415 - one of the two is enough to load

        return SqliteStore(path, read_only=read_only)
    if is_postgres(url):
        from shadow.store.postgres import PostgresStore  # noqa: PLC0415

        return PostgresStore(url, read_only=read_only)
    scheme, separator, _ = url.partition("://")
    where = f"{scheme}{separator}..." if separator else "URL"
    raise StoreError(where, f"no such kind of store; write {FORMS}")


def exists(url: str) -> bool:
    """Whether there is anything to open; opening would make it."""
    path = sqlite_path(url)
    return path is None or path.exists()
