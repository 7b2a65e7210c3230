"""`shadow serve`: the proxy, until SIGTERM or SIGINT."""

import argparse
import asyncio
import os
from pathlib import Path
from typing import Any

from shadow.cli.common import Exit


def register(subparsers: Any) -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser("serve", help="run the proxy")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="configuration (else SHADOW_CONFIG, else shadow.yaml)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve; uvloop runs the loop where it exists."""
    from shadow.app import serve  # noqa: PLC0415 - `shadow serve --help` needs none of it

    path = args.config or Path(os.environ.get("SHADOW_CONFIG") or "shadow.yaml")
    try:
        from uvloop import new_event_loop  # noqa: PLC0415 - absent on some platforms
    except ImportError:
        new_event_loop = asyncio.new_event_loop
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(serve(path))
    return Exit.FINE
