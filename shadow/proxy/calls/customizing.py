"""Answers a customize call: while both implementations are asked, with the rules of both.

The one call where the primary's answer waits for the other's: what is missing in it is missing for 20 minutes. How
long it waits depends on what there is to lose.
"""

import asyncio

import msgspec

from shadow.compare.answer import NotAnAnswerError
from shadow.compare.effects import RequestView, removals
from shadow.protocol.wire import UnreadableError
from shadow.proxy.calls.call import Asking, Call, Reply
from shadow.proxy.calls.exchange import Exchange
from shadow.proxy.calls.judge import error_reply, reply_with
from shadow.proxy.calls.related import UNKNOWN, customized, known_rules
from shadow.proxy.calls.related_memory import Key, RelatedMemory
from shadow.terms import Hook, Side

_PATIENCE_SECONDS = 1.0  # for rules that are known already: the last known ones stand in
_LATE_SECONDS = 60.0  # an implementation that let one call wait in vain does not delay those of the next minute


def key_of(call: Call) -> Key:
    return call.migration.name, call.request.parent.uid, call.front


async def customize(exchange: Exchange, primary: Asking, memory: RelatedMemory, now: float) -> Reply:
    """What goes out: a failure or a signal of the primary as it is, else its rules and the other one's.

    `call.customized` is what it says; the caller notes it once the reply is on its way.
    """
    call = exchange.call
    reply = reply_with(call, primary, call.assignment.because)
    if primary.body is None:
        return reply
    state = memory.get(key_of(call))
    if call.assignment.shadow is not None:
        await _wait(exchange, call.assignment.shadow, memory, now)
    bodies = {side: asking.body for side, asking in call.askings.items() if asking.body is not None}
    both = call.assignment.shadow is not None
    answer = customized(call.migration, primary.side, bodies, state, call.request.generation, both)
    call.customized = answer
    if not both:
        return reply
    return msgspec.structs.replace(reply, body=answer.body)


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


def note(call: Call, reply: Reply, memory: RelatedMemory, now: float) -> None:
    """The reply to a customize call goes out: from now on Metacontroller works with it."""
    if reply.status == 200 and call.customized is not None:
        memory.answered(key_of(call), call.customized, call.at, now)
    elif reply.status in (304, 412) and reply.side is not None:
        memory.confirmed(key_of(call), reply.side, now)


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
