"""One suite for both transports, on both event loops."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
import uvloop

from shadow.upstream.address import Address
from shadow.upstream.asyncio_transport import AsyncioTransport
from shadow.upstream.base import Transport
from shadow.upstream.httpx_transport import HttpxTransport

Connect = Callable[..., AbstractAsyncContextManager[Transport]]


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"asyncio-loop": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


def _connect(kind: Callable[..., Transport]) -> Connect:
    @asynccontextmanager
    async def connect(address: Address, *args: Any, **options: Any) -> AsyncIterator[Transport]:
        transport = kind(address, *args, **options)
        try:
            yield transport
        finally:
            await transport.close()

    return connect


@pytest.fixture(params=[AsyncioTransport, HttpxTransport], ids=["ours", "httpx"])
def connect(request: pytest.FixtureRequest) -> Connect:
    """Opens either transport for an address: `async with connect(address, ...) as transport`."""
    return _connect(request.param)


@pytest.fixture
def connect_ours() -> Connect:
    return _connect(AsyncioTransport)
