"""The two implementations of the campaign: answers that are a function of the request alone, and every bad habit.

An answer says whose it is and repeats the request's nonce, so that whoever reads it knows whether it is the right one.
"""

import asyncio
import gzip
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

from shadow.terms import Side
from tests.proxy.bodies import config_map

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
GIGABYTE = 1 << 30
_BOMB_BYTES = 64 << 20
"""What a kilobyte-sized answer claims to be once unpacked."""

ONE, TWO = config_map("one"), config_map("two")


def answer_of(side: Side, key: str, nonce: str) -> dict[str, Any]:
    """`new` wants one more object than `old`; nothing that either says deletes what is observed."""
    items = [ONE] if side is Side.OLD else [ONE, TWO]
    return {key: items, "status": {"side": side.value, "nonce": nonce}}


class Exchange:
    """One call at an implementation, read and not yet answered."""

    def __init__(self, side: Side, body: bytes, writer: asyncio.StreamWriter) -> None:
        self.side = side
        self.body = body
        self.writer = writer

    @property
    def answer(self) -> bytes:
        request = json.loads(self.body)
        root, key = ("parent", "children") if "parent" in request else ("object", "attachments")
        nonce = request[root]["metadata"]["annotations"]["nonce"]
        return json.dumps(answer_of(self.side, key, nonce)).encode()

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def send_answer(self, body: bytes | None = None, *headers: bytes) -> None:
        body = self.answer if body is None else body
        head = b"".join([b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n" % len(body), *headers, b"\r\n"])
        await self.send(head + body)

    def reset(self) -> None:
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)


Habit = Callable[[Exchange], Awaitable[bool]]
"""Answers a call, or does something else; returns whether the connection stays open."""


async def right(exchange: Exchange) -> bool:
    await exchange.send_answer()
    return True


async def hangs(exchange: Exchange) -> bool:
    await asyncio.sleep(60)
    return False


async def resets_amid_its_answer(exchange: Exchange) -> bool:
    answer = exchange.answer
    await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(answer), answer[: len(answer) // 2]))
    exchange.reset()
    return False


async def drips_a_byte_a_second(exchange: Exchange) -> bool:
    answer = exchange.answer
    await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(answer))
    for at in range(len(answer)):
        await exchange.send(answer[at : at + 1])
        await asyncio.sleep(1)
    return True


async def sends_a_gigabyte(exchange: Exchange) -> bool:
    """Without saying so first, which would be refused at once."""
    await exchange.send(b'HTTP/1.1 200 OK\r\n\r\n{"attachments": [], "status": {"x": "')
    piece = b"x" * (1 << 20)
    for _ in range(GIGABYTE // len(piece)):
        await exchange.send(piece)
    return False


_BOMB = gzip.compress(gzip.compress(b'{"attachments": [], "x": "' + b"0" * _BOMB_BYTES + b'"}'))


async def sends_a_zip_bomb(exchange: Exchange) -> bool:
    await exchange.send_answer(_BOMB, b"content-type: application/json\r\n", b"content-encoding: gzip, gzip\r\n")
    return True


async def closes_idle_connections(exchange: Exchange) -> bool:
    """Right after an answer that promised to keep the connection: under the feet of whoever sends the next call."""
    await exchange.send_answer()
    return False


async def answers_nonsense(exchange: Exchange) -> bool:
    await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 7\r\n\r\n{}{}{}{}")
    return False


class Implementation:
    """An HTTP server on a port of its own that does as its habit is; `stop` and `start` keep the port."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.habit: Habit = right
        self.port = 0
        self.calls = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse connections and break those that are there."""
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while body := await read_body(reader):
                self.calls += 1
                if not await self.habit(Exchange(self.side, body, writer)):
                    return
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return  # the proxy gave up, or the campaign is over
        finally:
            self._writers.discard(writer)
            writer.close()


async def read_body(reader: asyncio.StreamReader) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
    return await reader.readexactly(int(length.partition(b":")[2]))
