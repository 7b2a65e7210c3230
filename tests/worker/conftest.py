"""The parent's side of the pipe runs on both event loops."""

import asyncio
from collections.abc import Callable

import uvloop


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"asyncio-loop": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
