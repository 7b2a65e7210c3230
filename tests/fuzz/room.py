"""What is counted of callers: connections that arrive, and memory for bodies. Whatever they do, it is given back."""

import asyncio
import contextlib
import random
import select
import socket
import ssl

from shadow.memory import Allotment, Memory
from shadow.web.accept import Acceptor
from shadow.web.crowd import Crowd
from tests.fuzz.damage import pieces
from tests.hook_server import RESET_ON_CLOSE

_MOST_BYTES = 1000
_MOST_CALLERS = 3
_SOON_SECONDS = 5.0


def _hello() -> bytes:
    """How a client begins a handshake."""
    out, context = ssl.MemoryBIO(), ssl.create_default_context()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost").do_handshake()
    return out.read()


_HELLO = _hello()
ARRIVALS = (
    _HELLO,
    _HELLO * 3,
    b"\x16\x03\x01\x40\x00",
    b"\x15\x03\x03\x00\x02\x02\x28",
    b"POST /m/sync HTTP/1.1\r\n",
)
HOLDINGS = (bytes(range(0, 250, 7)), bytes(reversed(range(0, 250, 3))))


class Arrivals:
    """Connections that say this, to an address with TLS and to one without; whoever has gone counts no more."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    def __call__(self, data: bytes, luck: random.Random) -> None:
        for tls in (None, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)):
            self._loop.run_until_complete(_came_and_went(data, luck, tls))

    def close(self) -> None:
        self._loop.close()


class _Speaker(asyncio.Protocol):
    """Hangs up on whoever gets as far as to say something."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if not self._crowd.begin(self, transport.abort):
            transport.abort()

    def data_received(self, data: bytes) -> None:
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.leave(self)


async def _came_and_went(data: bytes, luck: random.Random, tls: ssl.SSLContext | None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        bound.setblocking(False)
        crowd = Crowd(_MOST_CALLERS, _SOON_SECONDS)
        acceptor = Acceptor(bound, lambda: _Speaker(crowd), tls, crowd)
        at_rest = asyncio.all_tasks()
        callers = [socket.create_connection(bound.getsockname()) for _ in range(luck.choice((1, 2, 5)))]
        for caller in callers:
            await _say(caller, pieces(luck, data))
        assert len(crowd.connections) <= _MOST_CALLERS
        for caller in callers:
            if luck.random() < 0.5:
                caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            caller.close()
        async with asyncio.timeout(_SOON_SECONDS):
            while crowd.connections or asyncio.all_tasks() != at_rest or _is_waiting(bound):
                await asyncio.sleep(0.001)
        _has_room_for_all(crowd)
        acceptor.close()
        await acceptor.wait_closed()


async def _say(caller: socket.socket, parts: list[bytes]) -> None:
    with contextlib.suppress(OSError):  # it was hung up on
        for part in parts:
            caller.send(part)
            await asyncio.sleep(0)


def _is_waiting(bound: socket.socket) -> bool:
    """Whether there is a connection that was not taken yet."""
    return bool(select.select([bound], [], [], 0)[0])


def _has_room_for_all(crowd: Crowd) -> None:
    sent_away: list[str] = []
    for _ in range(_MOST_CALLERS):
        assert crowd.arrive(_Speaker(crowd), lambda: sent_away.append("for another one"))
    assert not sent_away


def holdings(data: bytes, luck: random.Random) -> None:
    """Each byte is something that a holder does: there is never more than was asked for, nor anything left."""
    memory = Memory(_MOST_BYTES)
    _hold(memory, data[:2000], luck)
    assert memory.held == 0


def _hold(memory: Memory, data: bytes, luck: random.Random) -> None:
    holders: list[tuple[Allotment, list[int]]] = []
    for byte in data:
        size = byte * luck.choice((1, 10))
        if not holders or byte % 5 == 0:
            holders.append((memory.allot(), []))
        at = luck.randrange(len(holders))
        allotment, sizes = holders[at]
        match byte % 4:
            case 0:
                holders[at] = memory.allot(), []
                del allotment
            case 1:
                allotment.end()
                sizes.clear()
            case _:
                room = _MOST_BYTES - memory.held
                assert allotment.take(size) is (size <= room)
                sizes += [size] * (size <= room)
        assert memory.held == sum(sum(sizes) for _, sizes in holders)
        assert memory.is_scarce is (2 * memory.held > _MOST_BYTES)
