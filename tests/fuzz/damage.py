"""Damaged copies of what is valid: the bytes that find the cracks of a reader are those that are almost right."""

import random
from collections.abc import Sequence

_TOKENS = (
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b"content-length: 5\r\n", b"transfer-encoding: chunked\r\n",
    b"connection: close\r\n", b"0\r\n\r\n", b"5\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"POST /m/sync HTTP/1.1\r\n",
    b"expect: 100-continue\r\n",
    b"{", b"}", b"[", b"]", b'"', b"\\", b"\\ud800", b"\\u0000", b"null", b"true", b"-0", b"1e999", b"9" * 40, b"1.0",
    b"NaN", b'"kind":"Secret"', b'"metadata":', b"\xff\xfe", b"\xf0\x9f\x92\xa9", b"[" * 200, b'{"a":' * 200,
    b"&a ", b"*a", b"!!python/object:os.system ", b"<<: ", b"---\n", b"? ", b"|\n", b"%TAG ", b"*" * 50, b"(", b")",
)  # fmt: skip


def damaged(luck: random.Random, seeds: Sequence[bytes]) -> bytes:
    """One of the seeds with up to a handful of things done to it."""
    data = bytearray(luck.choice(seeds))
    for _ in range(luck.choice((0, 1, 1, 2, 3, 8))):
        at = luck.randrange(len(data) + 1)
        to = min(len(data), at + luck.choice((1, 2, 8, 64)))
        match luck.randrange(6):
            case 0 if data:
                data[at % len(data)] = luck.randrange(256)
            case 1:
                data[at:at] = luck.choice(_TOKENS)
            case 2:
                del data[at:to]
            case 3:
                data[at:at] = data[at:to] * luck.choice((1, 2, 50))
            case 4:
                other = luck.choice(seeds)
                data[at:] = other[luck.randrange(len(other) + 1) :]
            case _:
                data[at:to] = luck.choice(_TOKENS)
    return bytes(data)


def pieces(luck: random.Random, data: bytes) -> list[bytes]:
    """The same bytes as a network might cut them."""
    cuts = sorted(luck.randrange(len(data) + 1) for _ in range(luck.choice((0, 1, 3, 10))))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True) if a < b]
