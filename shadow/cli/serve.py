"""`shadow serve`: runs the proxy until SIGTERM or SIGINT.

Hooks are answered at `server.hooks`, page and API at `server.control`. The configuration is watched: a changed one is
taken over within two seconds, an invalid one is refused and told. Both addresses, every file that it names and the
store are looked at before anything is served.
"""

import argparse
import asyncio
import gc
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shadow import descriptors
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
    gc.disable()  # what is imported stays: to look for garbage in it would take a tenth of the start
    from shadow.app import serve  # noqa: PLC0415 - `shadow serve --help` needs none of it
    from shadow.config.load import locate  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    descriptors.claim()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(serve(locate(args.config, os.environ)))
    return Exit.FINE


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        from uvloop import new_event_loop  # noqa: PLC0415 - absent on some platforms
    except ImportError:
        return asyncio.new_event_loop
    return new_event_loop
