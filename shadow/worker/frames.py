"""What crosses the pipe between the proxy and a process that works for it: length-prefixed msgpack, one record a frame.

A frame is four bytes of length (little-endian, of what follows), one byte of kind, and the record. The redaction key
travels in the first frame and nowhere else: an argument or the environment could be read by others.
"""

import struct
from enum import IntEnum

import msgspec

_PREFIX = struct.Struct("<IB")
PREFIX_BYTES = _PREFIX.size
MAX_FRAME_BYTES = 1 << 30
"""A longer announcement means that the other side is not speaking this protocol."""


class Kind(IntEnum):
    """What a frame holds."""

    SETUP = 1  # to the child, first: Setup
    RULES = 2  # to the child: RulesFrame, before the first pair that names their digest
    PAIR = 3  # to the child: shadow.compare.model.Pair
    COMPARISON = 4  # from the child: shadow.compare.model.Comparison; redacted answers are bytes in it
    FAILED = 5  # from the child: Failed
    FORGET = 6  # to the child: the digest of rules that no further pair names
    CALL = 7  # to the recording process: shadow.recordings.taken.Taken
    FLUSH = 8  # to it: write what came before, and answer
    WRITTEN = 9  # from it: shadow.recordings.taken.Written


class Setup(msgspec.Struct, frozen=True):
    """What a comparison needs to know besides the pair.

    Attributes:
        redaction_key: of the stand-ins for secret values.
        redaction_paths: field paths that are redacted besides the known ones.
        budget_seconds: of CPU, per comparison.
        kill_after_seconds: of CPU; a comparison that has used so much ends the process.
        memory_bytes: of address space, for the whole process.
    """

    redaction_key: bytes
    redaction_paths: tuple[str, ...] = ()
    budget_seconds: float = 2.0
    kill_after_seconds: float = 8.0
    memory_bytes: int = 2 << 30

    def __repr__(self) -> str:
        return "Setup(...)"  # holds a key


class RulesFrame(msgspec.Struct, frozen=True):
    """Rules to compile: `rules` is a JSON array, as the configuration has them."""

    digest: str
    rules: bytes


class Failed(msgspec.Struct, frozen=True):
    """A comparison that raised. `where` names exception and line; never the message, which may quote a secret."""

    id: str
    where: str


def frame(kind: Kind, payload: bytes) -> bytes:
    return _PREFIX.pack(len(payload) + 1, kind) + payload


class FrameReader:
    """Puts frames together from bytes as they come."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[tuple[Kind, bytes]]:
        """The frames that are complete now.

        Raises:
            ValueError: these are no frames.
        """
        self._bytes += data
        complete = []
        start = 0
        while len(self._bytes) - start >= PREFIX_BYTES:
            length, kind = read_prefix(self._bytes[start : start + PREFIX_BYTES])
            end = start + PREFIX_BYTES + length
            if end > len(self._bytes):
                break
            complete.append((kind, bytes(self._bytes[start + PREFIX_BYTES : end])))
            start = end
        del self._bytes[:start]
        return complete


def read_prefix(prefix: bytes | bytearray) -> tuple[int, Kind]:
    """How many bytes of record follow, and its kind.

    Raises:
        ValueError: this is no frame.
    """
    length, kind = _PREFIX.unpack(prefix)
    if not 1 <= length <= MAX_FRAME_BYTES:
        raise ValueError(f"a frame of {length} bytes")
    return length - 1, Kind(kind)
