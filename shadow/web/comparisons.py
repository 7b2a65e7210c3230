"""Single comparisons: a list of them, and the whole story of one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shadow.compare.model import Advice, Comparison, Difference, ObjectEffect
from shadow.protocol.objects import Identity, ParentRef
from shadow.report.window import moment
from shadow.store.base import Asked as StoredAsked
from shadow.store.base import Call
from shadow.terms import Effect, Hook, Outcome, Protocol, Side
from shadow.web.desk import Desk
from shadow.web.lists import Cursor, Limit, Page, no_such_cursor
from shadow.web.operation import ROOT, Answer, Asked, Nothing, Operation, as_json


class ComparisonItem(msgspec.Struct, frozen=True, kw_only=True):
    """A call whose answers were held against each other, or could not be. `served` is null if an error went out."""

    id: str
    call: str
    at: datetime
    hook: Hook
    front: Protocol
    parent: ParentRef
    outcome: Outcome
    reason: str | None
    primary: Side
    served: Side | None
    status: int
    trace_id: str | None
    evidence_digest: str


class AskedSide(msgspec.Struct, frozen=True, kw_only=True):
    """How one implementation was asked, what it answered (redacted; null if it is not kept), and what that would do."""

    status: int | None
    seconds: float | None
    result: str
    error: str | None
    revision: str | None
    answer: Any
    effects: tuple[ObjectEffect, ...]


class Foreseen(msgspec.Struct, frozen=True):
    """A write that the served answer should cause, to be seen in the parent's next call."""

    object: Identity
    effect: Effect


class Predictions(msgspec.Struct, frozen=True):
    """What was foreseen of this call and showed or did not; and what is foreseen of the next one."""

    confirmed: int
    contradicted: int
    foreseen: tuple[Foreseen, ...]


class WholeComparison(ComparisonItem, frozen=True, kw_only=True):
    """One comparison with everything that is known of it."""

    situation: str | None
    implementations: Mapping[Side, AskedSide]
    differences: tuple[Difference, ...]
    advice: tuple[Advice, ...]
    predictions: Predictions


class ComparisonsQuery(msgspec.Struct, frozen=True):
    outcome: Outcome | None = None
    after: Cursor | None = None
    limit: Limit = 50


async def page_of(desk: Desk, name: str, query: ComparisonsQuery) -> Page[ComparisonItem]:
    """Newest first: all that mismatched or failed, and the sample of the others that is kept.

    Raises:
        HTTPException: 400 for a cursor that is none.
    """
    await desk.recorder.flush()
    try:
        calls, following = await desk.store.read(
            lambda store: store.comparisons(name, query.outcome, query.after, query.limit)
        )
    except ValueError as exc:
        raise no_such_cursor(exc) from exc
    return Page([ComparisonItem(**_head(call)) for call in calls], following)


async def one(desk: Desk, name: str, comparison: str) -> WholeComparison:
    """
    Raises:
        HTTPException: 404.
    """
    await desk.recorder.flush()
    call = await desk.store.read(lambda store: store.comparison(name, comparison))
    if call is None:
        raise HTTPException(404, f"no comparison {comparison!r} is kept")
    return _whole(call)


def _head(call: Call) -> dict[str, Any]:
    names = ("id", "hook", "parent", "outcome", "reason", "primary", "served", "status", "trace_id", "evidence_digest")
    shown: dict[str, Any] = {name: getattr(call, name) for name in names}
    return shown | {"call": call.id, "at": moment(call.at), "front": Protocol(call.front)}


def _whole(call: Call) -> WholeComparison:
    compared = call.comparison
    return WholeComparison(
        **_head(call),
        situation=compared.situation if compared else None,
        implementations={Side.OLD: _side(Side.OLD, call.old, compared), Side.NEW: _side(Side.NEW, call.new, compared)},
        differences=compared.differences if compared else (),
        advice=compared.advice if compared else (),
        predictions=_predictions(compared),
    )


def _predictions(compared: Comparison | None) -> Predictions:
    if compared is None:
        return Predictions(0, 0, ())
    writes = compared.foresight.writes if compared.foresight else ()
    foreseen = tuple(Foreseen(write.object, write.effect) for write in writes)
    return Predictions(compared.confirmed, compared.contradicted, foreseen)


def _side(side: Side, asked: StoredAsked, compared: Comparison | None) -> AskedSide:
    answer: bytes | None = None
    effects: tuple[ObjectEffect, ...] = ()
    if compared is not None:
        answer = compared.old_answer if side is Side.OLD else compared.new_answer
        effects = compared.effects_old if side is Side.OLD else compared.effects_new
    return AskedSide(
        status=asked.status,
        seconds=asked.seconds,
        result=asked.result,
        error=asked.error,
        revision=asked.revision,
        answer=None if answer is None else msgspec.Raw(answer),
        effects=effects,
    )


async def _list(desk: Desk, asked: Asked[ComparisonsQuery, Nothing]) -> Response:
    return as_json(await page_of(desk, asked.name, asked.query))


async def _one(desk: Desk, asked: Asked[Nothing, Nothing]) -> Response:
    return as_json(await one(desk, asked.name, asked.path["id"]))


_LIST = f"{ROOT}/{{name}}/comparisons"

OPERATIONS = (
    Operation(
        "GET",
        _LIST,
        "comparisons",
        _list,
        {200: Answer("newest first", Page[ComparisonItem])},
        ComparisonsQuery,
        Nothing,
    ),
    Operation("GET", f"{_LIST}/{{id}}", "one comparison", _one, {200: Answer("it", WholeComparison)}, Nothing, Nothing),
)
