import asyncio

import pytest

from shadow.proxy.cutover.footing import Footing


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_one_process_over_a_file_always_stands_firm(clock: Clock) -> None:
    footing = Footing(1.0, shared=False, clock=clock)
    clock.now += 1000.0
    assert footing.joined
    assert not footing.is_cut_off


def test_a_shared_store_has_to_tell_first(clock: Clock) -> None:
    assert not Footing(1.0, shared=True, clock=clock).joined


@pytest.mark.parametrize(
    ("others", "silent", "cut_off"), [(True, 29.0, False), (True, 31.0, True), (False, 1000.0, False)]
)
def test_it_is_cut_off_when_the_lease_is_over_and_others_may_have_decided(
    clock: Clock, others, silent, cut_off
) -> None:
    footing = Footing(30.0, shared=True, clock=clock)
    footing.renewed(clock.now, others)
    clock.now += silent
    assert footing.is_cut_off is cut_off


def test_a_lease_counts_from_before_the_heartbeat(clock: Clock) -> None:
    footing = Footing(30.0, shared=True, clock=clock)
    began = footing.now()
    clock.now += 29.0  # the database was slow
    footing.renewed(began, others=True)
    clock.now += 2.0
    assert footing.is_cut_off


def test_a_call_can_tell_that_the_lease_was_over_meanwhile(clock: Clock) -> None:
    footing = Footing(30.0, shared=True, clock=clock)
    footing.joined = True
    footing.renewed(clock.now, others=True)
    before = footing.lapses
    clock.now += 31.0
    footing.renewed(clock.now, others=True)
    assert not footing.is_cut_off
    assert footing.lapses == before + 1


async def test_after_a_freeze_a_call_waits_for_a_heartbeat_that_began_after_it(clock: Clock) -> None:
    footing = Footing(30.0, shared=True, clock=clock)
    before_the_freeze = footing.now()
    clock.now += 5.0
    waiting = asyncio.create_task(footing.fresh())
    await asyncio.sleep(0)
    footing.tried(before_the_freeze)
    await asyncio.sleep(0)
    assert not waiting.done()
    footing.tried(footing.now())
    await waiting
    await asyncio.wait_for(footing.fresh(), 0.5)


async def test_a_freeze_is_noticed_by_the_ticks_too(clock: Clock) -> None:
    footing = Footing(30.0, shared=True, clock=clock)
    clock.now += 5.0
    footing.tick()
    waiting = asyncio.create_task(footing.fresh())
    await asyncio.sleep(0)
    assert not waiting.done()
    footing.tried(footing.now())
    await waiting


async def test_who_was_not_frozen_waits_for_nothing(clock: Clock) -> None:
    footing = Footing(30.0, shared=True, clock=clock)
    for _ in range(20):
        clock.now += 0.2
        footing.tick()
    await asyncio.wait_for(footing.fresh(), 0.5)


@pytest.mark.parametrize("others", [True, False])
async def test_until_that_heartbeat_has_ended_others_may_have_decided(clock: Clock, others: bool) -> None:
    footing = Footing(30.0, shared=True, clock=clock)
    footing.renewed(clock.now, others)
    before_the_freeze = footing.now()
    clock.now += 5.0
    footing.tick()
    footing.tried(before_the_freeze)
    for _ in range(10):  # longer than calls wait for it
        clock.now += 0.2
        footing.tick()
    await asyncio.wait_for(footing.fresh(), 0.5)
    assert footing.is_cut_off is others
    footing.tried(footing.now())  # without an answer, say
    assert not footing.is_cut_off
