"""What implementations and the network to them do: first `old`, then `new`, and both are right again in the end."""

import asyncio

from tests.faults import implementations as habits
from tests.faults.campaign import Fault, Strike
from tests.faults.implementations import Habit
from tests.faults.scene import Scene

_MOST_MEMORY = 1 << 30
"""Bytes that the proxy may take more while gigabytes are sent to it."""


def habit(name: Habit) -> Strike:
    async def strike(scene: Scene, seconds: float) -> None:
        for side in (scene.old, scene.new):
            side.habit = name
            await asyncio.sleep(seconds / 2)
            side.habit = habits.right

    return strike


async def refuses(scene: Scene, seconds: float) -> None:
    for side in (scene.old, scene.new):
        await side.stop()
        await asyncio.sleep(seconds / 2)
        await side.start()


async def flaps(scene: Scene, seconds: float) -> None:
    for side in (scene.old, scene.new):
        for _ in range(5):
            await side.stop()
            await asyncio.sleep(seconds / 20)
            await side.start()
            await asyncio.sleep(seconds / 20)


async def sends_a_gigabyte(scene: Scene, seconds: float) -> None:
    """Whatever is sent, the proxy keeps no more of it than the limit of an answer."""
    before = scene.proxy.usage()["memory"]
    striking = asyncio.create_task(habit(habits.sends_a_gigabyte)(scene, seconds))
    while not striking.done():
        await asyncio.sleep(0.1)
        more = scene.proxy.usage()["memory"] - before
        assert more < _MOST_MEMORY, f"{more >> 20} MiB more"
    await striking


async def names_vanish(scene: Scene, seconds: float) -> None:
    scene.proxy.inject(names={"implementations.test": None})
    for side in (scene.old, scene.new):
        await side.stop()  # connections that are there need no name
        await side.start()
    await asyncio.sleep(seconds)
    scene.proxy.inject()
    await asyncio.sleep(0.2)


FAULTS = (
    Fault("an implementation hangs", habit(habits.hangs)),
    Fault("refuses connections", refuses),
    Fault("resets amid its answer", habit(habits.resets_amid_its_answer)),
    Fault("drips a byte a second", habit(habits.drips_a_byte_a_second)),
    Fault("sends 1 GB", sends_a_gigabyte),
    Fault("sends a zip bomb", habit(habits.sends_a_zip_bomb)),
    Fault("closes idle connections", habit(habits.closes_idle_connections)),
    Fault("answers what two readers understand differently", habit(habits.answers_nonsense)),
    Fault("flaps", flaps),
    Fault("names cannot be resolved", names_vanish),
)
