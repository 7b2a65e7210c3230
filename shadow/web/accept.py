"""Takes connections one by one and counts each before a byte of it is read, a TLS handshake's among them.

asyncio's own server tells of a connection only behind its handshake: whoever never finishes one would be bounded by
nothing, and would hold a descriptor all the while.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Any

from shadow.web.crowd import Crowd

HANDSHAKE_SECONDS = 10.0
"""From the connection to the end of its handshake."""
_GOODBYE_SECONDS = 2.0  # for a caller to agree that a TLS connection ends
_AGAIN_SECONDS = 0.1  # after the system had no descriptor for a connection

_log = logging.getLogger(__name__)


class Acceptor:
    """Listens on one bound socket; to uvicorn it is one of a server's `servers`. Belongs to the running loop."""

    def __init__(
        self, bound: socket.socket, make: Callable[[], asyncio.Protocol], tls: ssl.SSLContext | None, crowd: Crowd
    ) -> None:
        """`make`: what speaks with the caller of one connection, behind its handshake."""
        self._bound = bound
        self._make = make
        self._options: dict[str, Any] = {}
        if tls is not None:
            self._options = {
                "ssl": tls,
                "ssl_handshake_timeout": HANDSHAKE_SECONDS,
                "ssl_shutdown_timeout": _GOODBYE_SECONDS,
            }
        self._crowd = crowd
        self._beginning: set[asyncio.Task[None]] = set()
        self._taking = asyncio.get_running_loop().create_task(self._take_forever())

    def close(self) -> None:
        """Take no more, and give up on those that have not agreed on a key yet: they asked nothing."""
        for task in (self._taking, *self._beginning):
            task.cancel()

    async def wait_closed(self) -> None:
        await asyncio.gather(self._taking, *self._beginning, return_exceptions=True)

    async def _take_forever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                taken, _ = await loop.sock_accept(self._bound)
            except OSError as exc:
                _log.warning("no connection can be taken: %s", exc)
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                self._take(taken)

    def _take(self, taken: socket.socket) -> None:
        connection = self._make()
        task = asyncio.get_running_loop().create_task(self._begin(connection, taken))

        def begun(task: asyncio.Task[None]) -> None:
            self._beginning.discard(task)
            self._crowd.gone(connection)
            if task.cancelled():
                taken.close()

        self._beginning.add(task)
        task.add_done_callback(begun)
        if not self._crowd.arrive(connection, task.cancel):
            task.cancel()

    async def _begin(self, connection: asyncio.Protocol, taken: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, taken, **self._options)
        except OSError as exc:  # it went away, was too slow, spoke no TLS, or showed no certificate that is trusted
            _log.debug("a connection did not come about: %s", exc)
