"""The veto: which deletes and recreates of `new`'s answer may not be served, and why. Pure.

`old` would always delete what only `new` wants, so `old` agreeing to a delete counts for nothing where only `new`
listed the object when it was last served: a hook that forgets an object must not be believed.
"""

from collections.abc import Mapping

from shadow.compare.answer import NotAnAnswerError
from shadow.compare.effects import RequestView, removals
from shadow.protocol.objects import Identity
from shadow.protocol.wire import UnreadableError
from shadow.proxy.calls.call import Call
from shadow.proxy.cutover.listed import agreed
from shadow.store.base import ParentState
from shadow.terms import Effect


def unexpected(call: Call, view: RequestView, body: bytes) -> dict[Identity, Effect]:
    """The removals in `new`'s answer that this migration holds and no `expect` rule covers."""
    migration = call.migration
    return {
        identity: effect
        for identity, effect in removals_of_new(view, body, migration.apply).items()
        if effect in migration.hold and migration.rules.expects(identity, effect, str(call.request.parent)) is None
    }


def removals_of_new(view: RequestView, body: bytes, apply: str) -> dict[Identity, Effect]:
    """Where it cannot be told what an answer would remove, everything that is observed."""
    try:
        return removals(view, body, apply)
    except (NotAnAnswerError, UnreadableError):
        return dict.fromkeys(view, Effect.DELETE)


def removals_of_old(view: RequestView, body: bytes | None, apply: str) -> dict[Identity, Effect] | None:
    """What `old`'s answer would remove; None without an answer that can be understood, which agrees to nothing."""
    try:
        return None if body is None else removals(view, body, apply)
    except (NotAnAnswerError, UnreadableError):
        return None


def held(
    found: Mapping[Identity, Effect], old_removals: Mapping[Identity, Effect] | None, last: ParentState | None
) -> dict[Identity, Effect]:
    """Of the unexpected removals those that are held.

    Args:
        old_removals: what `old`'s answer to the same call would remove; None without a valid answer of `old`, and
            then everything is held.
        last: what is known of the parent.
    """
    if old_removals is None:
        return dict(found)
    return {identity: effect for identity, effect in found.items() if not _agree(identity, effect, old_removals, last)}


def _agree(
    identity: Identity, effect: Effect, old_removals: Mapping[Identity, Effect], last: ParentState | None
) -> bool:
    """Whether `old` would do the very same, and that counts: who recreates an object wants it."""
    return old_removals.get(identity) is effect and (effect is Effect.RECREATE or agreed(last, identity))
