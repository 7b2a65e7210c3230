"""`python -m tests.faults`: every fault in turn under load, each for longer than the tests do; a table of figures."""

import argparse
import asyncio
import tempfile
from pathlib import Path

import httpx

from tests.faults.campaign import HEADING, Fault, struck
from tests.faults.catalogue import FAULTS
from tests.faults.scene import scene


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="faults whose names contain one of these words; default: all")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each fault; default: 10")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chosen = [fault for fault in FAULTS if not options.only or any(word in fault.name for word in options.only)]
    return asyncio.run(campaign(chosen, options.seconds, options.seed))


async def campaign(faults: list[Fault], seconds: float, seed: int) -> int:
    print(HEADING, flush=True)
    failed = []
    with tempfile.TemporaryDirectory(prefix="shadow-faults-") as name:
        async with scene(Path(name), seed) as struck_scene:
            for fault in faults:
                try:
                    outcome = await struck(struck_scene, fault, seconds)
                    print(outcome.row, flush=True)
                    outcome.check()
                except (AssertionError, OSError, httpx.HTTPError) as exc:
                    failed.append(f"{fault.name}: {exc!r}\n{struck_scene.proxy.said()[-2000:]}")
                    await struck_scene.anew()
    print(*failed, sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
