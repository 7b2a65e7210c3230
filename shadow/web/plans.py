"""What a move would write, before anybody moves: by query for a stage, weight or brake, by body for a whole file."""

from typing import Annotated

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shadow.config.load import parse
from shadow.errors import ConfigurationError
from shadow.proxy.cutover.planning import Position, Undecided, moved, plan_move
from shadow.proxy.migrations.migration import Migration
from shadow.proxy.migrations.snapshot import build
from shadow.report.plan import Plan
from shadow.terms import Stage
from shadow.web.desk import Desk
from shadow.web.operation import ROOT, Answer, Asked, Nothing, Operation, as_json

Weight = Annotated[float, msgspec.Meta(ge=0, le=100, description="Percent, in steps of 0.01; alone it means canary.")]


class PlanQuery(msgspec.Struct, frozen=True):
    """What is left out stays as it is; `brake` is the brake after the move, and `release=true` says that it is off."""

    stage: Stage | None = None
    weight: Weight | None = None
    brake: bool | None = None
    release: bool | None = None

    @property
    def braked(self) -> bool | None:
        """
        Raises:
            HTTPException: 400 if both are given and contradict each other.
        """
        if self.release is None:
            return self.brake
        if self.brake is self.release:
            raise HTTPException(400, "release: contradicts `brake`; say either")
        return not self.release


class PlanBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`configuration` is the text of a configuration file."""

    configuration: str


async def plan_of(desk: Desk, name: str, query: PlanQuery) -> Plan:
    """The plan of a move from where the migration stands."""
    present = position_of(desk, name)
    buckets = None if query.weight is None else round(query.weight * 100)
    target, notes = moved(present, query.stage, buckets, query.braked)
    return _planned(desk, present, target, notes)


def position_of(desk: Desk, name: str) -> Position:
    """Where the migration stands."""
    undecided = Undecided.GUARD if desk.brakes.is_guards(name) else None
    if desk.brakes.get(name) is None:
        undecided = Undecided.UNKNOWN
    return Position(desk.snapshot.migrations[name], desk.brakes.is_on(name), undecided)


def _planned(desk: Desk, present: Position, target: Position, notes: tuple[str, ...] = ()) -> Plan:
    name = present.migration.name
    presence = desk.convergences.presence(present.migration)
    return plan_move(desk.parents.of(name), present, target, presence, notes)


async def _plan(desk: Desk, asked: Asked[PlanQuery, Nothing]) -> Response:
    return as_json(await plan_of(desk, asked.name, asked.query))


async def _plan_file(desk: Desk, asked: Asked[Nothing, PlanBody]) -> Response:
    """To a whole configuration; a brake that it pulls is on after it, and no file lets one go."""
    present = position_of(desk, asked.name)
    parties = present.migration.parties  # nobody is asked for a plan, so it does not matter whom
    try:
        configuration = parse(asked.body.configuration, "configuration")
        snapshot = build(configuration, asked.body.configuration, lambda _, side, __: parties[side].asked)
    except ConfigurationError as exc:
        raise HTTPException(400, str(exc)) from exc
    migration: Migration | None = snapshot.migrations.get(asked.name)
    if migration is None:
        raise HTTPException(400, f"configuration: has no migration {asked.name!r}")
    pulls = configuration.migrations[asked.name].brake is not None
    target = Position(migration, present.braked or pulls, None if pulls else present.undecided)
    return as_json(_planned(desk, present, target))


_ANSWERS = {200: Answer("the plan", Plan)}

OPERATIONS = (
    Operation("GET", f"{ROOT}/{{name}}/plan", "what a move would write", _plan, _ANSWERS, PlanQuery, Nothing),
    Operation("POST", f"{ROOT}/{{name}}/plan", "the same for a file", _plan_file, _ANSWERS, Nothing, PlanBody),
)
