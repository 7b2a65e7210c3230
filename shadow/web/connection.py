"""Our own HTTP/1.1 server connection for hook calls: one request at a time is answered, in the order they came.

Setting `server.http: uvicorn` uses the stock one, which costs 40 microseconds more for each call. Either way uvicorn
owns shutdown; only the protocol of one connection is decided here: what is read is `incoming`'s, time and order ours.
"""

import asyncio
import logging
from collections import deque
from functools import lru_cache
from http import HTTPStatus
from typing import cast

from uvicorn.config import Config

from shadow.errors import RequestError
from shadow.web.crowd import Crowd
from shadow.web.hooks import HookEndpoint, Response, refused
from shadow.web.incoming import Incoming, RequestReader

REQUEST_SECONDS = 10.0
"""From a request's first byte to its last. Metacontroller sends it at once; whoever does not, holds a connection."""

_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}

_log = logging.getLogger(__name__)


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
        self._reader = RequestReader(config.app, self)
        self._transport: asyncio.Transport | None = None
        self._complete: deque[Incoming] = deque()
        self._task: asyncio.Task[None] | None = None
        self._active_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._deadline: asyncio.TimerHandle | None = None  # for a request that has begun
        self._writable = True
        self._held_back = False  # nothing more is read from a caller that does not wait for its answers
        self._ending = False

    # --- asyncio's and uvicorn's callbacks ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if not self._state.begin(self, self._transport.abort):
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
        self._reader.feed(data)
        if self._reader.partial and self._deadline is None and not self._ending:
            self._deadline = self._loop.call_later(REQUEST_SECONDS, self._too_slow)

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

    # --- what the reader tells ---------------------------------------------------------------------------------

    def completed(self, incoming: Incoming) -> None:
        """Whoever was let in has asked; a refused request does not keep its connection from being hung up on."""
        self._complete_in_time()
        if incoming.error is None:
            self._state.asked(self)
        self._complete.append(incoming)
        self._serve_next()

    def refuse(self, error: RequestError) -> None:
        """The last word on this connection."""
        if not self._ending:
            self._ending = True
            if self._task is None:  # an answer under way says the last word itself
                self._write(refused(error), close=True)

    def waits_to_go_on(self) -> None:
        if self._transport is not None and self._task is None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    # --- answers -----------------------------------------------------------------------------------------------

    def _serve_next(self) -> None:
        transport = self._transport
        if not (self._complete or self._held_back) or transport is None or transport.is_closing():
            return
        if self._task is None and self._complete and self._writable:
            self._task = self._loop.create_task(self._serve(self._complete.popleft()))
            self._state.tasks.add(self._task)
            self._task.add_done_callback(self._state.tasks.discard)
        if bool(self._complete) is not self._held_back:
            self._held_back = not self._held_back
            (transport.pause_reading if self._held_back else transport.resume_reading)()

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
        if self._task is None and self._transport is not None:
            self._state.rests(self, self._transport.abort)

    async def _response(self, incoming: Incoming) -> Response:
        if incoming.error is not None or incoming.admitted is None:
            return refused(incoming.error or RequestError(400, "not-http", "the request has no head"))
        try:
            body, incoming.parts = b"".join(incoming.parts), []  # no part of it is kept twice
            return await self._endpoint.answer(incoming.admitted, incoming.headers, body)
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

    # --- time --------------------------------------------------------------------------------------------------

    def _complete_in_time(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self.refuse(RequestError(408, "slow", f"the request was not complete within {REQUEST_SECONDS:g} s"))

    def _look_whether_idle(self) -> None:
        left = self._active_at + self._idle_seconds - self._loop.time()
        if self._task is None and not self._reader.partial and left <= 0 and self._transport is not None:
            self._transport.close()
            return
        self._timer = self._loop.call_later(left if left > 0 else self._idle_seconds, self._look_whether_idle)


@lru_cache(maxsize=32)
def _opening(status: int, said: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The first lines of an answer: an implementation repeats its headers."""
    line = _STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status
    return line + b"".join([b"%b: %b\r\n" % header for header in said])
