"""What crosses the pipe to the recording process: its orders, a call as it was, and what became of those before.

Unlike a recorded call this is full of secrets; it is never written anywhere.
"""

from collections.abc import Mapping, Sequence

import msgspec

from shadow.recordings.model import Asked, Facts
from shadow.terms import Side

RawHeaders = Sequence[tuple[bytes, bytes]]


class Orders(msgspec.Struct, frozen=True):
    """The first frame.

    Attributes:
        key: of the stand-ins.
        paths: field paths that are secret besides the known ones.
        max_size: bytes of all files.
        memory_bytes: address space of the process.
    """

    key: bytes
    paths: tuple[str, ...]
    directory: str
    max_size: int
    version: str
    host: str
    memory_bytes: int = 2 << 30

    def __repr__(self) -> str:
        return "Orders(...)"  # holds a key


class Said(msgspec.Struct, frozen=True):
    """One side of a call, with everything it said; `revision_header` is where it tells its revision."""

    asked: Asked
    headers: RawHeaders
    body: bytes
    revision_header: str | None = None


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """One call, with everything that was said in it."""

    facts: Facts
    request_headers: RawHeaders
    request: bytes
    said: Mapping[Side, Said] = {}
    again: Mapping[Side, Said] = {}


class Written(msgspec.Struct, frozen=True):
    """What became of the calls since the last one of these, by migration; of what is lost by reason, too.

    `problem` is why, if anything could not be written: one line for a person.
    """

    written: Mapping[str, int] = {}
    lost: Mapping[str, Mapping[str, int]] = {}
    problem: str | None = None
