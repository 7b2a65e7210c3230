"""One secret that every test of a whole proxy plants, and the search for it in all that a test run leaves behind.

Objects carry it in an annotation (so it is in what was last applied, too), calls and answers in a cookie. Searched are
the files below pytest's own directory, a database cell by cell, what each test printed or logged, what the control
address answers, what a collector was sent, and the PostgreSQL server of the tests. Only stand-ins may be there.
"""

import base64
import gzip
import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

CANARY = "fake-canary-of-every-run-5b1d"
ANNOTATION = {"example.com/password": CANARY}
COOKIE = f"session={CANARY}"

_DEPTH = 3  # one packing within another
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{12,}={0,2}")
_PACKED = (b"\x1f\x8b", b"\x78")  # how gzip and zlib begin


def is_in(data: bytes, secret: str = CANARY) -> bool:
    """As it is, in hexadecimal digits or base64, also in what is packed."""
    return any(spelling in raw for raw in unpacked(data, secret) for spelling in _spellings(secret))


def _spellings(secret: str) -> tuple[bytes, ...]:
    """Letters, digits and dashes are the same in JSON, HTML, CSV and a URL."""
    return secret.encode(), secret.encode().hex().encode()


def unpacked(data: bytes, hint: str = "canary", depth: int = _DEPTH) -> Iterator[bytes]:
    """The bytes, and what they are when decompressed or decoded, as often as that goes.

    Args:
        hint: what is decoded of base64 only counts with this in it.
    """
    yield data
    if not depth:
        return
    for inner in (*_decompressed(data), *_decoded(data, hint.encode())):
        yield from unpacked(inner, hint, depth - 1)


def _decompressed(data: bytes) -> Iterator[bytes]:
    if not data.startswith(_PACKED):
        return
    for unpack in (gzip.decompress, zlib.decompress):
        try:
            yield unpack(data)
        except (OSError, EOFError, zlib.error):
            continue


def _decoded(data: bytes, hint: bytes) -> Iterator[bytes]:
    """Wherever it begins: base64 of what stands before shifts it by up to three characters."""
    if not any(spelled in data for spelled in _in_base64(hint)):
        return
    for match in _BASE64.finditer(data):
        for start in range(4):
            text = match[0][start:].rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
            text = text[: len(text) - (len(text) % 4 == 1)]
            decoded = base64.b64decode(text + b"=" * (-len(text) % 4))
            if hint in decoded:
                yield decoded


def _in_base64(text: bytes) -> tuple[bytes, ...]:
    """Without the characters at its ends, which its neighbours decide; cheap to look for."""
    spelled = [base64.b64encode(b"x" * shift + text).rstrip(b"=") for shift in range(3)]
    return tuple(each[(0, 2, 3)[shift] : -1] for shift, each in enumerate(spelled))


def leaks(directory: Path, secret: str = CANARY) -> Iterator[Path]:
    """The files that it is in."""
    for path in directory.rglob("*"):
        if path.is_file() and not path.is_symlink() and any(is_in(data, secret) for data in _contents(path)):
            yield path


def _contents(path: Path) -> Iterator[bytes]:
    data = path.read_bytes()
    yield data
    if data.startswith(b"SQLite format 3\0"):
        try:
            yield from stored(path)
        except sqlite3.Error:  # damaged on purpose
            return


def stored(path: Path) -> Iterator[bytes]:
    """What is in a SQLite database, cell by cell."""
    with closing(sqlite3.connect(path)) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            yield from cells(database.execute(f"SELECT * FROM {table}"))


def cells(rows: Iterable[Iterable[object]]) -> Iterator[bytes]:
    for row in rows:
        yield from (bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode() for cell in row)
