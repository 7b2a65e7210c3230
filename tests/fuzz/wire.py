"""The two readers of HTTP: of answers, and of hook calls. However the bytes are cut, they mean the same."""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

from uvicorn.config import Config

from shadow.memory import Memory
from shadow.proxy.calls.call import Reply
from shadow.terms import Hook, Side
from shadow.upstream.answer import AnswerReader
from shadow.upstream.base import Headers
from shadow.web.connection import HookConnection
from shadow.web.crowd import Crowd
from shadow.web.hooks import HookEndpoint
from tests.fuzz.damage import pieces

MAX_BODY = 4096
BODY = b'{"attachments": []}'
ANSWERS = (
    b"HTTP/1.1 200 OK\r\ncontent-length: 19\r\ncontent-type: application/json\r\n\r\n" + BODY,
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n13\r\n"
    + BODY
    + b"\r\n0\r\nx: y\r\n\r\n",
    b"HTTP/1.0 500 Oops\r\nserver: x\r\n\r\nTraceback",
    b'HTTP/1.1 304 Not Modified\r\netag: "a"\r\n\r\n',
)
CALLS = (
    b"POST /m/sync HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}",
    b"POST /m/sync HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}" * 3,
    b"POST /m/sync HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    b"POST http://x/m/finalize?a=b HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n{}",
)


def answer(data: bytes, luck: random.Random) -> None:
    whole, cut = _answer([data]), _answer(pieces(luck, data))
    assert whole == cut, (whole, cut)
    status, headers, body, fault = whole
    if fault is None:
        assert 200 <= status <= 599
        assert len(body) <= MAX_BODY
        assert not any(set(b"\r\n\0") & set(name + value) for name, value in headers)


def _answer(parts: list[bytes]) -> tuple[int, list[tuple[bytes, bytes]], bytes, str | None]:
    reader = AnswerReader(MAX_BODY)
    for part in parts:
        if reader.feed(part):
            break
    else:
        reader.end()
    if reader.fault is not None:
        return 0, [], b"", "fault"  # which of several faults is seen first depends on the cut
    return reader.status, list(reader.headers), reader.body, None


@dataclass
class _Dispatcher:
    bodies: list[tuple[Hook, bytes]] = field(default_factory=list)

    async def handle(self, migration: object, hook: Hook, headers: Headers, body: bytes) -> tuple[Reply, str]:
        self.bodies.append((hook, body))
        return Reply(200, [], b"{}", Side.OLD, "stage"), "call"


class _Wire(asyncio.Transport):
    """Takes what is written; closed it stays."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def writelines(self, parts: Any) -> None:
        self.written += map(bytes, parts)

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        pass

    resume_reading = pause_reading

    def is_reading(self) -> bool:
        return True


class CallReader:
    """Feeds connections of one endpoint, which remembers heads from one to the next, and of fresh ones."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._endpoint, self._dispatcher = _endpoint()

    def __call__(self, data: bytes, luck: random.Random) -> None:
        fresh, dispatcher = _endpoint()
        whole = self._loop.run_until_complete(_fed(fresh, dispatcher, [data]))
        cut = self._loop.run_until_complete(_fed(*_endpoint(), pieces(luck, data)))
        known = self._loop.run_until_complete(_fed(self._endpoint, self._dispatcher, [data]))
        assert whole == cut == known, (whole, cut, known)
        assert all(len(body) <= MAX_BODY for _, body in whole)

    def close(self) -> None:
        self._loop.close()


def _endpoint() -> tuple[HookEndpoint, _Dispatcher]:
    dispatcher: Any = _Dispatcher()
    migrations: Any = {"m": object()}
    return HookEndpoint(dispatcher, lambda: migrations, lambda: None, MAX_BODY, Memory()), dispatcher


async def _fed(endpoint: HookEndpoint, dispatcher: _Dispatcher, parts: list[bytes]) -> list[tuple[Hook, bytes]]:
    """The calls that were made of these bytes, up to where the connection was closed."""
    dispatcher.bodies.clear()
    config, state, wire = Config(endpoint), Crowd(8, 10.0), _Wire()
    connection = HookConnection(config, state, None, asyncio.get_running_loop())
    state.arrive(connection, wire.abort)
    connection.connection_made(wire)
    for part in parts:
        if wire.closed:
            break
        connection.data_received(part)
    while state.tasks:
        await asyncio.wait(state.tasks)
        await asyncio.sleep(0)
    connection.connection_lost(None)
    return list(dispatcher.bodies)
