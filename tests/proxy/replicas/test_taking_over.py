"""A configuration comes into force on all replicas together, whoever's file it was."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from tests.proxy.bodies import request
from tests.proxy.replicas.conftest import Replica, Start
from tests.proxy.replicas.test_membership import served, until

PARENTS = 4


class Callers:
    """One caller a parent, as Metacontroller has it: the next call begins when the last one was answered."""

    def __init__(self, fleet: list[Replica]) -> None:
        self.fleet = fleet
        self.moving = 0
        self.told: list[list[str]] = [[] for _ in range(PARENTS)]

    async def call(self, number: int) -> None:
        for replica in self._in_turn(number):
            response = await replica.proxy.call(request(uid=f"uid-{number}", name=f"team-{number}"))
            if response.status_code == 200:
                self.told[number].append(response.headers["x-shadow-served"])
            else:
                assert response.json()["code"] == "moving"
                self.moving += 1
            await asyncio.sleep(0.02)

    def _in_turn(self, number: int) -> Iterator[Replica]:
        return itertools.cycle(self.fleet[number % len(self.fleet) :] + self.fleet[: number % len(self.fleet)])

    async def all_served_by(self, side: str) -> None:
        """Wait until every parent's latest answer is this side's."""

        async def met() -> bool:
            return all(told[-1:] == [side] for told in self.told)

        await until(met)

    def phases(self) -> list[list[str]]:
        """By whom each parent was served, one after another, repetitions left out."""
        return [[side for side, _ in itertools.groupby(told)] for told in self.told]


@asynccontextmanager
async def calling(fleet: list[Replica]) -> AsyncIterator[Callers]:
    callers = Callers(fleet)
    tasks = [asyncio.create_task(callers.call(number)) for number in range(PARENTS)]
    try:
        yield callers
    finally:
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(result, asyncio.CancelledError), result


async def test_no_parent_has_two_primaries_while_a_weight_changes_on_one_replica_first(start: Start) -> None:
    fleet = [await start(stage="canary", unknown_brake="off") for _ in range(3)]

    async with calling(fleet) as callers:
        await callers.all_served_by("old")
        for replica, weight, side in ((fleet[0], 100, "new"), (fleet[1], 0, "old"), (fleet[2], 100, "new")):
            replica.proxy.configure(canary={"weight": weight})
            await callers.all_served_by(side)
    assert callers.phases() == [["old", "new", "old", "new"]] * PARENTS
    lines = [line for line in (await fleet[0].proxy.get("/history"))["items"] if line["kind"] == "configuration"]
    assert len(lines) == 4  # the first one and three changes, told once each
    for each in fleet:
        assert (await each.proxy.get())["weight"] == 100


async def test_a_replica_alone_takes_over_without_losing_a_call(start: Start) -> None:
    one = await start(stage="canary", unknown_brake="off")
    async with calling([one]) as callers:
        for weight, side in ((0, "old"), (100, "new")):
            one.proxy.configure(canary={"weight": weight})
            await callers.all_served_by(side)
    assert callers.moving == 0
    assert callers.phases() == [["old", "new"]] * PARENTS


async def test_a_replica_that_comes_back_with_an_old_file_changes_nothing(start: Start) -> None:
    one = await start(stage="live", unknown_brake="off")
    one.proxy.configure(stage="shadow")
    await until(lambda: _stage(one, "shadow"))
    late = await start(stage="live", unknown_brake="off")
    assert await served(late) == await served(one) == "old"
    ready = (await late.proxy.client.get(f"{late.proxy.control}/readyz")).json()
    assert "came after those of this file" in ready["refused_configuration"]
    late.proxy.configure(stage="canary", canary={"weight": 100})  # what is changed while it runs counts
    await until(lambda: _stage(one, "canary"))
    assert await served(one) == "new"


async def _stage(replica: Replica, stage: str) -> bool:
    return bool((await replica.proxy.get())["stage"] == stage)


async def test_a_configuration_waits_for_who_cannot_be_reached_until_its_lease_is_over(start: Start) -> None:
    grace = {"server": {"replica_grace": "2s"}}
    one, two = [await start(stage="canary", unknown_brake="off", top=grace) for _ in range(2)]
    two.relay.cut()
    one.proxy.configure(canary={"weight": 100})
    told = set()
    while (by := (await served(one), await served(two)))[0] != "new":
        told.add(by)
        await asyncio.sleep(0.05)
    assert told <= {("old", "old"), ("old", "cut-off"), ("moving", "cut-off")}
    assert by[1] == "cut-off"
    two.relay.mend()
    await until(lambda: _served_new(two))


async def _served_new(replica: Replica) -> bool:
    return await served(replica) == "new"
