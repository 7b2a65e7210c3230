"""Texts that hold another text as base64, as a ConfigMap's `binaryData` and the annotations of some tools do."""

import base64
import gzip
import io
import re
import zlib
from typing import Final

_BEGINNING: Final = re.compile(r"(?:H4sI|LS0t|eyJ|ewo|YXBp)[A-Za-z0-9+/\s]{12,}={0,2}\s*\Z")
"""Of what gzip packed, of PEM, JSON or a manifest."""
_MOST_BYTES: Final = 1 << 20


def looks_packed(value: str) -> bool:
    """Whether it begins as base64 of a text that may hold a secret, and is base64 all through."""
    return _BEGINNING.match(value) is not None


def unpacked(value: str) -> str | None:
    """What base64, of gzip or not, decodes to; None: no text.

    Raises:
        ValueError: it is more than anybody should look through.
    """
    try:
        data = base64.b64decode(value)
        if data.startswith(b"\x1f\x8b"):
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
                data = packed.read(_MOST_BYTES)
    except (ValueError, OSError, EOFError, zlib.error):
        return None
    if len(data) >= _MOST_BYTES:
        raise ValueError("too much to look through")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
