"""`shadow demo`: a whole migration on this machine, in under a minute, and every claim of it checked as it is made.

The cluster is simulated; the proxy, both hooks and every call between them are real.
"""

import argparse
import asyncio
import signal
from typing import Any

from shadow.cli.common import Exit


def register(subparsers: Any) -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser(
        "demo",
        help="watch a whole migration on this machine",
        description="Moves a simulated cluster of Kubeflow namespaces from a CompositeController's hook to a "
        "DecoratorController's, through a real proxy, and shows at each step what differs and what really happened.",
    )
    parser.add_argument("--once", action="store_true", help="end after the story instead of leaving the API open")
    parser.add_argument("--port", type=_port, metavar="N", help="port of the control API (default: a free one)")
    parser.set_defaults(run=run)


def _port(text: str) -> int:
    if not (text.isdigit() and 0 < int(text) < 65536):
        raise argparse.ArgumentTypeError("must be a port number")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """0 if everything came out as told, 1 if not."""
    from shadow.cli.demo.screen import Screen  # noqa: PLC0415 - `shadow demo --help` needs none of it
    from shadow.cli.demo.story import CHAPTERS, tell  # noqa: PLC0415

    async def until_told() -> bool:
        task = asyncio.ensure_future(tell(Screen(), once=args.once, port=args.port, chapters=CHAPTERS))
        # SIGTERM as Ctrl-C: whatever was started is ended before this process is.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await task

    try:
        return Exit.FINE if asyncio.run(until_told()) else Exit.FAILED
    except asyncio.CancelledError:
        return 128 + signal.SIGTERM
