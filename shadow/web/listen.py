"""The listeners: uvicorn servers on sockets bound before anything else starts, so a taken port is told at once."""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import uvicorn

from shadow import descriptors
from shadow.config.process import ServerTls
from shadow.config.scalars import Address
from shadow.errors import ShadowError
from shadow.web.accept import Acceptor
from shadow.web.bounded import BoundedConnection
from shadow.web.connection import REQUEST_SECONDS
from shadow.web.crowd import Crowd

_KEEP_ALIVE_SECONDS = 120
"""Longer than the 90 s for which Go's client keeps an idle connection: so it is never we who close under a request."""
_BACKLOG = 2048
_SHARE = {"hooks": 0.5, "control": 0.125}
"""Of all descriptors, for connections to this address: whoever opens them without end leaves enough for asking the
implementations, for the store, and for the other address."""
_SILENT_SECONDS = {"hooks": _KEEP_ALIVE_SECONDS, "control": REQUEST_SECONDS}
"""For a connection's first byte. Go's client keeps connections that it opened and then did not need."""

_log = logging.getLogger(__name__)


class ListenError(ShadowError):
    """An address cannot be listened on."""


class Listener(uvicorn.Server):
    """One address; ends when told, not by signals: those are the process's."""

    def __init__(
        self,
        name: str,
        app: Any,
        address: Address,
        tls: ServerTls | None,
        drain_seconds: float,
        http: type[asyncio.Protocol] = BoundedConnection,
    ) -> None:
        """`http`: makes one for each connection, as uvicorn makes its own."""
        self._socket = bind(name, address)
        self._told = asyncio.Event()
        most = round(descriptors.most() * _SHARE.get(name, _SHARE["control"]))
        config = uvicorn.Config(
            app,
            http=http,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # nobody in front is trusted to say who calls
            server_header=False,  # what goes out is the implementation's answer
            date_header=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=round(drain_seconds),
            limit_concurrency=most + 1,  # of connections there are never so many
            **_tls(tls),
        )
        super().__init__(config)
        self.server_state = self._crowd = Crowd(most, _SILENT_SECONDS.get(name, REQUEST_SECONDS))
        _log.info("%s on %s", name, self.address)

    @property
    def address(self) -> str:
        """`host:port` as it is bound."""
        host, port = self._socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    async def run_until_told(self) -> None:
        """Serve until `stop`, then answer what is in flight."""
        await self.serve(sockets=[self._socket])

    def close(self) -> None:
        """Let go of an address at which nothing was served yet."""
        self._socket.close()

    def stop(self) -> None:
        self.should_exit = True
        self._told.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Take connections; uvicorn's own way counts them too late."""
        config, loop = self.config, asyncio.get_running_loop()
        protocol: Callable[..., asyncio.Protocol] = config.http_protocol_class
        make = partial(protocol, config, self._crowd, self.lifespan.state, loop)
        self.servers = [Acceptor(bound, make, config.ssl, self._crowd) for bound in sockets or ()]  # type: ignore[misc]
        self.started = True

    async def main_loop(self) -> None:
        """Wait to be told, where uvicorn would look ten times a second."""
        await self.on_tick(0)
        await self._told.wait()


def bind(name: str, address: Address) -> socket.socket:
    """
    Raises:
        ListenError: naming the key of the configuration, the address, why, and what to do.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # by that asyncio sends at once
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address.host, address.port))
        listener.listen(_BACKLOG)
    except OSError as exc:
        listener.close()
        why = f"cannot listen on {address}: {exc.strerror or exc}"
        raise ListenError(f"server.{name}: {why}; free that address or configure another one") from exc
    listener.setblocking(False)
    return listener


def _tls(tls: ServerTls | None) -> dict[str, Any]:
    if tls is None:
        return {}
    options: dict[str, Any] = {"ssl_certfile": str(tls.cert_file), "ssl_keyfile": str(tls.key_file)}
    if tls.client_ca_file is not None:
        options |= {"ssl_ca_certs": str(tls.client_ca_file), "ssl_cert_reqs": ssl.CERT_REQUIRED}
    return options
