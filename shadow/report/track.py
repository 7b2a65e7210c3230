"""How a long report is watched while it is made: whoever shows progress passes its rows through."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Track(Protocol):
    """Takes rows and gives them on, one by one as they are asked for.

    Args:
        what: in words, what is done with them: `reading differences`.
        total: how many there will be; None: nobody knows.
    """

    def __call__(self, rows: Iterable[T], what: str, total: int | None = None) -> Iterable[T]: ...


def untracked(rows: Iterable[T], what: str, total: int | None = None) -> Iterable[T]:  # noqa: ARG001
    """Nobody looks."""
    return rows
