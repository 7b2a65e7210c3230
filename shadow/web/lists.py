"""Lists by page: `{items, next}`. A cursor is handed back as it was given; it says where the page before ended."""

from typing import Annotated, Generic, TypeVar

import msgspec
from starlette.exceptions import HTTPException

T = TypeVar("T")

Limit = Annotated[int, msgspec.Meta(ge=1, le=500, description="At most so many items.")]
Cursor = Annotated[str, msgspec.Meta(description="The `next` of the page before.")]


class Page(msgspec.Struct, Generic[T], frozen=True):
    """A part of a list; `next` is null at its end."""

    items: list[T]
    next: str | None


def no_such_cursor(exc: ValueError) -> HTTPException:
    """What the store says of a cursor that is none of its own."""
    return HTTPException(400, f"after: {exc}")
