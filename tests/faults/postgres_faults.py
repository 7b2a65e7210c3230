"""What happens to a database server. A replica that is alone goes on without it, and stores a pull when it is back."""

import asyncio

from shadow.terms import Stage
from tests.faults.campaign import Fault
from tests.faults.scene import Scene


async def server_is_gone(scene: Scene, seconds: float) -> None:
    """As by a crash, and with a brake pulled meanwhile."""
    assert scene.database is not None
    await asyncio.to_thread(scene.database.stop)
    await asyncio.sleep(seconds / 2)
    told = await scene.pull()
    assert (told["on"], told["stored"]) == (True, False)
    assert (await scene.brake())["on"]
    await asyncio.sleep(seconds / 2)
    await asyncio.to_thread(scene.database.start)
    while (await scene.ready())["brakes_unstored"]:
        await asyncio.sleep(0.1)
    scene.braked.add(Stage.CANARY)
    await scene.survives_a_kill()


FAULTS = (Fault("the database server crashes and comes back", server_is_gone, loses=True, forgets=True),)
