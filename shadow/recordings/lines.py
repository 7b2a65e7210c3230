"""Opens whatever may hold calls and gives its JSON values one by one, as far as they go.

Plain or gzip, one value a line or spread over lines as a person or `jq` writes them. What is wrong with the bytes is
an error that says so in words; nothing is held that is larger than `_MOST_BYTES`.
"""

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

Lines = BinaryIO | gzip.GzipFile

_GZIP, _ZSTD, _UTF8_MARK = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xef\xbb\xbf"
_MOST_BYTES: Final = 1 << 28
_DECODER: Final = json.JSONDecoder()


class ForeignError(Exception):
    """The file is none of ours; the text says what it is instead, and what can be done."""


class DamagedError(Exception):
    """The file was whole up to here, and no further."""


class CutError(DamagedError):
    """It ends amid a value, as the last file does of a process that was killed."""

    def __init__(self) -> None:
        super().__init__("is cut short")


@contextmanager
def opened(path: Path) -> Iterator[tuple[Lines, BinaryIO]]:
    """The file's content, and the file itself for how far it is read.

    Raises:
        OSError: it cannot be opened.
        ForeignError: it is packed by something else.
    """
    with path.open("rb") as raw:
        magic = raw.read(4)
        raw.seek(len(_UTF8_MARK) if magic.startswith(_UTF8_MARK) else 0)
        if magic == _ZSTD:
            raise ForeignError("is compressed with zstd (`zstd -d` makes a file that can be read)")
        if magic.startswith(_GZIP):
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield unpacked, raw
        else:
            yield raw, raw


def values(lines: Lines) -> Iterator[bytes]:
    """Each line that is not blank; where the first value is spread over lines, each value.

    Raises:
        CutError: the packing or the last value is cut short.
        DamagedError: they are damaged.
    """
    try:
        yield from _values(lines)
    except EOFError as exc:
        raise CutError from exc
    except (zlib.error, gzip.BadGzipFile) as exc:
        raise DamagedError(f"is damaged: {exc}") from exc


def _values(lines: Lines) -> Iterator[bytes]:
    first = _line(lines)
    while first and not first.strip():
        first = _line(lines)
    if not first or _is_json(first):
        yield from _by_line(first, lines)
        return
    text = first + lines.read(_MOST_BYTES)
    spelled = text.decode("utf-8", "replace").lstrip()
    if _end_of_value(spelled, 0) is not None or _is_truncated(text):
        yield from _spread(spelled)
        return
    held = io.BytesIO(text + lines.readline(_MOST_BYTES))
    yield from _by_line(_line(held), held)
    yield from _by_line(_line(lines), lines)


def _line(lines: Lines) -> bytes:
    text = lines.readline(_MOST_BYTES)
    if len(text) == _MOST_BYTES:
        raise DamagedError(f"holds a line of more than {_MOST_BYTES >> 20} MiB")
    return text


def _by_line(line: bytes, lines: Lines) -> Iterator[bytes]:
    while line:
        if not line.endswith(b"\n") and _is_truncated(line):
            raise EOFError
        if line.strip():
            yield line
        line = _line(lines)


def _spread(text: str) -> Iterator[bytes]:
    at = 0
    while at < len(text):
        end = _end_of_value(text, at)
        if end is None:
            if _is_truncated(text[at:].encode()):
                raise CutError
            raise DamagedError(f"is no JSON from character {at + 1} on")
        yield text[at:end].encode()
        at = end + len(text[end:]) - len(text[end:].lstrip())


def _end_of_value(text: str, at: int) -> int | None:
    try:
        end: int = _DECODER.raw_decode(text, at)[1]
    except (ValueError, RecursionError):
        return None
    return end


def _is_json(text: bytes) -> bool:
    """Also if it is nested too deeply for any decoder to tell."""
    try:
        msgspec.json.decode(text, type=Any)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    except RecursionError:
        return True
    return True


def _is_truncated(text: bytes) -> bool:
    """Whether it could be the beginning of JSON."""
    try:
        msgspec.json.decode(text, type=Any)
    except (UnicodeDecodeError, RecursionError):
        return False
    except msgspec.MsgspecError as exc:
        return "truncated" in str(exc)
    return False
