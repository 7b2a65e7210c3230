"""What happens to the store. The brake, once acknowledged as stored, survives all of it but the loss of the volume."""

import asyncio
import os
import resource
import sqlite3

import httpx

from shadow.terms import Stage
from tests.faults.campaign import Fault
from tests.faults.scene import Scene

_ROOM = 16 << 10
"""Bytes that a file may have on the full disk: the brake's own file is smaller, the database is not."""


async def disk_is_full(scene: Scene, seconds: float) -> None:
    scene.proxy.limit(resource.RLIMIT_FSIZE, _ROOM)
    await asyncio.sleep(seconds / 2)
    told = await scene.pull()
    assert told["stored"], "the room that was set aside for the brake was not used"
    await asyncio.sleep(seconds / 2)
    scene.proxy.limit(resource.RLIMIT_FSIZE, None)
    await scene.survives_a_kill()


async def disk_takes_nothing(scene: Scene, seconds: float) -> None:
    """A file system gone read-only: not even the brake's file can be written, which the answer to a pull says."""
    scene.proxy.limit(resource.RLIMIT_FSIZE, 0)
    await asyncio.sleep(seconds / 2)
    told = await scene.pull()
    assert (told["on"], told["stored"]) == (True, False)
    await asyncio.sleep(seconds / 2)
    scene.proxy.limit(resource.RLIMIT_FSIZE, None)
    while (await scene.ready())["brakes_unstored"]:
        await asyncio.sleep(0.1)
    scene.braked.add(Stage.CANARY)
    await scene.survives_a_kill()


async def locked_by_another_process(scene: Scene, seconds: float) -> None:
    other = sqlite3.connect(scene.store, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await asyncio.sleep(seconds / 2)
    assert (await scene.pull())["stored"], "the brake's own file was not used"
    await asyncio.sleep(seconds / 2)
    other.execute("ROLLBACK")
    other.close()
    await scene.survives_a_kill()


async def slow_by_five_seconds(scene: Scene, seconds: float) -> None:
    scene.proxy.inject(store=5.0)
    await asyncio.sleep(seconds)
    scene.proxy.inject()


async def corrupted(scene: Scene, seconds: float) -> None:
    await scene.pull()
    with scene.store.open("r+b") as file:
        for page in range(os.fstat(file.fileno()).st_size // 4096):
            file.seek(page * 4096)
            file.write(scene.luck.randbytes(2048))
    assert (await scene.brake())["on"]
    await _damaged(scene, seconds)


async def log_is_lost(scene: Scene, seconds: float) -> None:
    """The write-ahead log is cut to nothing under the process."""
    await scene.pull()
    os.truncate(f"{scene.store}-wal", 0)
    await _damaged(scene, seconds)


async def file_is_deleted(scene: Scene, seconds: float) -> None:
    await scene.pull()
    for path in scene.home.glob("shadow.db*"):
        if path.suffix in (".db", ".db-wal", ".db-shm"):
            path.unlink()
    await _damaged(scene, seconds)


async def _damaged(scene: Scene, seconds: float) -> None:
    """Calls go on; and after a kill either the brake is known to be on, or nothing is served at all."""
    await asyncio.sleep(seconds)
    await scene.proxy.kill()
    await scene.proxy.launch()
    await _until_it_serves_or_gives_up(scene)
    await asyncio.sleep(seconds / 2)  # callers know that the brake is on, and take nothing of `new` for right
    await scene.anew()


async def volume_is_lost(scene: Scene, seconds: float) -> None:
    """Nothing is left of what was stored, so nobody knows whether a brake was on: no answer of anybody's."""
    await scene.pull()
    await scene.proxy.kill()
    scene.braked.discard(Stage.CANARY)
    for path in scene.home.glob("shadow.db*"):
        path.unlink()
    await scene.proxy.start()
    await asyncio.sleep(seconds)
    assert (await scene.brake())["on"] is None
    await scene.anew()


async def read_only_from_the_start(scene: Scene, seconds: float) -> None:
    """It ends with a line that says so: Metacontroller gets no answer and applies nothing."""
    await scene.proxy.kill()
    await scene.proxy.launch(most_bytes=0)
    await _until_it_serves_or_gives_up(scene)
    assert scene.proxy.ended
    await scene.proxy.start()
    await asyncio.sleep(seconds / 2)


async def _until_it_serves_or_gives_up(scene: Scene) -> None:
    for _ in range(300):
        await asyncio.sleep(0.1)
        if scene.proxy.ended:
            return
        try:
            await scene.ready()
        except httpx.TransportError:
            continue
        return
    raise AssertionError("it neither serves nor ends")


FAULTS = (
    Fault("the disk is full", disk_is_full, loses=True, forgets=True),
    Fault("the disk takes nothing at all", disk_takes_nothing, loses=True, forgets=True),
    Fault("SQLite locked by another process", locked_by_another_process, loses=True, forgets=True),
    Fault("the store is slow by 5 s", slow_by_five_seconds),
    Fault("the database is corrupted", corrupted, loses=True, forgets=True),
    Fault("the write-ahead log is lost", log_is_lost, loses=True, forgets=True),
    Fault("the file is deleted", file_is_deleted, loses=True, forgets=True),
    Fault("the volume is lost", volume_is_lost, loses=True, forgets=True),
    Fault("the file system is read-only at the start", read_only_from_the_start, loses=True, forgets=True),
)
