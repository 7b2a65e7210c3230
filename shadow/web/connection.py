"""Our own HTTP/1.1 server connection for hook calls: llhttp in front of the hook endpoint, one request at a time.

Setting `server.http: uvicorn` uses the stock one, which costs 40 microseconds more for each call. Either way uvicorn
owns sockets, TLS and shutdown; only the protocol of one connection is decided here. llhttp refuses what two readers
could understand differently; beyond that heads are bounded in bytes, bodies by `server.max_body`, and both in time.
"""

import asyncio
import logging
from collections import deque
from functools import lru_cache
from http import HTTPStatus
from typing import cast
from urllib.parse import unquote_to_bytes

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser, parse_url
from httptools.parser.errors import HttpParserInvalidURLError
from uvicorn.config import Config

from shadow.errors import RequestError
from shadow.proxy.calls.headers import first
from shadow.upstream.base import Headers
from shadow.web.crowd import Crowd
from shadow.web.hooks import Admitted, HookEndpoint, RequestHead, Response, refused

MAX_HEAD_BYTES = 64 * 1024
"""Of everything in a request but its body; llhttp itself has no limit."""

REQUEST_SECONDS = 10.0
"""From a request's first byte to its last. Metacontroller sends it at once; whoever does not, holds a connection."""

_MOST_HEAD_BYTES = 4096  # of one that is remembered

_NO_UPGRADE = "hooks are called with plain HTTP/1.1"

_CHUNK_OVERHEAD = 8
"""Bytes around each byte of a chunked body: `1\\r\\nx\\r\\n` are five."""

_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}

_log = logging.getLogger(__name__)


class Incoming:
    """One request as it comes in."""

    __slots__ = ("admitted", "error", "headers", "keep_alive", "method", "parts", "path", "read_headers", "size", "url")

    def __init__(self) -> None:
        self.url = b""
        self.method = ""
        self.path = ""
        self.headers: Headers = ()
        self.read_headers: list[tuple[bytes, bytes]] = []
        self.parts: list[bytes] = []
        self.size = 0
        self.admitted: Admitted | None = None
        self.error: RequestError | None = None
        self.keep_alive = False


