"""`shadow check`: every error of a configuration at once, a line each. Calls nobody unless asked to probe."""

import argparse
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shadow.cli.common import CommandError, Exit, write
from shadow.config.digest import configuration_digest
from shadow.config.files import require_files
from shadow.config.load import load, locate
from shadow.config.model import Configuration
from shadow.config.notes import notes
from shadow.config.reach import out_of_reach
from shadow.errors import ConfigurationError, Problem
from shadow.proxy.migrations.controllers import require_controllers


def register(subparsers: Any) -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser(
        "check",
        help="check a configuration and tell every error at once",
        description="Tells every error of a configuration, a line each, with its path: `migrations.m.old.url: ...`. "
        "The files that it names have to be there and readable, unless --no-files says that they are elsewhere. Notes "
        "are about what is allowed and seldom meant; they change no exit status. No hook is called, except by "
        "--request.",
    )
    parser.add_argument("--config", metavar="FILE", help="default: $SHADOW_CONFIG, else shadow.yaml")
    parser.add_argument("--no-files", action="store_true", help="do not look for the files that it names")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--print-digest", action="store_true", help="print the configuration's digest and nothing else")
    what.add_argument("--schema", action="store_true", help="print the JSON Schema; needs no configuration")
    what.add_argument("--probe", action="store_true", help="try the way to each implementation, calling no hook")
    parser.add_argument(
        "--request", type=Path, metavar="FILE", help="with --probe: send this recorded call to each implementation"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print that the file is good.

    Raises:
        ConfigurationError: it is not; carries every problem.
        CommandError: an implementation cannot be reached, or gave no answer that may be served.
    """
    if args.request and not args.probe:
        raise CommandError("--request needs --probe", Exit.USAGE)
    if args.schema:
        from shadow.config.schema import schema  # noqa: PLC0415 - the others do without it

        write([json.dumps(schema(), indent=2), "\n"])
        return Exit.FINE
    path = locate(args.config, os.environ)
    configuration = load(path)
    digest = configuration_digest(configuration)
    if args.print_digest:  # of a file that may be meant for another machine
        write([f"{digest}\n"])
        return Exit.FINE
    if not args.no_files:
        _require_all(configuration)
    names = ", ".join(f"{name} ({migration.stage})" for name, migration in configuration.migrations.items())
    write([f"{path} is good: {names}\n{digest}\n"])
    write(f"note: {note}\n" for note in notes(configuration, datetime.now(UTC).date()))
    if not args.no_files:
        write(f"note: migrations.{name}.guard: {note}\n" for name, note in out_of_reach(configuration))
    if args.probe:
        _probe(configuration, args.request)
    return Exit.FINE


def _require_all(configuration: Configuration) -> None:
    """The files that it names, which the machine it is meant for has, and this one may not have."""
    try:
        require_files(configuration)
    except ConfigurationError as error:
        hint = Problem("--no-files", "does without these files, if they are elsewhere: in a Pod, say")
        raise ConfigurationError([*error.problems, hint]) from None
    require_controllers(configuration)


def _probe(configuration: Configuration, request: Path | None) -> None:
    from shadow.cli.probe import probes  # noqa: PLC0415 - the others do without it
    from shadow.cli.trial import load_trial, trials  # noqa: PLC0415

    blocked = 0
    for each in probes(configuration) if request is None else trials(configuration, load_trial(request)):
        write([f"{each}\n"])
        blocked += each.blocked is not None
    if blocked:
        raise CommandError(f"{blocked} of {2 * len(configuration.migrations)} implementations cannot be asked")
