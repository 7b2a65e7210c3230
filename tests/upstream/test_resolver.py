"""Names are looked up once at a time, and failures are not kept."""

import asyncio
import socket
from typing import Any

import pytest

from shadow.upstream import resolver as module
from shadow.upstream.address import parse_address
from shadow.upstream.resolver import Resolver
from tests.upstream.conftest import Connect
from tests.upstream.servers import answering, ok, serving


class Names:
    """Stands in for the name server, of which a test has none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str] | OSError) -> None:
        self.asked = 0
        self.answers = list(answers)
        self.answering = asyncio.Event()
        self.answering.set()
        monkeypatch.setattr(type(asyncio.get_running_loop()), "getaddrinfo", self._getaddrinfo, raising=False)

    async def _getaddrinfo(self, host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        self.asked += 1
        await self.answering.wait()
        answer = self.answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answer]


def only_on_asyncio() -> bool:
    """uvloop's own loop type cannot be patched."""
    return "uvloop" not in type(asyncio.get_running_loop()).__module__


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_an_address_is_its_own_answer(host: str) -> None:
    assert await Resolver(host, 80).addresses() == (host,)
