"""Asking an implementation: what it is sent, and what its one server has to bear."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shadow.errors import ConfigurationError
from shadow.terms import Hook, Role
from shadow.upstream.address import parse_address
from shadow.upstream.asyncio_transport import AsyncioTransport
from shadow.upstream.base import Observation
from shadow.upstream.gate import Room
from shadow.upstream.headers import forwardable
from shadow.upstream.implementation import Endpoint, Implementation
from tests.upstream.servers import Script, Server, Wire, answering, ok, serving

INCOMING = forwardable([(b"user-agent", b"Go-http-client/1.1"), (b"authorization", b"Bearer fake-hooks-token")])


def implementation(server: Server, room: Room | None = None, **settings: Any) -> Implementation:
    endpoint = replace(Endpoint(server.url, {Hook.SYNC: "/sync"}), **settings)
    return Implementation(endpoint, AsyncioTransport(endpoint.address, endpoint.tls), room)


def sent_headers(request: bytes) -> dict[str, str]:
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return dict(line.split(": ", 1) for line in lines)


async def test_sends_its_own_headers_instead_of_incoming_ones(tmp_path: Path) -> None:
    file = tmp_path / "authorization"
    file.write_text("Bearer fake-own-token")
    async with serving(answering(ok(b"{}"))) as server:
        asked = implementation(server, headers={"User-Agent": "shadow", "X-Team": "a"}, authorization_file=file)
        await asked.ask(Hook.SYNC, [*INCOMING, (b"x-shadow-call", b"c1")], b"{}", Role.PRIMARY)
        await asked.close()
    assert sent_headers(server.requests[0]) == {
        "host": server.address.authority,
        "content-length": "2",
        "user-agent": "shadow",
        "x-team": "a",
        "accept-encoding": "identity",
        "authorization": "Bearer fake-own-token",
        "x-shadow-call": "c1",
    }


async def test_each_hook_has_its_path_below_the_url() -> None:
    async with serving(answering(*[ok(b"{}")] * 2)) as server:
        endpoint = Endpoint(server.url + "/v2", {Hook.SYNC: "/sync", Hook.CUSTOMIZE: "customize"})
        asked = Implementation(endpoint, AsyncioTransport(endpoint.address))
        assert asked.has(Hook.SYNC)
        assert not asked.has(Hook.FINALIZE)
        await asked.ask(Hook.SYNC, [], b"{}", Role.PRIMARY)
        await asked.ask(Hook.CUSTOMIZE, [], b"{}", Role.PRIMARY)
        await asked.close()
    assert [request.split(b" ")[1] for request in server.requests] == [b"/v2/sync", b"/v2/customize"]


@pytest.mark.parametrize("url", ["hook", "http://user:fake-password@hook"])
def test_an_unusable_url_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigurationError):
        Implementation(Endpoint(url, {}), AsyncioTransport(parse_address("http://hook")))


@pytest.mark.parametrize(("own", "left", "limit"), [(0.1, None, 0.1), (5.0, 0.1, 0.1), (0.1, 5.0, 0.1)])
async def test_the_shorter_time_out_counts(own: float, left: float | None, limit: float) -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        await asyncio.sleep(30)

    async with serving(script) as server:
        asked = implementation(server, timeout_seconds=own)
        observation = await asked.ask(Hook.SYNC, [], b"{}", Role.PRIMARY, left)
        await asked.close()
    assert observation.timed_out
    assert limit - 0.01 <= observation.seconds < limit + 1


def one_at_a_time(seconds: float) -> Script:
    """A hook as Python's plain HTTP server is one: a request waits for those before it, then the connection ends."""
    turn = asyncio.Lock()

    async def script(wire: Wire) -> None:
        async with turn:
            await wire.request()
            await asyncio.sleep(seconds)
            await wire.say(b"HTTP/1.0 200 OK\r\n\r\n{}")

    return script