class HookConnection(asyncio.Protocol):
    """As uvicorn makes one for each connection: the keywords of the constructor and `shutdown` are its interface."""

    def __init__(
        self,
        config: Config,
        server_state: Crowd,
        app_state: object,  # noqa: ARG002 - uvicorn gives it; there is no lifespan here
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        assert isinstance(config.app, HookEndpoint)
        self._endpoint = config.app
        self._state = server_state
        self._idle_seconds = config.timeout_keep_alive
        self._loop = _loop or asyncio.get_running_loop()
        self._parser = HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._incoming = Incoming()
        self._complete: deque[Incoming] = deque()
        self._task: asyncio.Task[None] | None = None
        self._raw = 0  # bytes since the request began, its body's among them
        self._head = b""  # of the request that is being read, if it came in one piece
        self._left = 0  # bytes of its body still to come, under a head that was known
        self._active_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._partial = False  # whether a request has begun that is not complete
        self._deadline: asyncio.TimerHandle | None = None  # for that
        self._writable = True
        self._ending = False

    # --- asyncio's and uvicorn's callbacks ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if not self._state.enter(self, self._transport):
            self._transport.abort()
            return
        self._active_at = self._loop.time()
        self._timer = self._loop.call_later(self._idle_seconds, self._look_whether_idle)

    def connection_lost(self, _exc: Exception | None) -> None:
        """A call under way is finished all the same: it was counted, and may have created something."""
        self._state.leave(self)
        self._complete.clear()
        if self._timer is not None:
            self._timer.cancel()
        self._complete_in_time()

    def data_received(self, data: bytes) -> None:
        if self._ending:
            return
        self._raw += len(data)
        if self._left:
            self._take(data)
        elif self._partial or not self._begins_as_before(data):
            self._read(data)
        if self._partial and self._deadline is None and not self._ending:
            self._deadline = self._loop.call_later(REQUEST_SECONDS, self._too_slow)

    def _begins_as_before(self, data: bytes) -> bool:
        """Whether a request begins with a head that llhttp has read before, byte for byte: it is not read again."""
        end = data.find(b"\r\n\r\n") + 4
        self._head = data[:end] if 4 <= end <= _MOST_HEAD_BYTES else b""
        known = self._endpoint.heads.get(self._head)
        if known is None:
            return False
        incoming = self._incoming
        incoming.method, incoming.headers = known.method, known.headers
        self._admit(incoming, known.path)
        self._partial, self._left = True, known.length
        self._take(data[end:])
        return True

    def _take(self, data: bytes) -> None:
        """More of the body under a head that was known, and perhaps the beginning of the next request."""
        body, rest = (data, b"") if len(data) <= self._left else (data[: self._left], data[self._left :])
        self._left -= len(body)
        self.on_body(body)
        if not self._left:
            self._completed(keep_alive=True)
        if rest:
            self._raw = len(rest)
            self._read(rest)

    def _read(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._refuse(RequestError(400, "upgrade", _NO_UPGRADE))
        except HttpParserError as exc:
            self._refuse(RequestError(400, "not-http", f"not a valid HTTP request: {exc}"))
        if self._raw - self._incoming.size > MAX_HEAD_BYTES + _CHUNK_OVERHEAD * self._incoming.size:
            self._refuse(RequestError(431, "head-too-large", f"the head is above {MAX_HEAD_BYTES} bytes"))

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self._serve_next()

    def shutdown(self) -> None:
        """Answer what is under way, then close."""
        self._ending = True
        if self._task is None and self._transport is not None:
            self._transport.close()

    # --- llhttp's callbacks ------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._partial = True

    def on_url(self, url: bytes) -> None:
        self._incoming.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._incoming.read_headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        incoming = self._incoming
        incoming.method = self._parser.get_method().decode("ascii")
        incoming.headers = tuple(incoming.read_headers)
        try:
            require_version(self._parser.get_http_version())
            incoming.path = _path(incoming.url)
        except RequestError as exc:
            incoming.error = exc
        else:
            self._admit(incoming, incoming.path)
        if self._parser.should_upgrade():  # llhttp takes the body for the other protocol's: it would be missing
            incoming.error = RequestError(400, "upgrade", _NO_UPGRADE)
        expected = first(incoming.headers, b"expect")
        if expected is not None:
            self._head = b""  # there is more to such a head than to read it
            if expected.lower() == b"100-continue":
                self._continue(incoming)

    def on_body(self, data: bytes) -> None:
        incoming = self._incoming
        incoming.size += len(data)
        if incoming.size > self._endpoint.max_body and incoming.error is None:
            incoming.error = self._endpoint.too_large(f"more than {self._endpoint.max_body} bytes")
        if incoming.error is None:
            incoming.parts.append(data)
        elif incoming.size > 2 * self._endpoint.max_body:
            self._refuse(incoming.error)  # what was refused is read to its end, but not without end

    def on_message_complete(self) -> None:
        incoming, keep_alive = self._incoming, self._parser.should_keep_alive()
        # All that came is this head and the length it announced: no chunks, and nothing of the next request.
        if keep_alive and self._head and self._raw == len(self._head) + incoming.size > len(self._head):
            known = RequestHead(incoming.method, incoming.path, incoming.headers, incoming.size)
            self._endpoint.heads.keep(self._head, known)
        self._completed(keep_alive=keep_alive)

    # --- requests and answers ----------------------------------------------------------------------------------

    def _admit(self, incoming: Incoming, path: str) -> None:
        try:
            incoming.admitted = self._endpoint.admit(incoming.method, path, incoming.headers)
        except RequestError as exc:
            incoming.error = exc

    def _completed(self, *, keep_alive: bool) -> None:
        incoming, self._incoming = self._incoming, Incoming()
        incoming.keep_alive = keep_alive
        self._raw, self._head = 0, b""
        self._complete_in_time()
        self._state.asked(self)
        self._complete.append(incoming)
        self._serve_next()

    def _serve_next(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self._task is None and self._complete and self._writable:
            self._task = self._loop.create_task(self._serve(self._complete.popleft()))
            self._state.tasks.add(self._task)
            self._task.add_done_callback(self._state.tasks.discard)
        if self._complete:
            transport.pause_reading()  # a caller that does not wait for its answers
        elif not transport.is_reading():
            transport.resume_reading()

    async def _serve(self, incoming: Incoming) -> None:
        try:
            response = await self._response(incoming)
        except asyncio.CancelledError:  # the time to drain is over
            if self._transport is not None:
                self._transport.abort()
            raise
        # Nothing may be awaited between the dispatcher's last look at the brake and this first byte.
        self._write(response, close=self._ending or not incoming.keep_alive, head_only=incoming.method == "HEAD")
        self._task = None
        self._active_at = self._loop.time()
        self._serve_next()

    async def _response(self, incoming: Incoming) -> Response:
        if incoming.error is not None or incoming.admitted is None:
            return refused(incoming.error or RequestError(400, "not-http", "the request has no head"))
        try:
            return await self._endpoint.answer(incoming.admitted, incoming.headers, b"".join(incoming.parts))
        except Exception:  # noqa: BLE001 - a fault of ours must end in an error, and not take the connection along
            _log.exception("a hook call failed in the proxy")
            return refused(RequestError(500, "internal", "the proxy failed; its log says how"))

    def _write(self, response: Response, *, close: bool, head_only: bool = False) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        end = b"connection: close\r\n\r\n" if close else b"\r\n"
        opening = _opening(response.status, response.said)
        head = b"%bcontent-length: %d\r\nx-shadow-call: %b\r\n%b" % (opening, len(response.body), response.call_id, end)
        transport.writelines([head] if head_only else [head, response.body])
        if close:
            self._ending = True
            transport.close()

    def _continue(self, incoming: Incoming) -> None:
        if incoming.error is not None:
            self._refuse(incoming.error)
        elif self._transport is not None and self._task is None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _refuse(self, error: RequestError) -> None:
        """The last word on this connection: what follows cannot be told apart from the rest of this request."""
        if not self._ending:
            self._ending = True
            if self._task is None:  # an answer under way says the last word itself
                self._write(refused(error), close=True)

    def _complete_in_time(self) -> None:
        self._partial = False
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._refuse(RequestError(408, "slow", f"the request was not complete within {REQUEST_SECONDS:g} s"))

    def _look_whether_idle(self) -> None:
        left = self._active_at + self._idle_seconds - self._loop.time()
        if self._task is None and not self._partial and left <= 0 and self._transport is not None:
            self._transport.close()
            return
        self._timer = self._loop.call_later(left if left > 0 else self._idle_seconds, self._look_whether_idle)


@lru_cache(maxsize=32)
def _opening(status: int, said: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The first lines of an answer: an implementation repeats its headers."""
    line = _STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status
    return line + b"".join([b"%b: %b\r\n" % header for header in said])


def require_version(version: str) -> None:
    """
    Raises:
        RequestError: for what llhttp takes as well: HTTP 0.9 has no headers, so a body is anybody's guess.
    """
    if version not in ("1.1", "1.0"):
        raise RequestError(505, "version", f"HTTP/{version} is not spoken here")


def _path(url: bytes) -> str:
    """The path of a request target, of its absolute form too; percent-encoding undone."""
    try:
        path = parse_url(url).path
    except HttpParserInvalidURLError:
        raise RequestError(400, "not-http", "the request target is no URL") from None
    return unquote_to_bytes(path or b"/").decode("utf-8", "replace")
