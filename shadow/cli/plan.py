"""`shadow plan`: what a move would write, before anybody moves. Changes nothing."""

import argparse
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from shadow.cli.client import Control, add_control_arguments, control, migration_path
from shadow.cli.common import CommandError, Exit, write
from shadow.cli.stored import opened, stored_plan
from shadow.config.scalars import spell_seconds, weight_percent
from shadow.report.plan import Plan, PlannedParent
from shadow.report.words import counted, printable
from shadow.terms import Stage

_MOST_LISTED = 20


def register(subparsers: Any) -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser("plan", help="what a move would write to the cluster, before anybody moves")
    parser.add_argument("migration", metavar="MIGRATION")
    parser.add_argument("--weight", type=_weight, metavar="W", help="to this percentage; alone it means stage canary")
    parser.add_argument("--stage", type=Stage, choices=list(Stage), metavar="S", help="to this stage")
    brake = parser.add_mutually_exclusive_group()
    brake.add_argument("--brake", action="store_const", const=True, dest="brake", help="with the brake pulled")
    brake.add_argument("--release", action="store_const", const=False, dest="brake", help="with the brake let go")
    parser.add_argument("--config", type=Path, metavar="FILE", help="to this configuration")
    parser.add_argument("--store", metavar="URL", help="read this store instead of asking a proxy")
    add_control_arguments(parser)
    parser.set_defaults(run=run)


def _weight(text: str) -> float:
    try:
        return weight_percent(float(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def run(args: argparse.Namespace) -> int:
    """0 no writes, 3 writes, 4 a moving parent has no evidence."""
    asked = (args.weight, args.stage, args.brake)
    if (args.config is None) == all(value is None for value in asked):
        raise CommandError("say where to: --weight, --stage, --brake or --release; or --config alone", Exit.USAGE)
    now = time.time()
    if args.store:
        with opened(args.store, now) as store:
            found = stored_plan(store, args.migration, args.stage, args.weight, args.brake, args.config, now)
    else:
        found = _fetch(control(args), args)
    write(lines(found, datetime.fromtimestamp(now, UTC)))
    if found.without_evidence:
        return Exit.INCONCLUSIVE
    return Exit.DIFFERS if found.writes else Exit.FINE


def _fetch(api: Control, args: argparse.Namespace) -> Plan:
    path = migration_path(args.migration, "plan")
    given = {"stage": args.stage, "weight": args.weight, "brake": args.brake}
    if args.config is not None:
        document = api.post(path, {"configuration": args.config.read_text(encoding="utf-8")}).body
    else:
        document = api.get(path, {key: str(value).lower() for key, value in given.items() if value is not None})
    try:
        return msgspec.json.decode(document, type=Plan)
    except msgspec.DecodeError as error:
        raise CommandError(f"{api.url} does not answer as a shadow does: {error}") from error


def lines(plan: Plan, now: datetime) -> Iterator[str]:
    """The move, its writes, how old the evidence is, and the parents that move."""
    stage = f"canary {plan.weight:g}%" if plan.stage is Stage.CANARY else str(plan.stage)
    yield f"{plan.migration}: to {stage}, brake {'on' if plan.brake else 'off'}\n"
    for note in plan.notes:
        yield f"  note: {note}\n"
    moving = plan.moving
    yield f"  {moving.to_new} of {counted(plan.known, 'parent')} move to new, {moving.to_old} to old\n"
    if plan.unselected:
        yield f"  not selected by the controller in front, so not asked about: {counted(plan.unselected, 'parent')}\n"
    for line in plan.writes:
        yield f"  {line.verb} {line.count} {printable(line.kind)} in {counted(line.parents, 'parent')}\n"
    if moving.to_new + moving.to_old > plan.held and not plan.writes:
        yield "  nothing is written, as far as there is evidence\n"
    if plan.held:
        yield (
            f"  {counted(plan.held, 'parent')} would be held: new's answer removes what no rule expects, so it is not "
            "served; an error goes out, or old's answer if that changes nothing\n"
        )
    if plan.oldest_evidence is not None and plan.newest_evidence is not None:
        yield f"  evidence: {_age(plan.newest_evidence, now)} to {_age(plan.oldest_evidence, now)} old\n"
    if plan.without_evidence:
        yield f"  NO EVIDENCE for {counted(plan.without_evidence, 'moving parent')}\n"
    yield from _parents(plan)


def _parents(plan: Plan) -> Iterator[str]:
    for line in plan.parents[:_MOST_LISTED]:
        yield f"  {printable(str(line.parent))}: {line.from_side} -> {line.to_side}: {_writes(line)}\n"
    if (more := plan.moving.to_new + plan.moving.to_old - _MOST_LISTED) > 0:
        yield f"  and {more} more\n"


def _writes(line: PlannedParent) -> str:
    if line.writes is None:
        if line.compared_at is None:
            return "never compared"
        return "nothing known: its latest comparison failed, or was of other implementations"
    if line.held:
        return "held: " + ", ".join(f"{each.effect} {printable(str(each.object))}" for each in line.held)
    named = [f"{each.effect} {printable(str(each.object))}" for each in line.objects]
    more = sum(line.writes.values()) - len(named)
    return ", ".join(named) + (f" and {more} more" if more > 0 else "") if named else "nothing"


def _age(then: datetime, now: datetime) -> str:
    return spell_seconds(float(max(1, round((now - then).total_seconds()))))
