"""The key that look-alikes are made with, from a file that a person names."""

from pathlib import Path

from shadow.cli.common import CommandError, Exit

_LEAST_BYTES = 16


def read_key(path: Path) -> bytes:
    """Its content without surrounding white space.

    Raises:
        CommandError: it cannot be read, or is too short to be a key.
    """
    try:
        key = path.read_bytes().strip()
    except OSError as exc:
        raise CommandError(f"{path} cannot be read: {exc.strerror}", Exit.USAGE) from exc
    if len(key) < _LEAST_BYTES:
        raise CommandError(f"{path} must hold at least {_LEAST_BYTES} bytes", Exit.USAGE)
    return key
