"""`python -m tests.faults.soak`: mixed traffic on both fronts and in all stages, with faults on a timetable.

One round warms up; the rest of the time is measured. Then memory, descriptors, threads and tasks have to be at the
level that they had after the first round, and every call of the whole time has to be right and counted.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path
from time import monotonic

from tests.faults.campaign import HEADING, Fault, Outcome
from tests.faults.catalogue import FAULTS
from tests.faults.scene import Scene, scene

CALLERS = 50
PAUSE_SECONDS = 0.5
"""Between two calls of one caller: about 90 calls a second in all."""
TIMETABLE = (
    "an implementation hangs",
    "refuses connections",
    "resets amid its answer",
    "drips a byte a second",
    "sends a zip bomb",
    "closes idle connections",
    "flaps",
    "names cannot be resolved",
    "kill -9 of the compare process",
    "the OTLP collector hangs, then is dead",
    "100 configurations, half of them invalid",
    "2,000 connections with half a head",
)
QUIET_SECONDS = 6.0
"""Before a level is taken: connections that are idle for four seconds are closed."""
TOLERATED = {"memory": 32 << 20, "worker_memory": 64 << 20, "descriptors": 16, "threads": 6, "tasks": 4}
"""Above the level after the first round: pools start threads when first needed, caches fill, allocators keep some."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="default: 30")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    return asyncio.run(soak(options.minutes * 60, options.seed))


async def soak(seconds: float, seed: int) -> int:
    ends = monotonic() + seconds
    faults = [fault for name in TIMETABLE for fault in FAULTS if fault.name == name]
    with tempfile.TemporaryDirectory(prefix="shadow-soak-") as name:
        async with scene(Path(name), seed) as soaked:
            each = min(5.0, seconds / 3 / len(faults) / 2)
            warm = await _rounds(soaked, faults, each, monotonic() + 1)
            before = await _level(soaked)
            rest = await _rounds(soaked, faults, each, ends)
            after = await _level(soaked)
    print(HEADING, warm.row, rest.row, "", "| | after the first round | in the end |", "|---|--:|--:|", sep="\n")
    for key, value in after.items():
        print(f"| {key.replace('_', ' ')} | {_shown(key, before[key])} | {_shown(key, value)} |")
    grown = [key for key, most in TOLERATED.items() if after[key] > before[key] + most]
    if grown:
        print(f"\nabove the level that they had: {', '.join(grown)}")
    for outcome in (warm, rest):
        outcome.check()
    return 1 if grown else 0


async def _rounds(soaked: Scene, faults: list[Fault], each: float, until: float) -> Outcome:
    """Whole rounds of the timetable, the last one begun before `until`; as much peace as there are faults."""
    before, began = await soaked.settled(), monotonic()
    callers = soaked.callers(CALLERS, pause=PAUSE_SECONDS)
    rounds = 0
    while not rounds or monotonic() < until:
        rounds += 1
        for fault in faults:
            await fault.strike(soaked, each)
            await asyncio.sleep(each)
    figures = await callers.stop()
    counted = (await soaked.settled()).since(before)
    taken = monotonic() - began
    return Outcome(Fault(f"{rounds} rounds, {taken:.0f} s", faults[0].strike), figures, counted, taken)


async def _level(soaked: Scene) -> dict[str, int]:
    await asyncio.sleep(QUIET_SECONDS)
    return soaked.proxy.usage()


def _shown(key: str, value: int) -> str:
    return f"{value / (1 << 20):.0f} MiB" if "memory" in key or key == "address_space" else str(value)


if __name__ == "__main__":
    raise SystemExit(main())
