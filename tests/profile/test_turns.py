"""Who waits for a namespace's turn, and who leaves the line."""

import asyncio

import pytest

from shadow.profile.turns import LeftError, Turns


async def stays() -> None:
    await asyncio.Event().wait()


async def leaves() -> None:
    return None


async def test_who_hangs_up_leaves_the_line_and_the_next_has_its_turn():
    turns, order = Turns(), list[str]()

    async def call(name: str) -> None:
        async with turns.of("a", stays):
            order.append(name)

    async with asyncio.TaskGroup() as group:
        async with turns.of("a", stays):
            first = group.create_task(call("first"))
            with pytest.raises(LeftError):
                async with turns.of("a", leaves):
                    order.append("gone")
            group.create_task(call("second"))
            cancelled = group.create_task(call("cancelled"))
            await asyncio.sleep(0)
            cancelled.cancel()
        await first
    assert order == ["first", "second"]
    async with turns.of("a", stays):
        pass


async def test_namespaces_do_not_wait_for_each_other():
    turns = Turns()
    async with turns.of("a", stays), turns.of("b", leaves):
        pass
