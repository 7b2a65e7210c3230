"""`shadow rehearse`: a cluster export in the simulated cluster, the real hooks through a real proxy, every write told.

Nothing is written anywhere: the cluster is a copy in memory. The hooks are called for real, marked
`X-Shadow-Role: rehearse`, and only as far as `shadow_when` and `shadow_finalize` allow.
"""

import argparse
import asyncio
from pathlib import Path
from typing import Any


def register(subparsers: Any) -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser(
        "rehearse",
        help="play the whole move in a copy of the cluster and list every write",
        description="Loads a cluster export into a simulated cluster and plays today, every way to switch, the move, "
        "its rollback and its end. Ends with a table and a recommendation.",
    )
    parser.add_argument(
        "export", metavar="EXPORT", nargs="+", type=Path, help="kubectl get ... -o json; redacted ones are fine"
    )
    parser.add_argument("--config", metavar="FILE", help="default: $SHADOW_CONFIG, else shadow.yaml")
    parser.add_argument("--migration", metavar="NAME", help="which one, if the configuration has several")
    parser.add_argument("--metacontroller", metavar="VERSION", help="2.6.1 or 4.17.2 (default: by the parent's type)")
    parser.add_argument(
        "--key-file", type=Path, metavar="FILE", help="the export was redacted with this key: so are the hooks' answers"
    )
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 if neither switch nor move nor end would write, 3 if they would, 4 if a hook gave no usable answer."""
    from shadow.cli.rehearse.play import play  # noqa: PLC0415 - `shadow rehearse --help` needs none of it

    return asyncio.run(play(args))
