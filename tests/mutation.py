"""Mutation testing, `make mutation`: breaks `compare` and `protocol` in small ways and counts what no test notices.

    python -m tests.mutation                            every mutant: some 7,000, hours
    python -m tests.mutation --sample                   about a tenth of them
    python -m tests.mutation --sample compare.merge     of these modules only

Exit status 0: at least the wanted share was noticed; 3: less; 1: mutmut failed. docs/testing.md says how to read it.
"""

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence

WANTED_PERCENT = 85
_ROOMS = ("compare", "protocol")
_SAMPLED_DIGIT = 3  # mutants of a function are numbered: those whose number ends in it are a sample across all modules
_NOTICED = frozenset({"killed", "timeout", "segfault"})
_MISSED = frozenset({"survived", "no tests", "suspicious"})


def patterns(modules: Sequence[str], *, sample: bool) -> list[str]:
    """Of the names of mutants, `shadow.compare.merge.x_merge__mutmut_3`, those that are to be tried."""
    number = f"*{_SAMPLED_DIGIT}" if sample else "*"
    return [f"shadow.{module}.*__mutmut_{number}" for module in modules or _ROOMS]


def results(text: str, modules: Sequence[str]) -> dict[str, str]:
    """What became of each mutant that was tried, as `mutmut results --all true` tells it, a `name: status` a line."""
    prefixes = tuple(f"shadow.{module}." for module in modules or _ROOMS)
    told = (line.strip().rpartition(": ") for line in text.splitlines())
    return {name: status for name, _, status in told if name.startswith(prefixes) and status in _NOTICED | _MISSED}


def percent_noticed(found: dict[str, str]) -> float:
    """Of those that were tried; 0 if none was."""
    noticed = sum(status in _NOTICED for status in found.values())
    return 100 * noticed / len(found) if found else 0.0


def _mutmut(*arguments: str, quiet: bool = False) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE if quiet else None)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("--sample", action="store_true", help="about a tenth of the mutants")
    parser.add_argument("--jobs", default="2", help="mutants tried at once")
    parser.add_argument("modules", nargs="*", help="such as compare.merge; all of compare and protocol by default")
    arguments = parser.parse_args()
    chosen = patterns(arguments.modules, sample=arguments.sample)
    if _mutmut("run", "--max-children", arguments.jobs, *chosen).returncode:
        return 1
    found = results(_mutmut("results", "--all", "true", quiet=True).stdout, arguments.modules)
    for name, status in sorted(found.items()):
        if status in _MISSED:
            print(f"{status}: {name}")
    by_room = Counter((name.split(".")[1], status) for name, status in found.items())
    for (room, status), count in sorted(by_room.items()):
        print(f"{room:>10} {status:>10} {count:>6}")
    share = percent_noticed(found)
    print(f"{share:.1f}% of {len(found)} mutants were noticed; {WANTED_PERCENT}% are wanted")
    return 0 if share >= WANTED_PERCENT else 3


if __name__ == "__main__":
    sys.exit(main())
