"""The key that stand-ins for secrets are derived with: from the configured file, else from one beside the database."""

import os
import secrets
from pathlib import Path

from shadow.errors import ConfigurationError, Problem, StoreError

_KEY_BYTES = 32


def redaction_key(configured: Path | None, beside: Path | None) -> bytes:
    """Read the key; make one, readable by its owner alone, if none is configured and there is none yet.

    Args:
        configured: `redaction.key_file`; its content without surrounding white space, at least 16 bytes.
        beside: the database's path; the key's is that with `.key`. None: the database is no file.

    Raises:
        ConfigurationError: the configured file cannot be used.
        StoreError: a key can be neither read nor made beside the database.
    """
    if configured is not None:
        return _configured(configured)
    if beside is None:
        raise ConfigurationError([Problem("redaction.key_file", "is required: all replicas need the same key")])
    path = beside.with_name(beside.name + ".key")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _kept(path)
    except OSError as exc:
        raise StoreError(str(path), f"no redaction key can be made here: {exc.strerror}") from exc
    key = secrets.token_bytes(_KEY_BYTES)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.hex().encode())
        file.flush()
        os.fsync(file.fileno())
    return key.hex().encode()


def _kept(path: Path) -> bytes:
    try:
        key = path.read_bytes().strip()
    except OSError as exc:
        raise StoreError(str(path), f"the redaction key cannot be read: {exc.strerror}") from exc
    if len(key) < _KEY_BYTES:
        raise StoreError(str(path), "the redaction key is cut short; remove the file and a new one is made")
    return key


def _configured(path: Path) -> bytes:
    try:
        key = path.read_bytes().strip()
    except OSError as exc:
        raise ConfigurationError([Problem("redaction.key_file", f"{path} cannot be read: {exc.strerror}")]) from exc
    if len(key) < 16:
        raise ConfigurationError([Problem("redaction.key_file", f"{path} must hold at least 16 bytes")])
    return key
