"""`shadow handover`: prints the script that hands live objects over, or says what is still missing. Changes nothing."""

import argparse
import json
import os
from pathlib import Path
from typing import Any

from shadow.cli.client import add_control_arguments, control, migration_path
from shadow.cli.common import CommandError, Exit, write
from shadow.config.load import load, locate
from shadow.config.migration import Migration
from shadow.migrate.export import Export, read_export
from shadow.migrate.handover import Plan, alterations, finalizers_left, needs, plan_from_export, script, with_marks
from shadow.migrate.live import read_cluster
from shadow.migrate.marks import Direction


def register(subparsers: Any) -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser(
        "handover",
        help="the script that hands live objects over to the other controller, or takes the proxy out",
        description="Prints a bash script for kubectl and jq. It changes nothing until it is run with --apply.",
    )
    parser.add_argument("migration", metavar="MIGRATION")
    parser.add_argument("--direction", choices=[str(each) for each in Direction], required=True)
    parser.add_argument(
        "--from", dest="export", metavar="FILE", action="append", type=Path, default=[], help="kubectl get ... -o json"
    )
    parser.add_argument(
        "--check", action="store_true", help="say what is still missing, in the export or, by kubectl, in the cluster"
    )
    parser.add_argument("--config", metavar="FILE", help="for out and marks: what the proxy writes ($SHADOW_CONFIG)")
    add_control_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0; with `--check` 3 if anything is missing."""
    if args.check:
        return _checked(args)
    try:
        text = _script(args)
    except Exception:
        write([_NO_SCRIPT])
        raise
    write([text])
    return Exit.FINE


# What is printed goes into a file that is run next, and an empty one would end with 0 and have handed over nothing.
_NO_SCRIPT = "echo 'shadow handover failed: this hands nothing over' >&2; exit 1\n"


def _script(args: argparse.Namespace) -> str:
    direction, export, settings = _given(args)
    plan = plan_from_export(args.migration, direction, export) if export else _plan_from_proxy(args, direction)
    altered = alterations(settings) if settings and direction is Direction.OUT else ()
    return script(with_marks(plan, settings.ownership if settings else None), export, altered)


def _checked(args: argparse.Namespace) -> int:
    direction, export, settings = _given(args)
    there = export or read_cluster(_seen(args), os.environ.get("KUBECTL", "kubectl"))
    plan = with_marks(plan_from_export(args.migration, direction, there), settings.ownership if settings else None)
    missing = needs(plan, there)
    write(f"{need}\n" for need in missing)
    left = finalizers_left(plan, there)
    write(f"finalizer left: {parent}\n" for parent in left)
    write([f"{len(missing)} objects and {len(left)} finalizers are still to be done\n"])
    return Exit.DIFFERS if missing or left else Exit.FINE


def _given(args: argparse.Namespace) -> tuple[Direction, Export | None, Migration | None]:
    """Whither, from what, and what the proxy writes where that matters."""
    direction = Direction(args.direction)
    export = read_export((path.read_text(encoding="utf-8"), str(path)) for path in args.export) if args.export else None
    return direction, export, _settings(args) if direction in (Direction.OUT, Direction.MARKS) else None


def _plan_from_proxy(args: argparse.Namespace, direction: Direction) -> Plan:
    """The names that the proxy has seen in front; the rest is read on the cluster."""
    name = _seen(args)
    return Plan(args.migration, direction, composite=name, decorator=name)


def _seen(args: argparse.Namespace) -> str:
    """The name of the controller in front. A move keeps it: finalizers and annotations are made of it."""
    front = json.loads(control(args).get(migration_path(args.migration)))["front"]
    if front is None:
        raise CommandError("the proxy has seen no controller yet: give an export with --from")
    return str(front["name"])


def _settings(args: argparse.Namespace) -> Migration | None:
    if not args.config and "SHADOW_CONFIG" not in os.environ:
        return None
    found = load(locate(args.config, os.environ)).migrations.get(args.migration)
    if found is None:
        raise CommandError(f"there is no migration {args.migration} in the configuration", Exit.USAGE)
    return found