async def test_too_many_shadow_calls_are_told_that_there_is_no_room() -> None:
    async with serving(one_at_a_time(0.05)) as server:
        asked = implementation(server, Room(calls=3, seconds=5))
        calls = [asked.ask(Hook.SYNC, [], b"{}", Role.SHADOW) for _ in range(10)]
        observations = await asyncio.gather(*calls)
        await asked.close()
    assert [observation.error for observation in observations].count("busy") == 5
    assert len(server.requests) == 5


async def test_an_urgent_shadow_call_does_not_wait() -> None:
    async with serving(one_at_a_time(0.1)) as server:
        asked = implementation(server, Room(calls=0))
        primary = asyncio.ensure_future(asked.ask(Hook.SYNC, [], b"{}", Role.PRIMARY))
        await asyncio.sleep(0.02)
        assert (await asked.ask(Hook.SYNC, [], b"{}", Role.SHADOW)).error == "busy"
        assert (await asked.ask(Hook.SYNC, [], b"{}", Role.SHADOW, urgent=True)).status == 200
        await primary
        await asked.close()


async def test_primary_calls_of_a_burst_wait_for_few_shadow_calls() -> None:
    """Ten percent of 300 parents are primary at a hook that serves one request at a time, seven callers at once.

    Counted in requests that the hook served first, not in seconds: a busy machine is slow with and without shadows.
    """
    in_flight, ahead = 2, []
    async with serving(one_at_a_time(0.002)) as server:
        asked = implementation(server, timeout_seconds=30, shadow_in_flight=in_flight)
        shadows: list[asyncio.Future[Observation]] = []

        async def primary(parent: int) -> None:
            body, before = b"%d" % parent, len(server.requests)
            await asked.ask(Hook.SYNC, [], body, Role.PRIMARY)
            served = next(index for index, request in enumerate(server.requests) if request.endswith(b"\r\n" + body))
            ahead.append(sum(request.endswith(b"shadow") for request in server.requests[before:served]))

        async def caller(parents: range) -> None:
            for parent in parents:
                if parent % 10 == 0:
                    await primary(parent)
                else:
                    shadows.append(asyncio.ensure_future(asked.ask(Hook.SYNC, [], b"shadow", Role.SHADOW)))
                    await asyncio.sleep(0.002)

        await asyncio.gather(*(caller(range(start, 300, 7)) for start in range(7)))
        await asyncio.gather(*shadows)
        await asked.close()
    assert len(ahead) == 30
    assert max(ahead) <= in_flight


class Refusing:
    """A transport to where nobody listens, until somebody does."""

    def __init__(self) -> None:
        self.knocks = 0
        self.listening = False

    async def post(self, *_: object) -> Observation:
        self.knocks += 1
        return Observation(200, (), b"{}", 0.1) if self.listening else Observation(None, (), b"", 0.0, "refused")

    async def close(self) -> None: ...


async def test_no_shadow_call_knocks_again_right_after_a_connection_was_refused() -> None:
    nobody = Refusing()
    asked = Implementation(Endpoint("http://127.0.0.1:9", {Hook.SYNC: "/sync"}), nobody)

    async def ask(role: Role, urgent: bool = False) -> str | None:
        return (await asked.ask(Hook.SYNC, [], b"{}", role, urgent=urgent)).error

    assert [await ask(Role.SHADOW) for _ in range(3)] == ["refused"] * 3
    assert nobody.knocks == 1
    assert await ask(Role.SHADOW, urgent=True) == "refused"
    nobody.listening = True
    assert await ask(Role.PRIMARY) is None
    assert await ask(Role.SHADOW) is None
    assert nobody.knocks == 4
    nobody.listening = False
    assert await ask(Role.SHADOW) == "refused"
    nobody.listening = True
    while await ask(Role.SHADOW) == "refused":
        await asyncio.sleep(0.02)
    assert nobody.knocks == 6
