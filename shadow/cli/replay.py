"""`shadow replay`: recorded calls to both implementations, or with their recorded answers, compared; a report.

Ends with 0 when nothing differs that no rule explains, 3 when something does, 4 when nothing was compared.
"""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from shadow.cli.presenting import add_output_arguments


def register(subparsers: Any) -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser("replay", help="recorded calls, compared once more")
    parser.add_argument(
        "paths", metavar="PATH", nargs="+", type=Path, help="recordings, captured calls, or directories of them"
    )
    parser.add_argument("--config", metavar="FILE", help="default: $SHADOW_CONFIG, else shadow.yaml")
    parser.add_argument("--migration", metavar="NAME", help="which one, if the configuration has several")
    parser.add_argument(
        "--answers",
        choices=("live", "recorded"),
        default="live",
        help="live: both implementations are asked (the default); recorded: nobody is",
    )
    parser.add_argument(
        "--concurrency",
        type=_count,
        metavar="N",
        help="calls at once at each implementation (default: shadow_in_flight)",
    )
    parser.add_argument(
        "--resume", type=Path, metavar="FILE", help="keep what was found in this store, and go on where that ended"
    )
    add_output_arguments(parser)
    parser.set_defaults(run=run)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError("must be a whole number from 1 to 1000")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """0 nothing differs, 3 something does that no rule explains, 4 nothing was compared."""
    from shadow.cli.replaying import replay  # noqa: PLC0415 - `shadow replay --help` needs none of it

    return asyncio.run(replay(args))
