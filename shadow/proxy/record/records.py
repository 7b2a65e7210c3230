"""Calls and comparisons as the store keeps them. Pure."""

from collections.abc import Iterable

import msgspec

from shadow.compare.model import Comparison, ObjectEffect
from shadow.proxy.calls.call import Asking, Call
from shadow.store import base as stored
from shadow.telemetry.record import AskedImplementation, TracedCall
from shadow.terms import Effect, Outcome, Side

_NO_MOVES = stored.Moves({}, ())

_MOST_MOVES = 20
"""Objects named per parent and direction; their number is kept whole."""


def record_of(
    call: Call,
    outcome: Outcome,
    reason: str | None,
    comparison: Comparison | None,
    trace_id: str | None,
    count: int = 1,
) -> stored.Call:
    """The call as the store keeps it, with its comparison if there is one; `count`: it stands for so many."""
    reply = call.reply
    assert reply is not None, "a call is recorded after its reply"
    return stored.Call(
        id=call.id,
        migration=call.migration.name,
        at=call.at,
        hook=call.hook,
        front=call.request.front,
        parent=call.request.parent,
        primary=call.assignment.primary,
        served=reply.side if reply.status == 200 else None,
        status=reply.status,
        old=_asked(call.askings.get(Side.OLD)),
        new=_asked(call.askings.get(Side.NEW)),
        evidence_digest=call.migration.evidence_digest,
        trace_id=trace_id,
        comparison=comparison,
        outcome=outcome,
        reason=reason,
        count=count,
        front_digest=call.request.caller.spec_digest,
    )


def _asked(asking: Asking | None) -> stored.Asked:
    if asking is None:
        return stored.Asked("not-asked")
    observation = asking.observation
    result = "answered" if asking.failure is None else "refused" if asking.refusal else "failed"
    return stored.Asked(result, observation.status, observation.seconds, asking.reason, asking.revision)


def parent_state(record: stored.Call, comparison: Comparison, front_digest: str) -> stored.ParentState:
    """What the latest comparison says of the parent; who was served is kept elsewhere."""
    return stored.ParentState(
        migration=record.migration,
        parent=record.parent,
        primary=record.primary,
        served=None,
        served_identities=None,
        served_at=None,
        outcome=record.outcome,
        effects_old=_tally_effects(comparison.effects_old),
        effects_new=_tally_effects(comparison.effects_new),
        compared_at=record.at,
        comparison=record.id,
        evidence_digest=record.evidence_digest,
        reason=comparison.reason,
        front_digest=front_digest,
        moves_old=_moves(comparison, Side.OLD),
        moves_new=_moves(comparison, Side.NEW),
        labels=comparison.parent_labels,
        foresight=comparison.foresight,
    )


def _moves(comparison: Comparison, side: Side) -> stored.Moves | None:
    """What handing the parent over to this side would write; unknown where an answer is missing."""
    if comparison.outcome is Outcome.FAILED:
        return None
    effects = comparison.moves_old if side is Side.OLD else comparison.moves_new
    return stored.Moves.of(effects, _MOST_MOVES) if effects else _NO_MOVES


def _tally_effects(effects: Iterable[ObjectEffect]) -> dict[Effect, int]:
    counts: dict[Effect, int] = {}  # by hand: a Counter costs several times as much, at every call
    for item in effects:
        counts[item.effect] = counts.get(item.effect, 0) + 1
    return counts


def traced(call: Call, outcome: Outcome) -> TracedCall:
    """The call as telemetry tells of it."""
    reply = call.reply
    assert reply is not None, "a call is told of after its reply"
    asked = tuple(
        AskedImplementation(
            side, asking.role, asking.started, asking.observation.seconds, asking.observation.status, asking.failure
        )
        for side, asking in call.askings.items()
    )
    return TracedCall(
        id=call.id,
        trace=call.trace,
        migration=call.migration.name,
        hook=call.hook,
        front=call.request.front,
        parent=call.request.parent,
        primary=call.assignment.primary,
        served=reply.side if reply.status == 200 else None,
        status=reply.status,
        started=call.at,
        ended=call.replied_at or call.at,
        asked=asked,
        outcome=outcome,
    )


def without_answers(call: stored.Call) -> stored.Call:
    """The call without the two bodies, which are nearly all of its size."""
    if call.comparison is None:
        return call
    comparison = msgspec.structs.replace(call.comparison, old_answer=None, new_answer=None)
    return msgspec.structs.replace(call, comparison=comparison)
