"""One process at a time serves from a file: a second one would count and pull the brake behind the first one's back."""

import fcntl
import os
from pathlib import Path

from shadow.errors import StoreError

_REMEDY = "let this user write there, or let `store` name another place"
_OTHER = "end that process, or let `store` name another file"


class Lock:
    """An exclusive lock on `<database>.lock`. The kernel lets go of it when the process ends, however it ends."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._path = database.with_name(f"{database.name}.lock")
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take it or fail at once.

        Raises:
            StoreError: another process holds it, or the file cannot be made.
        """
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as exc:
            raise StoreError(str(self._database), f"cannot make {self._path}: {exc.strerror}; {_REMEDY}") from exc
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise StoreError(
                str(self._database), f"another process serves from it (pid {holder or '?'}); {_OTHER}"
            ) from exc
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
