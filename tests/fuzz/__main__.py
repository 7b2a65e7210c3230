"""`python -m tests.fuzz`: damaged bytes into each reader for so many seconds; a line for each, and how to repeat it."""

import argparse
import random
import traceback
from time import monotonic, perf_counter

from tests.fuzz.damage import damaged
from tests.fuzz.targets import TARGETS, Target

SLOW_SECONDS = 5.0
"""For one input of some kilobytes: an answer to it is late whatever it is."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="targets whose names contain one of these words; default: all")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each target; default: 60")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chosen = [each for each in TARGETS if not options.only or any(word in each.name for word in options.only)]
    print("| reader | inputs | slowest ms | faults |\n|---|--:|--:|--:|", flush=True)
    return max([_fuzzed(target, options.seconds, options.seed) for target in chosen], default=0)


def _fuzzed(target: Target, seconds: float, seed: int) -> int:
    luck, ends, number, slowest = random.Random(seed), monotonic() + seconds, 0, 0.0
    faults: list[str] = []
    while monotonic() < ends and len(faults) < 5:
        number += 1
        data = damaged(luck, target.seeds)
        started = perf_counter()
        try:
            target.read(data, luck)
        except Exception:  # noqa: BLE001 - that is what is looked for
            faults.append(f"{target.name}: {data!r}\n{traceback.format_exc()}")
        taken = perf_counter() - started
        slowest = max(slowest, taken)
        if taken > SLOW_SECONDS:
            faults.append(f"{target.name}: {taken:.1f} s for {data[:2000]!r}")
    print(f"| {target.name} | {number} | {1000 * slowest:.0f} | {len(faults)} |", flush=True)
    print(*faults, sep="\n", end="")
    return bool(faults)


if __name__ == "__main__":
    raise SystemExit(main())
