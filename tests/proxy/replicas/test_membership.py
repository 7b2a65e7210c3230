"""Replicas over one database: what one decides all obey, and who is cut off knows it by himself."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import psycopg

from tests.hook_server import answer_json
from tests.postgres import PostgresServer
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.replicas.conftest import OLD, Replica, Start

GRACE = {"server": {"replica_grace": "2s"}}


async def live(start: Start, count: int = 2, **settings: Any) -> list[Replica]:
    """So many replicas that serve `new`."""
    fleet = [await start(**({"stage": "live", "unknown_brake": "off"} | settings)) for _ in range(count)]
    await fleet[0].proxy.post("release", because="the brake is known from here on")
    return fleet


async def served(replica: Replica, number: int = 1) -> str:
    """By whom a call is answered; the error's code where by nobody."""
    response = await replica.proxy.call(request(uid=f"uid-{number}", name=f"team-{number}"))
    return str(response.headers.get("x-shadow-served") or response.json()["code"])


async def until(met: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(200):
        if await met():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come about within 10 s")


def brake(response: httpx.Response) -> tuple[int, bool, bool, int, int]:
    """Status, on, stored, acknowledged, of."""
    told = response.json()
    return response.status_code, told["on"], told["stored"], told["replicas"]["acknowledged"], told["replicas"]["of"]


async def test_who_is_cut_off_is_named_goes_on_for_a_while_and_then_answers_errors(start: Start) -> None:
    one, two = await live(start, top=GRACE)
    two.relay.cut()
    pulled = await one.proxy.post("rollback", because="test")
    assert brake(pulled) == (202, True, True, 1, 2)
    (missing,) = pulled.json()["replicas"]["missing"]
    assert await served(two) == "new"
    await until(lambda: _serves(two, "cut-off"))
    assert (await two.proxy.client.get(f"{two.proxy.control}/readyz")).json()["replicas"]["cut_off"]
    assert brake(await one.proxy.post("rollback", because="again")) == (200, True, True, 1, 1)  # its lease is over
    two.relay.mend()
    await until(lambda: _serves(two, "old"))
    assert missing == (await two.proxy.client.get(f"{two.proxy.control}/readyz")).json()["replicas"]["name"]


async def _serves(replica: Replica, by: str) -> bool:
    return await served(replica) == by


async def test_a_replica_that_starts_without_the_database_answers_errors_until_it_has_it(start: Start) -> None:
    late, pulled = [await start(cut=True, stage="live", unknown_brake="off") for _ in range(2)]
    assert [await served(each) for each in (late, pulled)] == ["brake-unknown"] * 2
    told = await pulled.proxy.post("rollback", because="test")
    assert brake(told) == (202, True, False, 1, 1)
    assert told.json()["replicas"]["uncertain"]
    assert await served(pulled) == "old"
    late.relay.mend()
    await until(lambda: _serves(late, "new"))
    found = await late.proxy.settled()
    assert found["comparisons"]["skipped"] >= 1
    pulled.relay.mend()
    await until(lambda: _serves(late, "old"))


async def test_a_guard_pulls_once_for_all(start: Start, hooks) -> None:
    guard = {"min_calls": 6, "max_failed": "1%"}
    one, two = await live(start, guard=guard, fallback="off")
    hooks[1].behaviour = answer_json({}, 500)
    await asyncio.gather(*(served(each, number) for number in range(5) for each in (one, two)))
    await until(lambda: _braked(one, two))
    lines = [line for line in (await one.proxy.get("/history"))["items"] if line["kind"] == "rollback"]
    assert [line["by"] for line in lines] == ["guard"]


async def _braked(*fleet: Replica) -> bool:
    return all([(await each.proxy.get())["brake"]["on"] for each in fleet])


async def _counted(calls: int, *fleet: Replica) -> bool:
    found = [await each.proxy.get() for each in fleet]
    return all(each["comparisons"]["mismatched"] == each["calls"] == calls for each in found)


async def test_what_another_replica_served_is_not_forgotten_by_the_hold(start: Start, hooks) -> None:
    _, new = hooks
    extra = config_map("only-new-wants-it")
    new.behaviour = answer_json(answer(OLD, extra))
    one, two = await live(start, hold=["delete", "recreate"])
    assert await served(one) == "new"
    new.behaviour = answer_json(answer(OLD))  # it forgets, and `old` never wanted it
    response = await two.proxy.call(request(observed(OLD), observed(extra)))
    assert (response.status_code, response.json()["code"]) == (502, "held")
    two.relay.cut()
    response = await two.proxy.call(request(observed(OLD), observed(extra), uid="uid-7", name="team-7"))
    assert response.json()["code"] == "held"  # nobody can tell


async def test_a_pull_and_a_release_hold_everywhere_once_they_are_answered(
    start: Start, postgres: PostgresServer, schema: str
) -> None:
    one, two = await live(start)
    for _ in range(2):
        assert brake(await one.proxy.post("rollback", because="test")) == (200, True, True, 2, 2)
        assert [await served(each) for each in (one, two)] == ["old", "old"]
        assert brake(await two.proxy.post("release", because="test")) == (200, False, True, 2, 2)
        assert [await served(each) for each in (one, two)] == ["new", "new"]
    with psycopg.connect(postgres.url(schema)) as frozen:  # a replica that froze amid a batch holds no brake up
        frozen.execute("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.shadow.batch', 0))")
        await asyncio.sleep(0.7)  # a batch waits by now
        assert brake(await one.proxy.post("rollback", because="test")) == (200, True, True, 2, 2)
        assert [await served(each) for each in (one, two)] == ["old", "old"]


async def test_a_replica_alone_goes_on_without_the_database(
    start: Start, postgres: PostgresServer, schema: str
) -> None:
    (one,) = await live(start, 1, top=GRACE)
    postgres.rows("INSERT INTO replicas (replica, until, record) VALUES ('ended', NULL, '{}')", schema=schema)
    one.relay.cut()
    await asyncio.sleep(2.3)
    assert await served(one) == "new"


async def test_without_the_database_a_pull_applies_at_once_and_a_release_does_not(start: Start) -> None:
    one, two = await live(start, top=GRACE)
    for each in (one, two):
        each.relay.cut()
    assert brake(await one.proxy.post("rollback", because="test")) == (202, True, False, 1, 2)
    assert await served(one) == "old"
    assert brake(await one.proxy.post("release", because="test")) == (202, True, False, 1, 2)
    assert brake(await two.proxy.post("release", because="it never heard of it")) == (202, False, False, 1, 2)
    await until(lambda: _serves(two, "cut-off"))
    assert await served(one) == "old"  # nobody can have released what they have not heard of
    two.relay.mend()
    await until(lambda: _serves(two, "new"))
    one.relay.mend()
    await until(lambda: _serves(two, "old"))
    assert [line["kind"] for line in (await two.proxy.get("/history"))["items"]].count("rollback") == 1


async def test_counts_and_fronts_are_of_all_replicas(start: Start) -> None:
    one, two = await live(start)
    await served(one)
    await until(lambda: _counted(1, one, two))
    shown = [await each.proxy.get() for each in (one, two)]
    assert shown[0]["front"]["name"] == shown[1]["front"]["name"] == "profiles"
    assert [each["verdict"] for each in shown] == [shown[0]["verdict"]] * 2
    for number in range(4):
        await served(one, number)
        await served(two, number + 2)
    await until(lambda: _counted(9, one, two))
    assert [(await each.proxy.get())["parents"] for each in (one, two)] == [6, 6]
    assert [line["kind"] for line in (await two.proxy.get("/history"))["items"]].count("front") == 1
