"""Decides what is served: the primary's answer, or its failure, or `old`'s answer in its place."""

import logging
from collections.abc import Awaitable, Callable, Mapping

from shadow.compare.effects import harmless
from shadow.errors import StoreError
from shadow.protocol.objects import Identity
from shadow.proxy.calls.call import Asking, Reply
from shadow.proxy.calls.exchange import Exchange
from shadow.proxy.calls.judge import error_reply, reply_with
from shadow.proxy.serving.aside import aside
from shadow.proxy.serving.hold import held, removals_of_old, unexpected
from shadow.store.base import ParentState
from shadow.terms import Effect, Side, Stage

_log = logging.getLogger(__name__)

Recalled = Callable[[], Awaitable[ParentState | None]]


async def decide(exchange: Exchange, primary: Asking, recall: Recalled) -> Reply:
    """What goes out for this primary.

    1. `old`: its answer or its failure.
    2. `new`, a signal (304, 412, 429), or a valid answer that nothing holds: as it is.
    3. `new`, a failure or a held answer: `old`'s answer where `fallback` allows, else the failure.

    Args:
        recall: tells what is known of the parent.
    """
    call = exchange.call
    reply = reply_with(call, primary, call.assignment.because)
    if primary.side is Side.OLD:
        return reply
    if primary.failure is None:
        if primary.body is None or not await _is_held(exchange, primary.body, recall):
            return reply
        names = ", ".join(f"{effect} {identity}" for identity, effect in sorted(call.held.items()))
        reply = error_reply(502, "held", f"the answer of `new` is held: it would {names}", call.id, Side.NEW)
    return await _fallback(exchange) or reply


async def _is_held(exchange: Exchange, body: bytes, recall: Recalled) -> bool:
    call = exchange.call
    migration = call.migration
    if not call.is_sync or migration.stage not in (Stage.CANARY, Stage.LIVE) or not migration.hold:
        return False
    seen = len(call.request.body)
    found = await aside(seen + len(body), unexpected, call, exchange.view, body)
    if not found:
        return False
    old = await exchange.answer_of(Side.OLD)
    answer = old.body if old is not None and call.sees_everything(Side.OLD) else None
    old_removals: Mapping[Identity, Effect] | None = found
    if answer != body:
        size = seen + len(answer or b"")
        old_removals = await aside(size, removals_of_old, exchange.view, answer, migration.apply)
    try:
        call.held = held(found, old_removals, await recall())
    except StoreError as exc:
        _log.error("call %s is held: what `new` made for %s cannot be told: %s", call.id, call.request.parent, exc)
        call.held = found
    return bool(call.held)


async def _fallback(exchange: Exchange) -> Reply | None:
    """`old`'s answer in place of a failure of `new`, if that does no harm; an error harms nobody."""
    call = exchange.call
    migration = call.migration
    if not call.is_sync or migration.fallback == "off" or migration.stage is Stage.COMPLETE:
        return None
    old = await exchange.answer_of(Side.OLD)
    call.fallback = old is not None and old.body is not None and await _may_stand_in(exchange, old.body)
    return reply_with(call, old, "fallback") if old is not None and call.fallback else None


async def _may_stand_in(exchange: Exchange, body: bytes) -> bool:
    migration = exchange.call.migration
    if migration.fallback == "always":
        return True
    size = len(exchange.call.request.body) + len(body)
    return await aside(size, harmless, exchange.view, body, migration.apply)
