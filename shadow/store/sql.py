"""SQL as every database behind the store understands it: one text for each question, `?` for a value.

A number behind it, `?2`, names a value that stands in several places. What the databases do not have in common (how
tables are made, how a transaction begins) is in their own rooms.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

Row = tuple[Any, ...]


class Cursor(Protocol):
    """The rows of an answer."""

    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """`sqlite3.Connection` is one as it comes."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor: ...

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Cursor: ...


def places(count: int) -> str:
    """`?, ?, ?`, for a list of so many values."""
    return ", ".join("?" * count)
