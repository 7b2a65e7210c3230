"""Reads calls from whatever holds them: recordings, cut short or not, parts of them, and calls captured elsewhere.

What cannot be read is told in one line, and the rest is used. Nothing in a file is believed beyond its form.
"""

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from shadow.protocol.scan import readable
from shadow.recordings.foreign import captured
from shadow.recordings.model import SCHEMA, RecordedCall

Told = Callable[[str], None]
"""Takes one line for a person."""

Lines = BinaryIO | gzip.GzipFile

SUFFIXES: Final = (".jsonl", ".jsonl.gz", ".json", ".json.gz")
"""Of the files that are read in a directory; one that is named is read whatever its name."""

_FAMILY: Final = SCHEMA.partition("/")[0]
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_CUT: Final = (EOFError, zlib.error, gzip.BadGzipFile)
_LATEST: Final = 1e11  # seconds: beyond is no time, or one in milliseconds
_MOST_BYTES: Final = 1 << 28
"""Of a file that is not one call a line, which has to be held as a whole."""


class _Head(msgspec.Struct):
    """As much of a line as says what it is."""

    schema: str = ""
    call: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    request: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


def files_of(paths: Iterable[Path]) -> list[Path]:
    """The files, those of directories in the order of their names: that of time."""
    found: list[Path] = []
    for path in paths:
        inside = (each for each in path.rglob("*") if each.name.endswith(SUFFIXES) and each.is_file())
        found += sorted(inside) if path.is_dir() else [path]
    return found


class Reader:
    """Reads calls file by file. `done_bytes` rises to the sum of the files' sizes.

    Args:
        told: gets a line for each thing that could not be used.
    """

    def __init__(self, files: Sequence[Path], told: Told) -> None:
        self.done_bytes = 0
        self.lost = 0  # lines of recordings that are no calls, and were not used
        self._files = files
        self._told = told

    def __iter__(self) -> Iterator[RecordedCall]:
        for path in self._files:
            before = self.done_bytes
            try:
                with opened(path) as (lines, raw):
                    for call in self._calls(path, lines):
                        self.done_bytes = before + raw.tell()
                        yield call
            except OSError as exc:
                self._told(f"{path}: cannot be read: {exc.strerror or exc}")
            except ForeignError as exc:
                self._told(f"{path}: {exc}: not used")
            self.done_bytes = before + _size(path)

    def _calls(self, path: Path, lines: Lines) -> Iterator[RecordedCall]:
        number, used, unused = 0, 0, 0
        try:
            for number, (text, whole) in enumerate(values(lines), start=1):
                call = self._call(path, number, text)
                if call is not None:
                    used += 1
                    yield call
                elif not whole:
                    raise EOFError
                elif number > 1 or not is_manifest(text):
                    unused += 1
        except _CUT:
            self._told(f"{path}: is cut short; before the cut: {used} {'call' if used == 1 else 'calls'}, used")
        if number == 0:
            self._told(f"{path}: is empty")
        if unused and not used:
            raise ForeignError("is no recording, and no call")
        if unused:
            self.lost += unused
            self._told(f"{path}: {unused} of {number} lines are no calls: not used")

    def _call(self, path: Path, number: int, text: bytes) -> RecordedCall | None:
        """The call in a value of the file; None if it is none, or the manifest.

        Raises:
            ForeignError: the file is of a version that is not known here.
        """
        if b"\\ud" in text or b"\\uD" in text:  # half a character, which one of the hooks spelled like that
            text = readable(text).encode()
        try:
            head = msgspec.json.decode(text, type=_Head)
            if head.schema.startswith(f"{_FAMILY}/") and head.schema != SCHEMA:
                raise ForeignError(f"line {number} begins another version ({head.schema}; this is {SCHEMA})")
            if head.request is msgspec.UNSET:
                return None
            if head.call is not msgspec.UNSET:
                call = msgspec.json.decode(text, type=RecordedCall)
                return call if 0 <= call.at <= _LATEST else None
            return captured(text, f"{path}:{number}" if number > 1 else str(path))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None


class ForeignError(Exception):
    """The file is none of ours."""


def is_manifest(text: bytes) -> bool:
    try:
        return msgspec.json.decode(text, type=_Head).schema == SCHEMA
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


@contextmanager
def opened(path: Path) -> Iterator[tuple[Lines, BinaryIO]]:
    """The file's content, and the file itself for how far it is read."""
    with path.open("rb") as raw:
        magic = raw.read(4)
        raw.seek(0)
        if magic == _ZSTD:
            raise ForeignError("is compressed with zstd (`zstd -d` makes a file that can be read)")
        if magic[:2] == _GZIP:
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield unpacked, raw
        else:
            yield raw, raw


def values(lines: Lines) -> Iterator[tuple[bytes, bool]]:
    """The JSON values of a file: one a line, or spread over lines as a person or `jq` writes them.

    With each whether its line was ended: the last one may have been cut.
    """
    first = lines.readline()
    if first.strip() and not _is_json(first):
        yield from _spread(first + lines.read(_MOST_BYTES))
        return
    while first:
        if first.strip():
            yield first, first.endswith(b"\n") or _is_json(first)
        first = lines.readline()


def _spread(text: bytes) -> Iterator[tuple[bytes, bool]]:
    decoder, at = json.JSONDecoder(), 0
    spelled = text.decode("utf-8", "replace")
    while at < len(spelled):
        try:
            _, end = decoder.raw_decode(spelled, at)
        except (ValueError, RecursionError):
            yield spelled[at:].encode(), at == 0
            return
        yield spelled[at:end].encode(), True
        at = end + len(spelled[end:]) - len(spelled[end:].lstrip())


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=Any)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True
