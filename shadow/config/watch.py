"""Notices that a file has changed, by looking: no notification survives every way in which files are replaced.

A ConfigMap swaps the symlink above the file, editors rename, scripts write in place; in between the file may be absent
or half written. So a new text counts once it has kept still from one look to the next.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

from shadow.errors import ConfigurationError, Problem

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
        self._told = known
        self._interval_seconds = interval_seconds
        self._settled: Stamp | None = None
        self._last: Stamp | None = None

    async def __aiter__(self) -> AsyncIterator[str]:
        while True:
            text = self.look()
            if text is not None:
                yield text
            await asyncio.sleep(self._interval_seconds)

    def look(self) -> str | None:
        """The new text, if there is one that has kept still since the last look.

        Bytes that are not UTF-8 come as lone surrogates, which the parser refuses: better said than passed over.
        """
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
        self._told = text
        return text


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
        """The content without surrounding white space. While the file is absent, the last one known.

        Raises:
            ConfigurationError: if there never was one, or it is empty, too long, or more than one printable line.
        """
        stamp = stamp_of(self.path)
        if stamp is not None and stamp != self._stamp:
            content = self._load()
            if content is not None:
                self._stamp, self._content = stamp, content
        if not self._content:
            raise self._fault("cannot be read")
        return self._content

    def _load(self) -> str | None:
        try:
            raw = self.path.read_bytes()
        except OSError:
            return None
        content = raw.decode("latin-1").strip()
        if not content or len(content) > 16_384 or not (content.isascii() and content.isprintable()):
            raise self._fault("must hold one line of printable ASCII")
        return content

    def _fault(self, message: str) -> ConfigurationError:
        return ConfigurationError([Problem(str(self.path), message)])
