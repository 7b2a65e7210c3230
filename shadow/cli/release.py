"""`shadow release`: lets the brake go: stage and weight decide again who answers.

Refused (2) when stage, weight, pins or implementations changed since it was pulled; `--accept-digest` says that this
was seen. Ends with 0 when it is stored and known to every replica, else with 4.
"""

import argparse
from typing import Any

from shadow.cli.brake import add_arguments, change
from shadow.cli.client import digest


def register(subparsers: Any) -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser("release", help="let the brake go")
    add_arguments(parser)
    parser.add_argument(
        "--accept-digest",
        type=digest,
        metavar="D",
        help="release although stage, weight, pins or implementations changed since the pull, to this configuration "
        "(its digest or at least 8 digits of it)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 stored and acknowledged by all, 4 not yet, 2 refused."""
    body = {"because": args.because}
    if args.accept_digest:
        body["accept_digest"] = args.accept_digest
    return change(args, "release", body)
