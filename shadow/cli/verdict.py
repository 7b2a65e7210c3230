"""`shadow verdict`: one word and the reasons; the exit status is the verdict."""

import argparse
import time
from collections.abc import Iterator
from typing import Any

import msgspec

from shadow.cli.client import Control, add_control_arguments, control, migration_path
from shadow.cli.common import CommandError, Exit, write
from shadow.cli.stored import opened, view
from shadow.cli.waiting import duration, wait_until
from shadow.report.assess import assess
from shadow.report.model import VerdictLine, Word
from shadow.report.words import counted, printable

_STATUS = {Word.READY: Exit.FINE, Word.NOT_READY: Exit.DIFFERS, Word.INCONCLUSIVE: Exit.INCONCLUSIVE}


def register(subparsers: Any) -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser("verdict", help="whether a migration is ready for its next step, and why not")
    parser.add_argument("migration", metavar="MIGRATION")
    parser.add_argument("--wait", type=duration, metavar="10m", help="wait so long for it to be conclusive")
    parser.add_argument("--store", metavar="URL", help="read this store instead of asking a proxy")
    add_control_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 ready, 3 not ready, 4 inconclusive."""
    if args.store:
        found = wait_until(_conclusive, lambda: _stored(args.store, args.migration), args.wait or 0.0)
    else:
        api = control(args)
        found = wait_until(_conclusive, lambda: fetch(api, args.migration), args.wait or 0.0)
    write(lines(args.migration, found))
    return _STATUS[found.verdict]


def _conclusive(found: VerdictLine) -> bool:
    return found.verdict is not Word.INCONCLUSIVE


def fetch(api: Control, migration: str) -> VerdictLine:
    """The verdict, as the proxy has it."""
    try:
        return msgspec.json.decode(api.get(migration_path(migration, "verdict")), type=VerdictLine)
    except msgspec.DecodeError as error:
        raise CommandError(f"{api.url} does not answer as a shadow does: {error}") from error


def _stored(url: str, migration: str) -> VerdictLine:
    now = time.time()
    with opened(url, now) as store:
        return assess(store, view(store, migration, None, now), now).verdict


def lines(migration: str, found: VerdictLine) -> Iterator[str]:
    """The word, then a reason a line."""
    told = f"{counted(found.comparisons, 'comparison')} of {counted(found.parents, 'parent')}"
    yield f"{migration}: {found.verdict} ({told} since {found.since:%Y-%m-%d %H:%M} UTC)\n"
    for reason in found.reasons:
        yield f"  - {printable(reason)}\n"
    for waived in found.waived:
        yield f"  waived: {printable(waived)}\n"
