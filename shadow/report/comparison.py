"""Single comparisons as the API and an export show them: the whole story of one call."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from shadow.compare.model import Advice, Comparison, Difference, ObjectEffect
from shadow.protocol.objects import Identity, ParentRef
from shadow.report.window import moment
from shadow.store.base import Asked, Call, Store
from shadow.terms import Effect, Hook, Outcome, Protocol, Side

_PAGE = 50


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


def item(call: Call) -> ComparisonItem:
    """One line of a list."""
    return ComparisonItem(**_head(call))


def _head(call: Call) -> dict[str, Any]:
    names = ("id", "hook", "parent", "outcome", "reason", "primary", "served", "status", "trace_id", "evidence_digest")
    shown: dict[str, Any] = {name: getattr(call, name) for name in names}
    return shown | {"call": call.id, "at": moment(call.at), "front": Protocol(call.front)}


def whole(call: Call) -> WholeComparison:
    """One comparison as it was stored with its answers."""
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


def _side(side: Side, asked: Asked, compared: Comparison | None) -> AskedSide:
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


def stored_lines(store: Store, migration: str, since: float | None, until: float | None) -> Iterator[bytes]:
    """Every comparison that is kept, newest first, whole: a line of JSON each, one in memory at a time.

    Args:
        since, until: unix seconds; None is open.

    Raises:
        StoreError: the store cannot be read.
    """
    for call in _newest_first(store, migration):
        if since is not None and call.at < since:
            return
        if until is not None and call.at >= until:
            continue
        kept = store.comparison(migration, call.id)
        if kept is not None:  # retention may have taken it meanwhile
            yield msgspec.json.encode(whole(kept)) + b"\n"


def _newest_first(store: Store, migration: str) -> Iterator[Call]:
    after: str | None = None
    while True:
        calls, after = store.comparisons(migration, None, after, _PAGE)
        yield from calls
        if after is None:
            return
