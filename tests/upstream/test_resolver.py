"""Names are looked up once at a time, and failures are not kept."""

import asyncio
import socket
from collections.abc import Sequence

import pytest

from shadow.upstream.address import Address
from shadow.upstream.resolver import Resolver, look_up
from tests.upstream.conftest import Connect
from tests.upstream.servers import answering, ok, serving

GONE = socket.gaierror(socket.EAI_AGAIN, "try again")


class Names:
    """A name server that gives its answers in turn, once it may."""

    def __init__(self, *answers: Sequence[str] | OSError) -> None:
        self.asked = 0
        self.may_answer = asyncio.Event()
        self._answers = list(answers)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        await self.may_answer.wait()
        answer = self._answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_an_address_is_its_own_answer(host: str) -> None:
    assert await Resolver(host, 80, Names()).addresses() == (host,)


async def test_many_calls_share_one_look_up_and_its_answer_is_kept_for_a_while() -> None:
    names = Names(["10.0.0.1", "10.0.0.2"])
    resolver = Resolver("hook", 80, names)
    calls = [asyncio.ensure_future(resolver.addresses()) for _ in range(20)]
    await asyncio.sleep(0)
    names.may_answer.set()
    assert await asyncio.gather(*calls) == [["10.0.0.1", "10.0.0.2"]] * 20
    assert await resolver.addresses() == ["10.0.0.1", "10.0.0.2"]
    assert names.asked == 1


async def test_a_failure_is_told_to_all_who_wait_and_not_kept() -> None:
    names = Names(GONE, ["10.0.0.1"])
    names.may_answer.set()
    resolver = Resolver("hook", 80, names)
    failures = await asyncio.gather(*(resolver.addresses() for _ in range(3)), return_exceptions=True)
    assert failures == [GONE] * 3
    assert await resolver.addresses() == ["10.0.0.1"]
    assert names.asked == 2


async def test_calls_that_give_up_start_no_further_look_up() -> None:
    names = Names(["10.0.0.1"])
    resolver = Resolver("hook", 80, names)
    for _ in range(5):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(resolver.addresses(), 0.01)
    assert names.asked == 1
    names.may_answer.set()
    assert await resolver.addresses() == ["10.0.0.1"]


async def test_close_fails_those_who_wait() -> None:
    resolver = Resolver("hook", 80, Names())
    call = asyncio.ensure_future(resolver.addresses())
    await asyncio.sleep(0.01)
    await resolver.close()
    with pytest.raises(OSError, match="given up"):
        await call


async def test_the_system_knows_localhost_but_no_impossible_name() -> None:
    assert set(await look_up("localhost", 80)) <= {"127.0.0.1", "::1"}
    with pytest.raises(socket.gaierror):
        await look_up("a" * 64, 80)


async def test_a_hook_is_reached_by_name(connect_ours: Connect) -> None:
    async with serving(answering(ok(b"{}"))) as server:
        named = Address("localhost", server.address.port, False, "localhost")
        async with connect_ours(named) as transport:
            assert (await transport.post("/sync", [], b"{}", 5)).status == 200
