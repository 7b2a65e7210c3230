"""When a shadow call may start beside primary calls."""

import asyncio

import pytest

from shadow.upstream.capacity import Capacity
from shadow.upstream.gate import Gate, Room


async def waiting(gate: Gate, held_bytes: int = 10) -> "asyncio.Task[int | None]":
    """A shadow call at the gate, let in or waiting by now."""
    task = asyncio.ensure_future(gate.enter_shadow(held_bytes))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task


async def test_as_many_shadow_calls_as_allowed_and_the_rest_in_turn() -> None:
    gate = Gate(2)
    first, second, third, fourth = [await waiting(gate) for _ in range(4)]
    assert [task.done() for task in (first, second, third, fourth)] == [True, True, False, False]
    gate.leave_shadow(1, None)
    assert await third == 2
    assert not fourth.done()
    gate.leave_shadow(1, None)
    assert await fourth == 2


async def test_no_shadow_call_starts_beside_a_primary_one_at_first() -> None:
    gate = Gate(2)
    among = gate.enter_primary()
    shadow = await waiting(gate)
    assert (among, shadow.done()) == (1, False)
    gate.leave_primary(among, 0.3)
    assert await shadow == 1


async def test_primary_calls_never_wait() -> None:
    gate = Gate(1)
    await waiting(gate)
    assert [gate.enter_primary() for _ in range(5)] == [2, 3, 4, 5, 6]


async def test_shadow_calls_join_where_calls_were_seen_to_run_side_by_side() -> None:
    gate = Gate(2)
    gate.leave_primary(gate.enter_primary(), 0.1)
    together = [gate.enter_primary() for _ in range(3)]
    for among in together:
        gate.leave_primary(among, 0.1)
    gate.enter_primary()
    assert (await waiting(gate)).done()
    assert (await waiting(gate)).done()
    assert not (await waiting(gate)).done(), "never more than allowed"


async def test_a_room_that_is_full_refuses_at_once() -> None:
    gate = Gate(1, Room(calls=2))
    gate.enter_primary()
    tasks = [await waiting(gate) for _ in range(3)]
    assert [task.done() for task in tasks] == [False, False, True]
    assert tasks[2].result() is None


async def test_a_room_is_bounded_in_bytes() -> None:
    gate = Gate(1, Room(held_bytes=100))
    gate.enter_primary()
    small, large = await waiting(gate, 60), await waiting(gate, 60)
    assert (small.done(), large.done()) == (False, True)
    small.cancel()
    await asyncio.wait([small])
    assert not (await waiting(gate, 60)).done(), "the bytes came back"


async def test_nobody_waits_for_long() -> None:
    gate = Gate(1, Room(seconds=0.05))
    among = gate.enter_primary()
    late = await waiting(gate)
    assert await late is None
    gate.leave_primary(among, None)
    assert await gate.enter_shadow(1) == 1, "the place was not taken by the one that gave up"


async def test_a_cancelled_shadow_call_gives_its_place_back() -> None:
    gate = Gate(1)
    among = gate.enter_primary()
    cancelled, next_one = await waiting(gate), await waiting(gate)
    gate.leave_primary(among, None)
    cancelled.cancel()  # in the very round in which it was let in
    await asyncio.wait([cancelled])
    assert cancelled.cancelled()
    assert await next_one == 1


@pytest.mark.parametrize(
    ("samples", "calls"),
    [
        ([], 1),
        ([(1, 0.3), (2, 0.6), (3, 0.9)], 1),
        ([(1, 0.3), (2, 0.3)], 2),
        ([(1, 0.3), (5, 0.31), (5, 0.31), (5, 0.31), (5, 0.31), (5, 0.31)], 5),
        ([(1, 0.3), (2, 0.3), (2, 0.6)], 1),
        ([(1, 0.3), (2, 0.3), (3, 0.3), (4, 0.9)], 3),
        ([(2, 0.1), (3, 0.1)], 1),
    ],
    ids=[
        "nothing seen",
        "one at a time",
        "two at once",
        "grows one by one",
        "what was too much is taken back",
        "what was beyond it says nothing",
        "nothing to hold it against",
    ],
)
def test_capacity_is_learned(samples: list[tuple[int, float]], calls: int) -> None:
    capacity = Capacity()
    for among, seconds in samples:
        capacity.observe(among, seconds)
    assert capacity.calls == calls
