"""What happens to the proxy's processes, to what they may use, and to the machine's clock."""

import asyncio
import os
import resource
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic

import httpx

from shadow.config.digest import configuration_digest
from shadow.config.load import load
from tests.faults.callers import WEIGHT_PERCENT
from tests.faults.campaign import Fault
from tests.faults.implementations import hangs, right
from tests.faults.scene import Scene
from tests.proxy.bodies import config_map, request

DRAIN_SECONDS = 10.0
HALF_OPEN = 2000
_SWAPS = 100
_HEADROOM = 48 << 20
_PILED = 1000
_LARGE = "x" * (1 << 20)
_FOR_BODIES = 1 << 30
"""Four times `server.in_flight`."""


async def proxy_is_killed(scene: Scene, seconds: float) -> None:
    """At a random moment, with a brake that was pulled a moment before."""
    await asyncio.sleep(scene.luck.random() * seconds)
    await scene.pull()
    await scene.survives_a_kill()
    await asyncio.sleep(seconds / 2)


async def worker_is_killed(scene: Scene, seconds: float) -> None:
    for _ in range(3):
        await asyncio.sleep(scene.luck.random() * seconds / 2)
        if (worker := scene.proxy.worker()) is not None:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)


async def told_to_end(scene: Scene, seconds: float) -> None:
    await asyncio.sleep(seconds / 2)
    started = monotonic()
    assert await scene.proxy.terminate() == 0
    assert monotonic() - started < DRAIN_SECONDS + 1, "it takes more than 10 s to drain"
    await scene.proxy.start()
    await asyncio.sleep(seconds / 2)


async def clock_jumps(scene: Scene, seconds: float) -> None:
    for ahead in (86_400.0, -86_400.0, 3600.0):
        scene.proxy.inject(clock=ahead)
        await asyncio.sleep(seconds / 3)
    scene.proxy.inject()
    await asyncio.sleep(0.2)


async def collector_is_dead_or_slow(scene: Scene, seconds: float) -> None:
    scene.collector.hanging = True
    await asyncio.sleep(seconds / 2)
    scene.collector.hanging = False
    await scene.collector.stop()
    await asyncio.sleep(seconds / 2)
    await scene.collector.start()


async def configuration_is_swapped(scene: Scene, seconds: float) -> None:
    """A hundred times, half of them invalid; the canary's weight stays, so who is primary does as well."""
    for number in range(_SWAPS):
        scene.configure("a lot" if number % 2 else WEIGHT_PERCENT, retention={"age": f"{number + 1}d"})
        await asyncio.sleep(seconds / _SWAPS)
    scene.configure(retention={"age": "30d"})
    await _until(lambda: _serves_the_file(scene))


async def _serves_the_file(scene: Scene) -> bool:
    ready = await scene.ready()
    digest = configuration_digest(load(scene.home / "shadow.yaml"))
    return bool(ready["configuration_digest"] == digest and ready["refused_configuration"] is None)


async def descriptors_run_out(scene: Scene, seconds: float) -> None:
    """There are a few for the connections that are there, and none for new ones."""
    scene.proxy.limit(resource.RLIMIT_NOFILE, scene.proxy.usage()["descriptors"] + 3)
    idle = await _half_open(scene, 20, b"")
    await asyncio.sleep(seconds)
    with suppress(httpx.TransportError):  # who comes now is turned away
        await scene.pull(seconds=1)
    scene.proxy.limit(resource.RLIMIT_NOFILE, None)
    for writer in idle:
        writer.close()
    await scene.pull()
    await scene.survives_a_kill()


async def memory_runs_out(scene: Scene, seconds: float) -> None:
    scene.proxy.limit(resource.RLIMIT_AS, scene.proxy.usage()["address_space"] + _HEADROOM)
    await asyncio.sleep(seconds)
    with suppress(ProcessLookupError):  # it has ended, perhaps in this moment
        scene.proxy.limit(resource.RLIMIT_AS, None)
    await asyncio.sleep(1)
    if scene.proxy.ended:  # as the kernel would end it at a cgroup's limit; the next one has what it needs
        await scene.proxy.start()


