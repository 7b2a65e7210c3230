"""What may be served while a guard holds the brake: nobody has decided yet, so nothing that takes something away. Pure.

`old` would delete what `new` made. A person may want that, and says so by confirming the brake; a machine must not.
"""

from collections.abc import Mapping

from shadow.compare.answer import NotAnAnswerError
from shadow.compare.effects import RequestView, removals
from shadow.protocol.objects import Identity
from shadow.protocol.wire import UnreadableError
from shadow.proxy.calls.call import SIGNALS, Call, Reply
from shadow.proxy.calls.judge import error_reply
from shadow.store.base import ParentState
from shadow.terms import Effect, Hook, Side


def unconfirmed(call: Call, reply: Reply, last: ParentState | None) -> Reply:
    """The reply of `old`, or an error in its place if it removes what this parent was served with last.

    Args:
        last: what is known of the parent; of a parent that nothing is known of, nothing may be removed.
    """
    if reply.side is not Side.OLD or call.hook is not Hook.SYNC:
        return reply
    if reply.status in SIGNALS and reply.status != 429:
        # Metacontroller would apply a body that it remembers, which nobody here can look at.
        return (
            reply
            if last is not None and last.served is Side.OLD
            else _refused(call, "apply an answer that it remembers")
        )
    if reply.status != 200:
        return reply
    try:
        lost = removed(RequestView(call.request), reply.body, call.migration.apply, last)
    except (NotAnAnswerError, UnreadableError):
        return _refused(call, "do what cannot be told")
    plan = ", ".join(f"{effect} {identity}" for identity, effect in sorted(lost.items()))
    return _refused(call, plan) if lost else reply


def removed(view: RequestView, body: bytes, apply: str, last: ParentState | None) -> Mapping[Identity, Effect]:
    """What the answer would delete or recreate of what the parent's last served answer listed."""
    listed = last.served_identities if last is not None else None
    found = removals(view, body, apply)
    return {identity: effect for identity, effect in found.items() if listed is None or identity in listed}


def _refused(call: Call, plan: str) -> Reply:
    name = call.migration.name
    message = (
        f"the guard pulled the brake of {name}, and the answer of `old` would have Metacontroller {plan}; a person "
        f"decides: `shadow plan {name} --brake` shows all of it, `shadow rollback {name} --because ...` confirms it"
    )
    return error_reply(503, "guard-brake", message, call.id)
