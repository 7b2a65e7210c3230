"""Answers a customize call: while both implementations are asked, with the rules of both.

The one call where the primary's answer waits for the other's: what is missing in it is missing for 20 minutes. How
long it waits depends on what there is to lose.
"""

import asyncio

import msgspec

from shadow.compare.answer import NotAnAnswerError
from shadow.compare.effects import RequestView, removals
from shadow.protocol.customize import union_rules
from shadow.protocol.wire import UnreadableError
from shadow.proxy.calls.call import Asking, Call, Reply
from shadow.proxy.calls.exchange import Exchange
from shadow.proxy.calls.judge import error_reply, reply_with
from shadow.proxy.calls.related import UNKNOWN, customized, known_rules, rules_known, whose
from shadow.proxy.calls.related_memory import Key, RelatedMemory
from shadow.store.base import GivenRules
from shadow.terms import Hook, Side
from shadow.upstream.headers import first

_PATIENCE_SECONDS = 1.0  # for rules that are known already: the last known ones stand in
_LATE_SECONDS = 60.0  # an implementation that let one call wait in vain does not delay those of the next minute


def key_of(call: Call) -> Key:
    return call.migration.name, call.request.parent.uid, call.front


async def customize(exchange: Exchange, primary: Asking, memory: RelatedMemory, now: float) -> Reply:
    """What goes out: a failure or a signal of the primary as it is, else its rules and the other one's.

    The caller notes it once the reply is on its way.
    """
    call = exchange.call
    reply = reply_with(call, primary, call.assignment.because)
    if primary.body is None or call.assignment.shadow is None:
        return reply
    await _wait(exchange, call.assignment.shadow, memory, now)
    body = customized(primary.side, primary.body, _known(call, memory))
    return msgspec.structs.replace(reply, body=body)


def _known(call: Call, memory: RelatedMemory) -> dict[Side, GivenRules]:
    bodies = {side: asking.body for side, asking in call.askings.items() if asking.body is not None}
    return rules_known(call.migration, bodies, memory.get(key_of(call)), call.request.generation)


async def _wait(exchange: Exchange, side: Side, memory: RelatedMemory, now: float) -> None:
    call = exchange.call
    if exchange.shadow is None:
        return
    name, party = call.migration.name, call.migration.parties[side]
    known = known_rules(party, memory.get(key_of(call)), side)
    patient = known is None or known.generation != call.request.generation
    if not patient or memory.late_within(name, side, now, _LATE_SECONDS):
        await asyncio.wait((exchange.shadow,), timeout=min(_PATIENCE_SECONDS, exchange.left()))
    else:
        await asyncio.wait((exchange.shadow,), timeout=exchange.left())
    if not exchange.shadow.done():
        memory.was_late(name, side, now)


def holds_rules_of(side: Side, call: Call, reply: Reply, memory: RelatedMemory) -> bool:
    """Whether a customize answer holds all that this implementation is known to relate to, whoever gave it."""
    return reply.status == 200 and side in whose(reply.body, _known(call, memory))


def note(call: Call, reply: Reply, memory: RelatedMemory, now: float) -> None:
    """The reply to a customize call goes out: from now on Metacontroller works with it.

    What counts is what is in it. One that Metacontroller should reject it may take all the same, if it is of another
    release than that was judged by; then nobody knows whose rules it has.
    """
    side = reply.side
    if side is None or reply.own:
        return
    key, known = key_of(call), _known(call, memory)
    if reply.status == 200 and _is_doubtful(call.askings.get(side), reply):
        memory.doubted(key, known, now)
    elif reply.status == 200:
        known[side] = msgspec.structs.replace(known[side], tag=first(reply.headers, b"etag"))
        memory.answered(key, known, whose(reply.body, known), call.at, now)
    elif reply.status in (304, 412) and side in known:  # of the very rules that are known: only their tag went in
        known[side] = kept = msgspec.structs.replace(known[side], generation=call.request.generation)
        memory.answered(key, known, whose(union_rules(kept.rules), known), call.at, now)


def _is_doubtful(asking: Asking | None, reply: Reply) -> bool:
    if asking is None or asking.adapted is None:
        return False
    return asking.failure == "rejected" and reply.body is asking.adapted.body


def seeing(call: Call, reply: Reply) -> Reply:
    """The reply to a call, unless it would remove something and its implementation may not have seen everything.

    Metacontroller then applies nothing and comes back, at last with a customize answer that holds everybody's rules.
    What a parent leaves behind that is being deleted goes with it, whatever its finalize hook has seen.
    """
    parting = call.hook is Hook.FINALIZE and call.request.deleting
    if call.hook is Hook.CUSTOMIZE or parting or reply.status != 200:
        return reply
    if reply.side is None or call.sees_everything(reply.side):
        return reply
    try:
        gone = removals(RequestView(call.request), reply.body, call.migration.apply)
    except (NotAnAnswerError, UnreadableError) as exc:
        names = f"do what cannot be told: {exc}"
    else:
        if not gone:
            return reply
        names = ", ".join(f"{effect} {identity}" for identity, effect in sorted(gone.items()))
    message = (
        f"Metacontroller works with a customize answer without the rules of `{reply.side}`, "
        f"which may not have seen all objects that it relates to; its answer would {names}"
    )
    return error_reply(503, UNKNOWN, message, call.id)
