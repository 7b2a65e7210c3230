"""The Authorization header that an implementation wants, from a file that may be replaced while we run."""

import time
from collections.abc import Callable
from pathlib import Path

from shadow.errors import ConfigurationError, Problem

LOOK_SECONDS = 1.0
"""How often the file is looked at; a rotated token is in use this much later."""


class AuthorizationFile:
    """The content of the file, without surrounding white space, is the header's whole value (`Bearer ...`)."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises ConfigurationError if the file cannot be read now, or does not hold one line."""
        self._path = path
        self._clock = clock
        self._looked_at = clock()
        try:
            self._stamp = self._look()
            self._value = self._read()
        except (OSError, ValueError) as exc:
            reason = exc.strerror if isinstance(exc, OSError) else exc
            raise ConfigurationError([Problem("authorization_file", f"{path}: {reason}")]) from exc

    def value(self) -> bytes:
        """The present value. A file that is gone or empty for a moment leaves the last good value in force."""
        now = self._clock()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            try:
                self._refresh()
            except (OSError, ValueError):
                return self._value
        return self._value

    def _refresh(self) -> None:
        stamp = self._look()
        if stamp != self._stamp:
            self._value = self._read()
            self._stamp = stamp

    def _look(self) -> tuple[int, int, int]:
        stat = self._path.stat()
        return stat.st_ino, stat.st_mtime_ns, stat.st_size

    def _read(self) -> bytes:
        value = self._path.read_bytes().strip()
        if not value or b"\n" in value or b"\r" in value:
            raise ValueError("must hold exactly one line")
        return value
