"""uvicorn's HTTP server connection with the bounds that it lacks: connections, heads in bytes, requests in time.

Serves the control address, and hook calls with `server.http: uvicorn`. Bodies are bounded by whoever reads them.
"""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shadow.errors import RequestError
from shadow.web.connection import REQUEST_SECONDS
from shadow.web.crowd import Crowd
from shadow.web.incoming import MAX_HEAD_BYTES, require_head


class BoundedConnection(HttpToolsProtocol):
    """Closes on whoever sends a head without end, or a request that does not get on; both without an answer: what was
    sent is no request yet."""

    _deadline: asyncio.TimerHandle | None = None
    _head_bytes: int | None = None
    """Of the head that is coming in; None between heads."""

    def __init__(
        self, config: Config, server_state: Crowd, app_state: dict[str, Any], _loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._crowd = server_state

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        begun = self._crowd.begin(self, transport.abort)
        super().connection_made(transport)
        if not begun:
            self._crowd.leave(self)
            transport.abort()
            return
        self._deadline = self.loop.call_later(self._crowd.silent_seconds, transport.close)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._complete_in_time()
        self._crowd.leave(self)
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._complete_in_time()
        self._head_bytes = 0
        self._deadline = self.loop.call_later(REQUEST_SECONDS, self.transport.close)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_bytes = None
        require_head(self.parser.get_http_version(), self.headers)  # what is raised in here makes it no valid request
        if self.parser.should_upgrade() and self.parser.get_method() not in (b"GET", b"HEAD"):
            raise RequestError(400, "upgrade", "its body would be taken for the other protocol's")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._complete_in_time()
        self._crowd.asked(self)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete and not self.pipeline:
            self._crowd.rests(self, self.transport.abort)

    def _complete_in_time(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
