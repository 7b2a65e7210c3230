"""What it costs to hand a parent over: the writes of giving one answer once the other one has been applied. Pure.

The effects of either answer are told from what is observed now, which may be amid the creation of everything. A plan
asks another question: when one implementation has had its way, what would the other one change?
"""

from collections.abc import Iterable

from shadow.compare import serverside
from shadow.compare.answer import Answer
from shadow.compare.budget import Check
from shadow.compare.effects import SERVER_SIDE, stuck
from shadow.compare.model import ObjectEffect
from shadow.compare.parent import ParentChange
from shadow.compare.view import RequestView
from shadow.protocol.names import ON_DELETE, RECREATE_METHODS
from shadow.protocol.objects import Identity, Json
from shadow.protocol.wire import UnreadableError
from shadow.terms import Effect


def moves(
    view: RequestView,
    before: Answer,
    after: Answer,
    among: Iterable[Identity],
    parent: Iterable[ParentChange],
    apply: str,
    check: Check,
) -> tuple[ObjectEffect, ...]:
    """The effects of `after` on a cluster in which `before` was applied; what would not be written is left out.

    Args:
        among: the objects that the two do not want alike; all others stay as they are.
        parent: the places in which they want another parent.
        apply: `dynamic` or `server-side`.
        check: called between objects.
    """
    if after.left_alone is not None:
        return ()
    former = before if before.left_alone is None else None
    found = []
    for identity in sorted(among):
        check()
        effect = _effect(view, identity, former, after, apply)
        if effect is not Effect.NONE:
            found.append(ObjectEffect(identity, effect))
    if any(Effect.UPDATE in (effects.old, effects.new) for _, effects in parent):
        ref = view.parent
        found.append(ObjectEffect(Identity(ref.apiVersion, ref.kind, ref.namespace, ref.name), Effect.UPDATE))
    return tuple(found)


def _effect(view: RequestView, identity: Identity, before: Answer | None, after: Answer, apply: str) -> Effect:
    """
    1. Gone before: created, unless it is refused. 2. What is never observed is never deleted or written again.
    3. There before, and not wanted any more: deleted. 4. What cannot be applied stays. 5. Else the merge decides, and
    how the kind is updated.
    """
    wanted = identity in after.desired.objects
    there = identity in (view if before is None else before.desired.objects)
    if wanted and view.lacks_namespace(identity):
        return Effect.NONE
    if not there:
        return Effect.CREATE if wanted else Effect.NONE
    if not view.declared(identity):
        return Effect.NONE
    if not wanted:
        return Effect.DELETE
    if apply != SERVER_SIDE and identity in view and stuck(view, identity):
        return Effect.NONE
    method = view.method(identity)
    if method == ON_DELETE or not _differs(view, identity, before, after, apply):
        return Effect.NONE
    return Effect.RECREATE if method in RECREATE_METHODS else Effect.UPDATE


def _differs(view: RequestView, identity: Identity, before: Answer | None, after: Answer, apply: str) -> bool:
    """Whether `after`'s object is written over what `before`'s became. In doubt it is."""
    try:
        here = _settled(view, identity, before, apply)
        if after.desired.objects[identity] is None or here is None:
            return True
        desired = after.applying.desired(identity)
        if apply == SERVER_SIDE and identity in view and before is None:
            return serverside.writes(here, desired.value)
        return desired.writes(here)
    except (UnreadableError, RecursionError, UnicodeEncodeError):
        return True


def _settled(view: RequestView, identity: Identity, before: Answer | None, apply: str) -> Json | None:
    """The object as it is stored once `before` was applied to it; as it is observed where that says nothing of it."""
    observed = view.observed(identity) if identity in view and not view.being_deleted(identity) else None
    if before is None or before.desired.objects[identity] is None:
        return observed
    if observed is not None and apply != SERVER_SIDE and not before.applying.writes(identity):
        return observed
    return before.applying.becomes(identity)
