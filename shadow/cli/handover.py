"""`shadow handover`: prints the script that hands live objects over, or says what is still missing. Changes nothing."""

import argparse
import json
import os
from pathlib import Path
from typing import Any

from shadow.cli.client import add_control_arguments, control, migration_path
from shadow.cli.common import CommandError, Exit, write
from shadow.config.load import load, locate
from shadow.config.model import Migration
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
    direction = Direction(args.direction)
    export = read_export((path.read_text(encoding="utf-8"), str(path)) for path in args.export) if args.export else None
    settings = _settings(args) if direction in (Direction.OUT, Direction.MARKS) else None
    ownership = settings.ownership if settings else None
    if args.check:
        there = export or read_cluster(_seen(args), os.environ.get("KUBECTL", "kubectl"))
        return _checked(with_marks(plan_from_export(args.migration, direction, there), ownership), there)
    plan = plan_from_export(args.migration, direction, export) if export else _plan_from_proxy(args, direction)
    altered = alterations(settings) if settings and direction is Direction.OUT else ()
    write([script(with_marks(plan, ownership), export, altered)])
    return Exit.FINE


def _checked(plan: Plan, export: Export) -> int:
    missing = needs(plan, export)
    write(f"{need}\n" for need in missing)
    left = finalizers_left(plan, export)
    write(f"finalizer left: {parent}\n" for parent in left)
    write([f"{len(missing)} objects and {len(left)} finalizers are still to be done\n"])
    return Exit.DIFFERS if missing or left else Exit.FINE


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
