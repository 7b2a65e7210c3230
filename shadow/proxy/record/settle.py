"""Decides what becomes of a call once everybody who was asked has spoken: an outcome, or a pair to compare. Pure."""

import msgspec

from shadow.compare.model import Candidate, Foresight, Pair
from shadow.proxy.calls.call import Asking, Call
from shadow.proxy.calls.related import UNKNOWN
from shadow.terms import Hook, Outcome, Side
from shadow.upstream.base import NO_ROOM

Settled = tuple[Outcome, str | None]
_UNSURE = ("brake-unknown", "cut-off", "moving")


def settle(call: Call) -> Settled | None:
    """The outcome that needs no comparison, with its reason; None if the two answers are to be compared.

    1. The proxy itself failed, or refused to guess: nobody answered.
    2. An implementation gave no valid answer and there is nothing to hold it against.
    3. A rule said not to ask, or there was no room, or somebody may not have seen all related objects.
    4. A signal (304, 412, 429): nothing to compare.
    """
    primary = call.askings.get(call.assignment.primary)
    other = call.askings.get(call.assignment.primary.other) if call.not_asked != UNKNOWN else None
    if primary is None:
        return (Outcome.SKIPPED, call.not_asked) if call.not_asked in _UNSURE else (Outcome.DROPPED, "crash")
    no_room = other.observation.error if other is not None and other.observation.error in NO_ROOM else None
    if other is None or no_room:
        if primary.failure is not None:
            return Outcome.FAILED, f"{primary.side}:{primary.reason}"
        return (Outcome.DROPPED, no_room) if no_room else (Outcome.SKIPPED, call.not_asked or "stage")
    for asking in (primary, other):
        if asking.is_signal:
            return Outcome.SKIPPED, f"status-{asking.observation.status}"
    return None


def failure(call: Call) -> Settled | None:
    """What is known of the outcome without a comparison: a failed answer is a failure even if its pair is lost."""
    for side in Side:
        asking = call.askings.get(side)
        if asking is not None and asking.reason is not None:
            return Outcome.FAILED, f"{side}:{asking.reason}"
    return None


def lone_pair_of(call: Call) -> Pair:
    """`new`'s answer alone, for the compare process to tell its effects."""
    return _pair(call, Candidate(None, failure="not-asked"), _candidate(call.askings[Side.NEW]), False)


def pair_of(call: Call, keep_bodies: bool, foresight: Foresight | None = None) -> Pair:
    """The pair for the compare process; both answers in the front's dialect, as they would be served.

    Args:
        foresight: what this call was expected to show, as far as it is known here.
    """
    pair = _pair(call, _candidate(call.askings[Side.OLD]), _candidate(call.askings[Side.NEW]), keep_bodies, foresight)
    if not call.again:
        return pair
    again = {side: _candidate(asking) for side, asking in call.again.items()}
    return msgspec.structs.replace(pair, old_again=again.get(Side.OLD), new_again=again.get(Side.NEW))


def _pair(call: Call, old: Candidate, new: Candidate, keep_bodies: bool, foresight: Foresight | None = None) -> Pair:
    migration, reply = call.migration, call.reply
    applied = reply is not None and reply.status == 200 and call.hook is not Hook.CUSTOMIZE
    return Pair(
        id=call.id,
        migration=migration.name,
        hook=call.hook,
        front=call.request.front,
        request=call.request.body,
        parent=call.request.parent,
        old=old,
        new=new,
        apply=migration.apply,
        strict=migration.alterations.strict,
        rules_digest=migration.rules_digest,
        keep_bodies=keep_bodies,
        at=call.at,
        caller=call.front,
        served=reply.side if applied and reply is not None else None,
        previous=call.previous,
        foresight=foresight,
    )


def _candidate(asking: Asking) -> Candidate:
    observation = asking.observation
    adapted = asking.adapted
    return Candidate(
        body=asking.comparable,
        status=observation.status,
        failure=asking.reason,
        seconds=observation.seconds,
        notes=asking.all_notes,
        unsaid=adapted.inexpressible if adapted is not None else (),
    )