async def bodies_pile_up(scene: Scene, seconds: float) -> None:
    """A thousand calls of a megabyte at once, and nobody answers: what does not fit is told so, within the limit."""
    scene.proxy.limit(resource.RLIMIT_AS, scene.proxy.usage()["address_space"] + _FOR_BODIES)
    for side in (scene.old, scene.new):
        side.habit = hangs
    statuses = Counter(await asyncio.gather(*(_large_call(scene, number) for number in range(_PILED))))
    for side in (scene.old, scene.new):
        side.habit = right
    await asyncio.sleep(seconds)
    assert not scene.proxy.ended
    scene.proxy.limit(resource.RLIMIT_AS, None)
    assert statuses[503]
    assert not statuses[200] + statuses[500], statuses


async def _large_call(scene: Scene, number: int) -> int:
    body = request(config_map("one", {"padding": _LARGE}), uid=f"large-{number}")
    body = body.replace(b'"labels": {}', b'"annotations": {"nonce": "large"}, "labels": {}')
    reader, writer = await asyncio.open_connection("127.0.0.1", scene.hooks_port)
    writer.write(b"POST /shadow/sync HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body))
    writer.write(body)
    try:
        return int((await reader.readline()).split()[1])
    except (ConnectionError, IndexError):
        return 0  # it was slower than a request may be, and hung up on
    finally:
        writer.close()


async def heads_are_left_half(scene: Scene, seconds: float) -> None:
    """Two thousand connections are hung up on in the end; until then calls are served beside them."""
    before = scene.proxy.usage()["descriptors"]
    writers = await _half_open(scene, HALF_OPEN, b"POST /shadow/sync HTTP/1.1\r\nhost: x\r\ncontent-le")
    await _until(lambda: _has_descriptors(scene, before + HALF_OPEN // 2, before + 2 * HALF_OPEN))
    await asyncio.sleep(seconds)
    await _until(lambda: _has_descriptors(scene, 0, before + 100))
    for writer in writers:
        writer.close()


async def _half_open(scene: Scene, number: int, sent: bytes) -> list[asyncio.StreamWriter]:
    """All at once: one after the other, a busy machine would hang up on the first before the last is there."""
    opening = (asyncio.open_connection("127.0.0.1", scene.hooks_port) for _ in range(number))
    opened = await asyncio.gather(*opening, return_exceptions=True)
    writers = [each[1] for each in opened if not isinstance(each, BaseException)]
    for writer in writers:
        writer.write(sent)
    return writers


async def _has_descriptors(scene: Scene, least: int, most: int) -> bool:
    return least <= scene.proxy.usage()["descriptors"] <= most


async def _until(holds: Callable[[], Awaitable[bool]], seconds: float = 60.0) -> None:
    deadline = monotonic() + seconds
    while True:
        with suppress(httpx.TransportError):
            if await holds():
                return
        assert monotonic() < deadline, "it does not come about"
        await asyncio.sleep(0.1)


FAULTS = (
    Fault("kill -9 of the proxy", proxy_is_killed, loses=True, forgets=True),
    Fault("kill -9 of the compare process", worker_is_killed),
    Fault("SIGTERM", told_to_end, loses=True),
    Fault("the clock jumps by a day and back", clock_jumps),
    Fault("the OTLP collector hangs, then is dead", collector_is_dead_or_slow),
    Fault("100 configurations, half of them invalid", configuration_is_swapped),
    Fault("no file descriptors are left", descriptors_run_out, loses=True, forgets=True),
    Fault("memory runs out amid large bodies", memory_runs_out, loses=True, forgets=True, padding=4 << 20),
    Fault("1,000 calls of 1 MB at once", bodies_pile_up, loses=True, forgets=True),
    Fault("2,000 connections with half a head", heads_are_left_half),
)
