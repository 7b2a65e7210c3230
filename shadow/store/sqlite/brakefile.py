"""The file beside the database that says which brakes are on, for the day the database cannot be written or is gone.

`<database>.brake`: `{migration: {on, version, since, by, because, governed}}`, only of those that are on. It is written
whole, synced and renamed, through a spare that already has its place on the disk: a full disk does not stop a pull.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from shadow.errors import StoreError
from shadow.store.base import Brake
from shadow.store.rows import decode, encode

_SPARE_BYTES = 4096


class BrakeFile:
    def __init__(self, database: Path) -> None:
        self._path = database.with_name(f"{database.name}.brake")
        self._spare = database.with_name(f"{database.name}.brake.spare")

    def read(self) -> dict[str, Brake]:
        """Empty without the file.

        Raises:
            StoreError: it is there and cannot be read: which brakes are on is then not to be guessed.
        """
        try:
            return decode(self._path.read_bytes(), dict[str, Brake])
        except FileNotFoundError:
            return {}
        except OSError as exc:
            raise StoreError(str(self._path), exc.strerror or str(exc)) from exc
        except (ValueError, msgspec.MsgspecError) as exc:
            raise StoreError(str(self._path), f"does not tell which brakes are on ({exc}); mend or remove it") from exc

    def write(self, on: Mapping[str, Brake]) -> None:
        """Replace it.

        Raises:
            StoreError: it could not be made durable; it may still say what it said before.
        """
        data = encode(on)
        try:
            _overwrite(self._spare, data)
            self._spare.rename(self._path)
            _sync_directory(self._path.parent)
        except OSError as exc:
            raise StoreError(str(self._path), exc.strerror or str(exc)) from exc
        self.set_aside(len(data))

    def set_aside(self, size: int = 0) -> None:
        """Claim the room for the next write, twice what this one took. A disk too full for it is no error yet."""
        try:
            _overwrite(self._spare, b" " * max(_SPARE_BYTES, 2 * size))
        except OSError:
            return


def _overwrite(path: Path, data: bytes) -> None:
    """In place, padded with blanks to the size it had: a block that was given back might not be had again."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    with os.fdopen(descriptor, "r+b") as file:
        file.write(data.ljust(os.fstat(descriptor).st_size))
        file.flush()
        os.fsync(descriptor)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
