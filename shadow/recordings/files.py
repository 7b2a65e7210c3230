"""The files of a recording: one an hour, appended to only, bounded together, and left whole by a full disk.

Blocking; runs in the recording process. What could not be written is said by the return value, never raised.
"""

import gzip
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_NAME = re.compile(r"calls-(\d{4}-\d\d-\d\dT\d\d)Z(?:-\d+)?\.jsonl\.gz\Z")
_MOST_IN_AN_HOUR = 1000  # files of the same hour: after restarts, and of replicas with one directory
_LEVEL = 6


@dataclass(slots=True)
class _Open:
    """The file that is written to; `size` is up to where it is whole."""

    path: Path
    descriptor: int
    hour: str
    size: int = 0


class HourlyFiles:
    """Appends chunks of lines, each a gzip member of its own.

    Args:
        max_size: bytes of all recordings in the directory; files of former hours go, the oldest first.
        begin: the first line of a file that is begun at this time, in unix seconds.
    """

    def __init__(self, directory: Path, max_size: int, begin: Callable[[float], bytes]) -> None:
        self._directory = directory
        self._max_size = max_size
        self._begin = begin
        self._open: _Open | None = None

    def append(self, lines: bytes, now: float) -> str | None:
        """Write whole lines; None if they are written, else why not: a sentence of the system's."""
        try:
            file = self._file(now)
            member = gzip.compress(lines, _LEVEL, mtime=0)
            if not self._room(file, len(member)):
                return f"this hour's file alone has reached recording.max_size: {file.path}"
            _write(file, member)
        except OSError as exc:
            self._leave_a_torn_one()
            return f"{exc.strerror or exc}: {exc.filename or self._directory}"
        return None

    def close(self) -> None:
        if self._open is not None:
            os.close(self._open.descriptor)
            self._open = None

    def _leave_a_torn_one(self) -> None:
        """If not even the half that was written could be taken back, the rest goes into another file."""
        if self._open is not None and _size(self._open.path) != self._open.size:
            self.close()

    def _file(self, now: float) -> _Open:
        hour = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H")
        if self._open is not None and self._open.hour == hour:
            return self._open
        self.close()
        file = self._created(hour)
        try:
            _write(file, gzip.compress(self._begin(now), _LEVEL, mtime=0))
        except OSError:
            os.close(file.descriptor)
            with suppress(OSError):
                file.path.unlink()
            raise
        self._open = file
        return file

    def _created(self, hour: str) -> _Open:
        """A file that nobody else writes to: another process may have died amid a line of the former one."""
        self._directory.mkdir(parents=True, exist_ok=True)
        for number in range(1, _MOST_IN_AN_HOUR):
            path = self._directory / f"calls-{hour}Z{'' if number == 1 else f'-{number}'}.jsonl.gz"
            with suppress(FileExistsError):
                return _Open(path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600), hour)
        raise OSError(None, f"{_MOST_IN_AN_HOUR} recordings of one hour", str(self._directory))

    def _room(self, file: _Open, wanted: int) -> bool:
        """Make room by the oldest files of former hours."""
        found = sorted(path for path in self._directory.iterdir() if _NAME.match(path.name) and path != file.path)
        sizes = {path: size for path in found if (size := _size(path)) is not None}
        left = self._max_size - file.size - wanted - sum(sizes.values())
        for path, size in sizes.items():
            match = _NAME.match(path.name)
            if left >= 0 or match is None or match[1] >= file.hour:
                break
            path.unlink(missing_ok=True)
            left += size
        return left >= 0


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _write(file: _Open, member: bytes) -> None:
    """All of it or nothing: half a member would hide what is appended after it."""
    rest = memoryview(member)
    try:
        while rest:
            rest = rest[os.write(file.descriptor, rest) :]
    except OSError:
        with suppress(OSError):
            os.ftruncate(file.descriptor, file.size)
        raise
    file.size += len(member)
