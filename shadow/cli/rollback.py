"""`shadow rollback`: pulls the brake: `old` is primary for every parent, calls in flight included, until a release.

Ends with 0 when it is stored and known to every replica, else with 4.
"""

import argparse
from typing import Any

import msgspec

from shadow.cli.brake import add_arguments, change
from shadow.cli.client import Control, control, migration_path
from shadow.cli.common import CommandError, Exit, complain, write
from shadow.cli.waiting import duration, wait_until
from shadow.report.words import counted, printable


class Convergence(msgspec.Struct, frozen=True):
    """How many parents have been answered by their present primary."""

    answered: int
    of: int
    outstanding: int


class Brake(msgspec.Struct, frozen=True):
    """`on` is null while it is unknown; `by` and `because` of whoever moved it last."""

    on: bool | None = None
    by: str | None = None
    because: str | None = None


class Braked(msgspec.Struct, frozen=True):
    """A migration, as far as a rollback waits for it."""

    convergence: Convergence
    brake: Brake = Brake()

    @property
    def released(self) -> bool:
        """Its parents' present primary is not `old` by this brake any more: to wait on says nothing."""
        return self.brake.on is False


def register(subparsers: Any) -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser("rollback", help="pull the brake: old answers for every parent, at once")
    add_arguments(parser)
    parser.add_argument(
        "--wait", type=duration, metavar="5m", help="wait so long for every known parent to be answered by old"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 stored and acknowledged by all, and with --wait every parent answered by old; 4 not yet, or released."""
    pulled = change(args, "rollback", {"because": args.because})
    if args.wait is None:
        return pulled
    api = control(args)
    found = wait_until(
        lambda met: met.released or not met.convergence.outstanding, lambda: _fetch(api, args.migration), args.wait
    )
    if found.released:
        brake = found.brake
        complain(f"{args.migration}: the brake was released meanwhile, by {printable(f'{brake.by}: {brake.because}')}")
        return Exit.INCONCLUSIVE
    met = found.convergence
    write([f"{args.migration}: {met.answered} of {counted(met.of, 'parent')} answered by old\n"])
    return Exit.INCONCLUSIVE if met.outstanding else pulled


def _fetch(api: Control, migration: str) -> Braked:
    try:
        return msgspec.json.decode(api.get(migration_path(migration)), type=Braked)
    except msgspec.DecodeError as error:
        raise CommandError(f"{api.url} does not answer as a shadow does: {error}") from error
