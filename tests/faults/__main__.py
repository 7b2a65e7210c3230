"""`python -m tests.faults`: every fault in turn under load, each for longer than the tests do; a table of figures."""

import argparse
import asyncio
import tempfile
from contextlib import ExitStack
from pathlib import Path

import httpx

from tests.faults.campaign import HEADING, Fault, struck
from tests.faults.catalogue import ANYWHERE, ON_POSTGRES, ON_SQLITE
from tests.faults.figures import renewed
from tests.faults.scene import scene
from tests.postgres import PostgresServer


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="faults whose names contain one of these words; default: all")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each fault; default: 10")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgres", action="store_true", help="over a PostgreSQL server of its own, not SQLite")
    parser.add_argument("--write", type=Path, metavar="FILE", help="renews the rows of these faults in this document")
    options = parser.parse_args()
    faults = (*ANYWHERE, *(ON_POSTGRES if options.postgres else ON_SQLITE))
    if unknown := [word for word in options.only if not any(word in fault.name for fault in faults)]:
        names = ", ".join(fault.name for fault in faults)
        parser.error(f"no fault has {', '.join(map(repr, unknown))} in its name; there are: {names}")
    chosen = [fault for fault in faults if not options.only or any(word in fault.name for word in options.only)]
    with ExitStack() as stack:
        database = None
        if options.postgres:
            stack.callback((database := PostgresServer()).close)
            database.start()
        rows, failed = asyncio.run(campaign(chosen, options.seconds, options.seed, database))
    print(*failed, sep="\n")
    if options.write is not None and not failed:
        options.write.write_text(renewed(options.write.read_text(), rows, over_postgres=options.postgres))
    return 1 if failed else 0


async def campaign(
    faults: list[Fault], seconds: float, seed: int, database: PostgresServer | None
) -> tuple[list[str], list[str]]:
    """A row for each fault, and what went wrong."""
    print(HEADING, flush=True)
    rows: list[str] = []
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="shadow-faults-") as name:
        async with scene(Path(name), seed, database) as struck_scene:
            for fault in faults:
                try:
                    outcome = await struck(struck_scene, fault, seconds)
                    print(outcome.row, flush=True)
                    rows.append(outcome.row)
                    outcome.check()
                except (AssertionError, OSError, httpx.HTTPError) as exc:
                    failed.append(f"{fault.name}: {exc!r}\n{struck_scene.proxy.said()[-2000:]}")
                    await struck_scene.anew()
    return rows, failed


if __name__ == "__main__":
    raise SystemExit(main())
