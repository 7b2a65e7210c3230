"""A migration as the control API shows it: one JSON object from the snapshot, the brake and the counts."""

import asyncio
from collections.abc import Mapping
from datetime import datetime

import msgspec
from starlette.responses import Response

from shadow.config.reach import unreachable
from shadow.proxy.cutover.removable import Removable, removable
from shadow.proxy.guard.window import CALLS
from shadow.proxy.migrations.migration import Migration
from shadow.report.build import brake_line
from shadow.report.model import BrakeLine, Outcomes, Word
from shadow.store.base import GUARD
from shadow.terms import Side, Stage
from shadow.web.desk import Desk
from shadow.web.operation import ROOT, Answer, Asked, Nothing, Operation, as_json
from shadow.web.verdicts import verdict_of


class Front(msgspec.Struct, frozen=True):
    """The controller that called last."""

    kind: str
    name: str
    resourceVersion: str
    seen_at: datetime


class Met(msgspec.Struct, frozen=True):
    """How many of the parents that still call were answered by their present primary."""

    answered: int
    of: int
    outstanding: int


class Foretold(msgspec.Struct, frozen=True):
    """Predicted writes that a parent's next call showed, and those that it did not."""

    confirmed: int
    contradicted: int


class Said(msgspec.Struct, frozen=True):
    """The verdict in short."""

    verdict: Word
    reasons: tuple[str, ...]


class Watch(msgspec.Struct, frozen=True):
    """What the guard counted within its window: `calls` and `failed` of `new`, `effect.delete` and so on.

    A brake begins another window: `at_pull` is what it had counted when it pulled the one that is on, else null.
    `warning` is what it told of instead of braking; `out_of_reach` says why its rates cannot be judged.
    """

    counts: Mapping[str, float]
    at_pull: Mapping[str, float] | None = None
    warning: str | None = None
    out_of_reach: str | None = None


class Recorded(msgspec.Struct, frozen=True):
    """Calls of this migration that this process wrote down, and those it lost; `problem`: why it cannot write."""

    written: int
    dropped: int
    dropped_by: Mapping[str, int]
    problem: str | None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One migration. `brake.on` is null while the brake is unknown; `pending` are calls that have no outcome yet, so
    that `calls` is always the sum of the outcomes, `dropped` and `pending`. `fronts` are the controllers that called
    within their resync period: more than one at once undo each other's work. `recording` is null if there is none."""

    name: str
    stage: Stage
    weight: float
    brake: BrakeLine
    configuration_digest: str
    evidence_digest: str
    front: Front | None
    fronts: tuple[Front, ...]
    calls: int
    comparisons: Outcomes
    dropped: int
    dropped_by: Mapping[str, int]
    pending: int
    served: Mapping[Side, int]
    fallbacks: int
    fallbacks_withheld: int
    held: int
    refused: int
    parents: int
    convergence: Met
    predictions: Foretold
    removable: Removable
    verdict: Said
    guard: Watch
    recording: Recorded | None


async def summary(desk: Desk, name: str) -> Summary:
    """`GET /api/v1/migrations/{name}`."""
    verdict = await verdict_of(desk, name)
    snapshot = desk.snapshot
    migration = snapshot.migrations[name]
    counters = desk.recorder.counters(name)
    outcomes = Outcomes(counters.matched, counters.ignored, counters.mismatched, counters.failed, counters.skipped)
    front, controller = desk.fronts.latest(name), desk.fronts.controller(name)
    brake, convergence = desk.brakes.get(name), desk.convergences.of(migration)
    return Summary(
        name=name,
        stage=migration.stage,
        weight=migration.weight_buckets / 100,
        brake=brake_line(brake),
        configuration_digest=snapshot.digest,
        evidence_digest=migration.evidence_digest,
        front=Front(**front) if front else None,
        fronts=tuple(Front(**each) for each in desk.fronts.calling(name, desk.clock())),
        calls=counters.calls,
        comparisons=outcomes,
        dropped=counters.dropped,
        dropped_by=counters.dropped_by,
        pending=counters.calls - outcomes.compared - outcomes.failed - outcomes.skipped - counters.dropped,
        served={Side.OLD: counters.served_old, Side.NEW: counters.served_new},
        fallbacks=counters.fallbacks,
        fallbacks_withheld=counters.fallbacks_withheld,
        held=counters.held,
        refused=counters.refused,
        parents=desk.parents.count(name),
        convergence=Met(convergence.answered, convergence.of, len(convergence.outstanding)),
        predictions=Foretold(counters.confirmed, counters.contradicted),
        removable=removable(
            snapshot.configuration.migrations[name], brake.on if brake else None, convergence, controller
        ),
        verdict=Said(verdict.verdict, verdict.reasons),
        guard=_watch(desk, migration, convergence.of),
        recording=_recorded(desk, name),
    )


def _recorded(desk: Desk, name: str) -> Recorded | None:
    keeping = desk.recorder.keeping
    if keeping is None:
        return None
    recording = keeping.recording
    by = {reason: count for (migration, reason), count in recording.dropped.items() if migration == name}
    return Recorded(recording.written[name], sum(by.values()), by, recording.problem)


def _watch(desk: Desk, migration: Migration, parents: int) -> Watch:
    guard, front = desk.recorder.guard, desk.fronts.facts(migration.name)
    if guard is None:
        return Watch({})
    resync = front.resync_seconds if front is not None else None
    counts, brake = guard.totals(migration), desk.brakes.get(migration.name)
    return Watch(
        counts={name: round(value, 3) for name, value in counts.items()},
        at_pull=brake.governed.get(GUARD) if brake is not None and brake.on else None,
        warning=guard.warnings.get(migration.name),
        out_of_reach=unreachable(migration.guard, parents, resync, round(counts.get(CALLS, 0))),
    )


async def _migrations(desk: Desk, asked: Asked[Nothing, Nothing]) -> Response:  # noqa: ARG001 - every handler's signature
    return as_json(await asyncio.gather(*(summary(desk, name) for name in desk.snapshot.migrations)))


async def _migration(desk: Desk, asked: Asked[Nothing, Nothing]) -> Response:
    return as_json(await summary(desk, asked.name))


OPERATIONS = (
    Operation("GET", ROOT, "every migration", _migrations, {200: Answer("all", list[Summary])}, Nothing, Nothing),
    Operation("GET", f"{ROOT}/{{name}}", "one migration", _migration, {200: Answer("it", Summary)}, Nothing, Nothing),
)
