"""`shadow check`: every error of a configuration at once, a line each. Calls nobody unless asked to probe."""

import argparse
import json
import os
from typing import Any

from shadow.cli.common import CommandError, Exit, write
from shadow.config.digest import configuration_digest
from shadow.config.load import load, locate
from shadow.config.model import Configuration


def register(subparsers: Any) -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser("check", help="check a configuration and tell every error at once")
    parser.add_argument("--config", metavar="FILE", help="default: $SHADOW_CONFIG, else shadow.yaml")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--print-digest", action="store_true", help="print the configuration's digest and nothing else")
    what.add_argument("--schema", action="store_true", help="print the JSON Schema; needs no configuration")
    what.add_argument("--probe", action="store_true", help="try the way to each implementation, calling no hook")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print that the file is good.

    Raises:
        ConfigurationError: it is not; carries every problem.
        CommandError: the way to an implementation is blocked.
    """
    if args.schema:
        from shadow.config.schema import schema  # noqa: PLC0415 - the others do without it

        write([json.dumps(schema(), indent=2), "\n"])
        return Exit.FINE
    path = locate(args.config, os.environ)
    configuration = load(path)
    digest = configuration_digest(configuration)
    names = ", ".join(f"{name} ({migration.stage})" for name, migration in configuration.migrations.items())
    write([f"{digest}\n" if args.print_digest else f"{path} is good: {names}\n{digest}\n"])
    if args.probe:
        _probe(configuration)
    return Exit.FINE


def _probe(configuration: Configuration) -> None:
    from shadow.cli.probe import probes  # noqa: PLC0415 - the others do without it

    blocked = 0
    for each in probes(configuration):
        write([f"{each}\n"])
        blocked += each.blocked is not None
    if blocked:
        raise CommandError(f"{blocked} of {2 * len(configuration.migrations)} implementations cannot be reached")
