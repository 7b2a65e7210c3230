"""Our own HTTP/1.1 client for hook calls: asyncio protocols and llhttp, kept-alive connections, one deadline.

A hook may create something at every call (an access key), so a request is never sent twice. A kept connection is
looked at right before use and replaced if the other end has closed it; one that breaks later is an observation, and
Metacontroller comes back by itself. Redirects are statuses like any other, and compression is never asked for.
"""

import asyncio
import socket
import ssl
from collections import deque
from time import perf_counter

from shadow.memory import Memory
from shadow.upstream.address import Address
from shadow.upstream.answer import Fault, no_heads
from shadow.upstream.base import Headers, Observation
from shadow.upstream.connection import Connection
from shadow.upstream.deadlines import Deadlines
from shadow.upstream.resolver import Resolver
from shadow.upstream.tls import ClientTls, TlsFiles

MAX_ANSWER_BYTES = 64 * 1024 * 1024
IDLE_SECONDS = 4.0
"""Common servers close an idle connection after five seconds; going first keeps us out of that race. A server that
serves one connection at a time is blocked by an idle one, so they are closed by a timer, not only when next needed."""


class AsyncioTransport:
    """Implements `shadow.upstream.base.Transport` for one origin. Belongs to the event loop it is first used in."""

    def __init__(
        self,
        address: Address,
        tls: TlsFiles | None = None,
        memory: Memory | None = None,
        *,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        idle_seconds: float = IDLE_SECONDS,
        max_idle: int = 64,
    ) -> None:
        self._address = address
        self._tls = ClientTls(tls or TlsFiles()) if address.tls else None
        self._resolver = Resolver(address.host, address.port)
        self._memory = memory
        self._max_answer_bytes = max_answer_bytes
        self._idle_seconds = idle_seconds
        self._max_idle = max_idle
        self._idle: deque[Connection] = deque()  # the longest idle first
        self._reaper: asyncio.TimerHandle | None = None
        self._latest: tuple[str, Headers, bytes] = "", (), b""  # path, headers, and the lines that they are
        self._answer_heads = no_heads()
        self._deadlines = Deadlines()
        self._closed = False

    async def post(
        self, path: str, headers: Headers, body: bytes, timeout_seconds: float, own: Headers = ()
    ) -> Observation:
        """`path` is a complete, encoded request target. Raises ValueError for a header that holds a line break."""
        loop = asyncio.get_running_loop()
        started = perf_counter()  # uvloop's clock has a resolution of a millisecond
        deadline = loop.time() + timeout_seconds
        head = b"%b%bcontent-length: %d\r\n\r\n" % (self._opening(path, headers), _lines(own), len(body))
        opened = self._take() or await self._open(loop, deadline)
        if isinstance(opened, Fault):
            return _failed(opened, perf_counter() - started)
        waiter = opened.begin(head, body, deadline)
        try:
            await waiter
        finally:
            opened.end(waiter)
        answer = opened.answer
        seconds = perf_counter() - started
        self._give_back(loop, opened)
        if answer.fault is not None:
            observation = _failed(answer.fault, seconds)
        else:
            observation = Observation(answer.status, answer.headers, answer.body, seconds)
        answer.let_go()
        return observation

    async def close(self) -> None:
        """Close what is idle; exchanges under way end by themselves and are not kept."""
        self._closed = True
        if self._reaper is not None:
            self._reaper.cancel()
        while self._idle:
            self._idle.pop().close()
        await self._resolver.close()
        await asyncio.sleep(0)  # transports close their sockets in the loop's next round

    def _opening(self, path: str, headers: Headers) -> bytes:
        """The first lines of a request. Only a tuple is remembered: nobody can change it."""
        latest = self._latest
        if latest[1] is headers and latest[0] == path:
            return latest[2]
        opening = f"POST {path} HTTP/1.1\r\nhost: {self._address.authority}\r\n".encode("ascii") + _lines(headers)
        if isinstance(headers, tuple):
            self._latest = path, headers, opening
        return opening

    # --- connections -------------------------------------------------------------------------------------------

    def _take(self) -> Connection | None:
        """The connection used last, so that those not needed grow old."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_stale():
                return connection
            connection.abort()
        return None

    def _give_back(self, loop: asyncio.AbstractEventLoop, connection: Connection) -> None:
        if connection.closed:
            return
        if self._closed or len(self._idle) >= self._max_idle:
            connection.close()
            return
        connection.idle_since = loop.time()
        self._idle.append(connection)
        if self._reaper is None:
            self._reaper = loop.call_later(self._idle_seconds, self._reap, loop)

    def _reap(self, loop: asyncio.AbstractEventLoop) -> None:
        self._reaper = None
        oldest_kept = loop.time() - self._idle_seconds
        while self._idle and (self._idle[0].closed or self._idle[0].idle_since <= oldest_kept):
            self._idle.popleft().close()
        if self._idle:
            self._reaper = loop.call_at(self._idle[0].idle_since + self._idle_seconds, self._reap, loop)

    async def _open(self, loop: asyncio.AbstractEventLoop, deadline: float) -> Connection | Fault:
        try:
            async with asyncio.timeout_at(deadline):
                return await self._connect(loop)
        except OSError as exc:  # TimeoutError is one
            return connect_fault(exc, self._address)

    async def _connect(self, loop: asyncio.AbstractEventLoop) -> Connection:
        """To the first of the host's addresses that takes the connection."""
        context = self._tls.context() if self._tls else None
        failure = OSError("the name has no address")
        for host in await self._resolver.addresses():
            try:
                _, connection = await loop.create_connection(
                    lambda: Connection(loop, self._max_answer_bytes, self._answer_heads, self._deadlines, self._memory),
                    host,
                    self._address.port,
                    ssl=context,
                    server_hostname=self._address.host if context else None,
                )
            except OSError as exc:
                failure = exc
            else:
                return connection
        raise failure


def connect_fault(exc: OSError, address: Address) -> Fault:
    """What a failed attempt to connect is called."""
    where = f"{address.host}:{address.port}"
    if isinstance(exc, TimeoutError):
        return Fault("timeout", f"no connection to {where} in time")
    if isinstance(exc, socket.gaierror):
        return Fault("unresolved", f"the name {address.host} cannot be resolved: {exc.strerror}")
    if isinstance(exc, ssl.SSLError):
        return Fault("tls", f"no TLS connection to {where}: {exc.reason or exc.strerror or 'handshake failed'}")
    if address.tls and isinstance(exc, (ConnectionResetError, ConnectionAbortedError, FileNotFoundError)):
        return Fault("tls", f"no TLS connection to {where}: {exc.strerror or 'closed amid the handshake'}")
    return Fault("refused", f"no connection to {where}: {exc.strerror or exc}")


def _lines(headers: Headers) -> bytes:
    lines = b"".join([b"%b: %b\r\n" % header for header in headers])
    if lines.count(b"\n") != len(headers) or lines.count(b"\r") != len(headers):
        raise ValueError("a header holds a line break")
    return lines


def _failed(fault: Fault, seconds: float) -> Observation:
    return Observation(None, (), b"", seconds, fault.code, fault.detail)
