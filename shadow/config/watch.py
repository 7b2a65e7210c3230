"""Notices that a file has changed, by looking: no notification survives every way in which files are replaced.

A ConfigMap swaps the symlink above the file, editors rename, scripts write in place; in between the file may be absent
or half written. So a new text counts once it has kept still from one look to the next.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Protocol

from shadow.errors import ConfigurationError, Problem

_log = logging.getLogger(__name__)
_LOOKS_UNTIL_AGAIN = 20

Stamp = tuple[int, ...]


def stamp_of(path: Path) -> Stamp | None:
    """Changes with the file that the path leads to; None while there is none."""
    try:
        stat = os.stat(path)  # noqa: PTH116 - follows every symlink on the way, which is the point
    except OSError:
        return None
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size


class Watcher:
    """The successive texts of one file, after the one that is already known.

    Args:
        path: May be a symlink, may be absent for a while.
        known: The text that was taken over at the start; it is not told again.
        interval_seconds: Between two looks; a change is told after at most two of them.
    """

    def __init__(self, path: Path, known: str, interval_seconds: float = 0.5) -> None:
        self._path = path
        self._told: str | None = known
        self._interval_seconds = interval_seconds
        self._settled: Stamp | None = None
        self._last: Stamp | None = None
        self._looks_left: int | None = None

    async def __aiter__(self) -> AsyncIterator[str]:
        while True:
            text = self.look()
            if text is not None:
                yield text
            await asyncio.sleep(self._interval_seconds)

    def tell_again(self) -> None:
        """Tell the present text once more after some looks: another file that it names may be there by then."""
        self._looks_left = _LOOKS_UNTIL_AGAIN

    def look(self) -> str | None:
        """The new text, if there is one that has kept still since the last look.

        Bytes that are not UTF-8 come as lone surrogates, which the parser refuses: better said than passed over.
        """
        if self._looks_left is not None and (left := self._looks_left - 1) > 0:
            self._looks_left = left
        elif self._looks_left is not None:
            self._looks_left = self._settled = self._told = None
        stamp, before = stamp_of(self._path), self._last
        self._last = stamp
        if stamp is None or stamp == self._settled or stamp != before:
            return None
        try:
            text = self._path.read_bytes().decode("utf-8", "surrogateescape")
        except OSError:
            return None
        if stamp_of(self._path) != stamp:
            return None
        self._settled = stamp
        if text == self._told:
            return None
        self._told, self._looks_left = text, None
        return text


class Reread(Protocol):
    """A file that is read again when it changes."""

    @property
    def path(self) -> Path: ...

    def usable(self) -> bool:
        """Whether the file as it is now can be taken over."""
        ...


class Presence:
    """Files that were usable at the start: what they held last stays in force while one is not, which is said."""

    def __init__(self, paths: Iterable[Path], files: Iterable[Reread] = ()) -> None:
        """
        Args:
            paths: must be readable.
            files: must hold what is expected of them, too.
        """
        self._paths = tuple(paths)
        self._files = tuple(files)
        self._gone: frozenset[Path] = frozenset()

    def look(self) -> tuple[str, ...]:
        """Those that cannot be used now; the log has a line for each that goes or is back."""
        gone = frozenset(path for path in self._paths if not os.access(path, os.R_OK))
        gone |= {file.path for file in self._files if not file.usable()}
        for path in sorted(gone - self._gone):
            _log.error("%s cannot be used any more; what it held last stays in force", path)
        for path in sorted(self._gone - gone):
            _log.info("%s can be used again", path)
        self._gone = gone
        return tuple(sorted(map(str, gone)))


class SecretFile:
    """A secret's file, read again when it changes. Never shows its content by accident."""

    __slots__ = ("_content", "_stamp", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: Stamp | None = None
        self._content = ""

    def __repr__(self) -> str:
        return f"SecretFile({str(self.path)!r})"

    def read(self) -> str:
        """The content without surrounding white space. While the file cannot be used, the last one known.

        Raises:
            ConfigurationError: if there never was one, and it is absent, empty, too long, or more than one printable
                line.
        """
        fault = self._refresh()
        if fault is not None and not self._content:
            raise ConfigurationError([Problem(str(self.path), fault)])
        return self._content

    def usable(self) -> bool:
        """Whether the file as it is now holds a secret."""
        return self._refresh() is None

    def _refresh(self) -> str | None:
        """Take over what the file holds if it has changed; or what is wrong with it."""
        stamp = stamp_of(self.path)
        if stamp is not None and stamp == self._stamp:
            return None
        try:
            content = self.path.read_bytes().decode("latin-1").strip()
        except OSError:
            return "cannot be read"
        if not content or len(content) > 16_384 or not (content.isascii() and content.isprintable()):
            return "must hold one line of printable ASCII"
        self._stamp, self._content = stamp, content
        return None
