"""The implementations that calls are sent to, kept across changes of configuration where their settings are equal.

So a reload that moves a weight closes no connection and forgets no capacity.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from shadow.config.implementation import ClientTls
from shadow.config.implementation import Implementation as Settings
from shadow.memory import Memory
from shadow.terms import Hook, Side
from shadow.upstream.address import Address, parse_address
from shadow.upstream.asyncio_transport import AsyncioTransport
from shadow.upstream.base import Transport
from shadow.upstream.implementation import Endpoint, Implementation
from shadow.upstream.tls import TlsFiles


class Implementations:
    """Makes and keeps `Implementation`s by migration, side and settings."""

    def __init__(self, upstream: Literal["asyncio", "httpx"], memory: Memory | None = None) -> None:
        """`memory`: for the answers of all of them; None is without bound."""
        self._transport = _transport_of(upstream)
        self._memory = memory
        self._made: dict[tuple[str, Side], tuple[Endpoint, Implementation]] = {}
        self._retired: list[Implementation] = []

    def get(self, migration: str, side: Side, settings: Settings) -> Implementation:
        """The implementation for these settings; calls under way keep the one they began with."""
        endpoint = endpoint_of(settings)
        made = self._made.get((migration, side))
        if made is not None and made[0] == endpoint:
            return made[1]
        if made is not None:
            self._retired.append(made[1])
        transport: Transport = self._transport(parse_address(endpoint.url), endpoint.tls, self._memory)
        implementation = Implementation(endpoint, transport)
        self._made[migration, side] = endpoint, implementation
        return implementation

    async def close(self) -> None:
        for implementation in [*self._retired, *(made for _, made in self._made.values())]:
            await implementation.close()


def _transport_of(
    upstream: Literal["asyncio", "httpx"],
) -> Callable[[Address, TlsFiles | None, Memory | None], Transport]:
    if upstream == "asyncio":
        return AsyncioTransport
    from shadow.upstream.httpx_transport import HttpxTransport  # noqa: PLC0415 - start-up time and memory

    return HttpxTransport


def endpoint_of(settings: Settings) -> Endpoint:
    """The configured implementation as `shadow.upstream` takes it."""
    paths = {hook: path for hook in Hook if (path := settings.path(hook)) is not None}
    return Endpoint(
        url=settings.url,
        paths=paths,
        timeout_seconds=settings.timeout,
        headers=settings.headers,
        authorization_file=Path(settings.authorization_file) if settings.authorization_file else None,
        tls=_tls(settings.tls),
        shadow_in_flight=settings.shadow_in_flight,
    )


def _tls(tls: ClientTls | None) -> TlsFiles | None:
    return TlsFiles(tls.ca_file, tls.cert_file, tls.key_file) if tls is not None else None
