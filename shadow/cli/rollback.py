"""`shadow rollback`: pulls the brake. Old is primary for every parent until a person releases it."""

import argparse
from typing import Any

from shadow.cli.brake import add_arguments, change


def register(subparsers: Any) -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser("rollback", help="pull the brake: old answers for every parent, at once")
    add_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 stored and acknowledged by all, 4 not yet."""
    return change(args, "rollback", {"because": args.because})
