"""Reads calls from whatever holds them: recordings, cut short or not, parts of them, and calls captured elsewhere.

What cannot be read is told in one line, and the rest is used. Nothing in a file is believed beyond its form.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from shadow.protocol.scan import readable
from shadow.recordings.foreign import captured
from shadow.recordings.lines import CutError, DamagedError, ForeignError, opened, values
from shadow.recordings.model import SCHEMA, Manifest, RecordedCall

Told = Callable[[str], None]
"""Takes one line for a person."""

SUFFIXES: Final = (".jsonl", ".jsonl.gz", ".json", ".json.gz")
"""Of the files that are read in a directory; one that is named is read whatever its name."""

_FAMILY: Final = SCHEMA.partition("/")[0]
_LATEST: Final = 1e11  # seconds: beyond is no time, or one in milliseconds


class NoCallsError(ForeignError):
    """It can be read, and nothing in it is a call."""


class _Head(msgspec.Struct):
    """As much of a line as says what it is."""

    schema: str = ""
    call: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    request: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class Entry:
    """What a line says: a manifest, or a call in the form of a recording; `is_captured`: it was in another one."""

    place: str
    text: bytes
    said: Manifest | RecordedCall
    is_captured: bool = False


class _UnusedError(Exception):
    """The line is no call; the text says why."""


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
        self.lost_lines = 0  # of recordings: no calls, and not used
        self.lost_files = 0  # that may hold calls, and could not be read, or not to the end
        self._files = files
        self._told = told

    def __iter__(self) -> Iterator[RecordedCall]:
        for path in self._files:
            before = self.done_bytes
            try:
                for entry in self.entries(path):
                    if isinstance(entry.said, RecordedCall):
                        yield entry.said
            except OSError as exc:
                self.lost_files += 1
                self._told(f"{path}: cannot be read: {exc.strerror or exc}")
            except ForeignError as exc:
                self.lost_files += not isinstance(exc, NoCallsError)
                self._told(f"{path}: {exc}: not used")
            self.done_bytes = before + _size(path)

    def entries(self, path: Path) -> Iterator[Entry]:
        """What one file holds, manifests included; what is wrong with single lines, or with its end, is told.

        Raises:
            OSError: it cannot be read.
            ForeignError: nothing of it can be used, or nothing from here on.
        """
        before = self.done_bytes
        with opened(path) as (lines, raw):
            counts = _Counts()
            try:
                for entry in _entries(path, values(lines), counts):
                    self.done_bytes = before + raw.tell()
                    yield entry
            except DamagedError as exc:
                self.lost_files += not isinstance(exc, CutError)
                self._told(f"{path}: {exc}; {counts.before()}")
            else:
                counts.check()
        if counts.unused:
            self.lost_lines += counts.unused
            self._told(
                f"{path}: {counts.unused} of {counts.lines} lines are no calls, {counts.why}: not used, the rest is"
            )


@dataclass(slots=True)
class _Counts:
    """Of the lines of one file; `why` is of the first that is not used."""

    lines: int = 0
    used: int = 0
    unused: int = 0
    why: str = ""

    def before(self) -> str:
        """What became of the lines before the one that is damaged."""
        if not self.used:
            return "nothing of it can be used: take another copy"
        return f"before that: {self.used} call{'' if self.used == 1 else 's'}, used"

    def check(self) -> None:
        """After the whole file. Raises NoCallsError if there was no call in it."""
        if self.used:
            return
        if self.unused:
            raise NoCallsError("is no recording, and no call")
        raise NoCallsError("holds nothing but the first line of a recording" if self.lines else "is empty")


def _entries(path: Path, texts: Iterable[bytes], counts: _Counts) -> Iterator[Entry]:
    for counts.lines, text in enumerate(texts, start=1):
        try:
            entry = _entry(path, counts.lines, text)
        except _UnusedError as exc:
            counts.unused += 1
            counts.why = counts.why or f"the first is line {counts.lines} ({exc})"
            continue
        counts.used += isinstance(entry.said, RecordedCall)
        yield entry


def _entry(path: Path, number: int, text: bytes) -> Entry:
    """
    Raises:
        ForeignError: the file is of a version that is not known here.
        _UnusedError: the line holds neither a call nor a manifest.
    """
    if b"\\ud" in text or b"\\uD" in text:  # half a character, which one of the hooks spelled like that
        text = readable(text).encode()
    place = f"{path}:{number}"
    try:
        head = msgspec.json.decode(text, type=_Head)
        if head.schema.startswith(f"{_FAMILY}/") and head.schema != SCHEMA:
            raise ForeignError(
                f"line {number} begins another version ({head.schema}; this is {SCHEMA}; a newer shadow reads it)"
            )
        if head.request is msgspec.UNSET:
            return Entry(place, text, _manifest(head, text))
        if head.call is msgspec.UNSET:
            return Entry(place, text, captured(text, path.name, number), is_captured=True)
        call = msgspec.json.decode(text, type=RecordedCall)
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        raise _UnusedError(str(exc)) from exc
    except RecursionError as exc:
        raise _UnusedError("nested too deeply") from exc
    if not 0 <= call.at <= _LATEST:
        raise _UnusedError("`at` is no time in seconds")
    return Entry(place, text, call)


def _manifest(head: _Head, text: bytes) -> Manifest:
    if head.schema != SCHEMA:
        raise _UnusedError("it has no `request`")
    return msgspec.json.decode(text, type=Manifest)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
