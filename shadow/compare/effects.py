"""What Metacontroller would do to each object if given an answer, from request and answer alone. Touches no cluster.

The order of questions is that of its own sync: can the answer be read, are objects managed at all, what is observed
and not desired, what is desired and not observed, and what would applying the rest change.
"""

from collections.abc import Container, Mapping

import msgspec

from shadow.compare import serverside
from shadow.compare.abort import LabelFault
from shadow.compare.answer import Answer, NotAnAnswerError, read_answer
from shadow.compare.budget import Check
from shadow.compare.dynamic import has_unreadable_last_applied
from shadow.compare.model import ObjectEffect
from shadow.compare.repeats import creates_again, never_observed, writes_again
from shadow.compare.view import RequestView
from shadow.protocol.dialect import Strictness
from shadow.protocol.names import RECREATE_METHODS
from shadow.protocol.objects import Identity
from shadow.protocol.wire import UnreadableError, repeats_a_key, split_object
from shadow.terms import Effect, Protocol

__all__ = ["RequestView", "effects_of", "harmless", "parent_changes", "predict", "removals", "stuck"]

SERVER_SIDE = "server-side"
"""The other way in which Metacontroller may be told to apply, beside `dynamic`."""

_REMOVING = frozenset({Effect.DELETE, Effect.RECREATE})
_WRITING = frozenset({Effect.UPDATE, Effect.RECREATE})
_HARMLESS = frozenset({Effect.NONE, Effect.LATENT})
_APPLYING = _WRITING | {Effect.LATENT}
_CERTAIN = frozenset({LabelFault.UNMATCHED})
"""Over what a veto trusts a sync to be aborted."""

_BY_METHOD = {"Recreate": Effect.RECREATE, "RollingRecreate": Effect.RECREATE}
_BY_METHOD |= {"InPlace": Effect.UPDATE, "RollingInPlace": Effect.UPDATE}


def predict(view: RequestView, body: bytes, apply: str, strict: Strictness = "auto") -> tuple[ObjectEffect, ...]:
    """The effect on every object that is observed or desired, sorted by identity.

    Args:
        body: a 200 answer in the front's dialect. One that Metacontroller cannot read has no effect on anything.
        apply: `dynamic` or `server-side`.
    """
    try:
        answer = read_answer(view, body, strict=view.controller.strict(view.request.hook, strict))
    except NotAnAnswerError as exc:
        return tuple(ObjectEffect(identity, Effect.NONE, why=str(exc)) for identity in sorted(view))
    return effects_of(view, answer, apply)


def effects_of(
    view: RequestView,
    answer: Answer,
    apply: str,
    known: Mapping[Identity, ObjectEffect] | None = None,
    unseen: Container[Identity] = (),
    check: Check = lambda: None,
) -> tuple[ObjectEffect, ...]:
    """`predict` for an answer that is already read.

    Args:
        known: effects of another answer to this request on objects that both want alike, where it is one under
            which objects are managed.
        unseen: objects that this front had created before and still does not observe.
        check: called between objects.
    """
    check()
    known = known or {}
    desired = answer.desired.objects
    identities = sorted({*view, *desired})
    if (why := answer.left_alone) is not None:
        effects = [ObjectEffect(identity, Effect.NONE, why=why) for identity in identities]
    else:
        effects = []
        for identity in identities:
            check()
            effects.append(known.get(identity) or _effect(view, identity, answer, apply))
        if apply != SERVER_SIDE:  # which takes over what has the name, unseen
            effects = [_taken(effect) if effect.object in unseen else effect for effect in effects]
    if view.front is Protocol.COMPOSITE and parent_changes(view, answer):
        ref = view.parent
        parent = Identity(ref.apiVersion, ref.kind, ref.namespace, ref.name)
        effects.append(ObjectEffect(parent, Effect.INEXPRESSIBLE, why="labels or annotations of the parent"))
    return tuple(effects)


def removals(view: RequestView, body: bytes, apply: str) -> dict[Identity, Effect]:
    """The objects that the answer would delete or recreate; what a veto needs, in the time a veto has.

    In doubt it would: unknown and repeated fields do not stop it, whatever is said of strictness, and a kind whose
    method is a guess has the most harmful one. Keys first; looks only into objects of kinds that are recreated.

    Raises:
        NotAnAnswerError: Metacontroller cannot read the answer at all. That it then removes nothing is for nobody to
            rely on.
        UnreadableError: the parent or the controller is beyond our decoders.
    """
    answer = read_answer(view, body, strict=False)
    if answer.left_alone_over(_CERTAIN) is not None:
        return {}
    found = {}
    for identity in view:
        method = view.harshest_method(identity)
        if identity not in answer.spelled or method in RECREATE_METHODS:
            effect = _once(view, identity, answer, apply, method).effect
            if effect in _REMOVING:
                found[identity] = effect
    return found


def harmless(view: RequestView, body: bytes, apply: str) -> bool:
    """Whether the answer would write nothing but a status: what may stand in for a failed answer of `new`.

    In doubt it is not, and so with a field that is there twice: Go merges the maps, and lets null leave a true.
    """
    try:
        if repeats_a_key(body, split_object(body)):
            return False
        answer = read_answer(view, body, strict=False)
        if answer.finalized or parent_changes(view, answer):
            return False
        if answer.left_alone_over(_CERTAIN) is not None:
            return True
        return all(
            _once(view, identity, answer, apply, view.harshest_method(identity)).effect in _HARMLESS
            for identity in {*view, *answer.spelled}
        )
    except (NotAnAnswerError, UnreadableError):
        return False


def parent_changes(view: RequestView, answer: Answer) -> dict[tuple[str, str], str | None]:
    """The labels and annotations that the answer would change on the parent: `{("labels", "tier"): "dev"}`."""
    changes: dict[tuple[str, str], str | None] = {}
    for field, texts in (("labels", answer.labels), ("annotations", answer.annotations)):
        present: Mapping[str, str] = view.parent_texts(field)
        changes |= {(field, key): text for key, text in texts.items() if present.get(key) != text}
    return changes


def _effect(view: RequestView, identity: Identity, answer: Answer, apply: str) -> ObjectEffect:
    """The effect now, and whether it comes again."""
    if (why := _confused(view, identity, answer)) is not None:
        return ObjectEffect(identity, Effect.NONE, why=why)
    found = _once(view, identity, answer, apply, view.method(identity))
    if found.effect in _APPLYING and apply != SERVER_SIDE and stuck(view, identity):
        return ObjectEffect(identity, Effect.NONE, why="its last-applied configuration cannot be read: applying fails")
    if found.effect is Effect.RECREATE and apply == SERVER_SIDE and _refused(view, identity, answer):
        return ObjectEffect(identity, Effect.LATENT, repeats=True, why="the dry run before a recreate is refused")
    if found.effect is Effect.CREATE:
        again = never_observed(view, identity) if apply == SERVER_SIDE else creates_again(view, identity, answer)
        return _repeating(found, again)
    if found.effect in _WRITING and apply != SERVER_SIDE:
        return _repeating(found, writes_again(view, identity, answer))
    return found


def _confused(view: RequestView, identity: Identity, answer: Answer) -> str | None:
    """Why Metacontroller 2 leaves an object alone that it confuses with one of another namespace; None: it does not.

    It knows the objects of a namespaced parent by their names alone, and takes a write that meets nothing for failed.
    """
    home = view.parent.namespace
    if view.release_4 or not home:
        return None
    last = answer.last_of_name.get((identity.apiVersion, identity.kind, identity.name), identity)
    if last != identity:
        return f"taken for the object of that name in the namespace {last.namespace!r}"
    if identity.namespace != home and msgspec.structs.replace(identity, namespace=home) in view:
        return "taken for the observed object of that name: the write meets nothing"
    return None


def stuck(view: RequestView, identity: Identity) -> bool:
    """Whether dynamic apply fails on an observed object, at every sync. In doubt it does not, nor for a veto."""
    try:
        return has_unreadable_last_applied(view.observed(identity))
    except UnreadableError:
        return False


def _refused(view: RequestView, identity: Identity, answer: Answer) -> bool:
    """Whether the API server surely refuses what is applied server-side. In doubt it does not, nor for a veto."""
    try:
        observed = view.observed(identity)
    except UnreadableError:
        return False
    return answer.item(identity) is not None and serverside.refused(observed, answer.applying.desired(identity).value)


def _repeating(effect: ObjectEffect, repeats: bool) -> ObjectEffect:
    return msgspec.structs.replace(effect, repeats=True) if repeats else effect


def _once(view: RequestView, identity: Identity, answer: Answer, apply: str, method: str) -> ObjectEffect:
    """The effect now."""
    if identity not in view:
        if view.lacks_namespace(identity):
            return ObjectEffect(identity, Effect.NONE, why="no namespace: refused")
        return ObjectEffect(identity, Effect.CREATE)
    if view.being_deleted(identity):
        return ObjectEffect(identity, Effect.NONE, why="being deleted")
    if identity not in answer.spelled:
        return ObjectEffect(identity, Effect.DELETE)
    if not _writes(view, identity, answer, apply):
        return ObjectEffect(identity, Effect.NONE)
    effect = _BY_METHOD.get(method, Effect.LATENT)
    if apply == SERVER_SIDE and effect is Effect.RECREATE:
        return _tried(view, identity, answer)
    return ObjectEffect(identity, effect)


def _tried(view: RequestView, identity: Identity, answer: Answer) -> ObjectEffect:
    """A recreate by server-side apply, which a dry run precedes; in doubt the object is recreated.

    1. The dry run shows no change: nothing happens. 2. It differs in the generation, too, which a change of metadata
    alone does not raise: that is an error, at every sync. 3. The object is deleted.
    """
    recreated = ObjectEffect(identity, Effect.RECREATE)
    if answer.item(identity) is None:
        return recreated
    try:
        observed, desired = view.observed(identity), answer.applying.desired(identity).value
    except UnreadableError:
        return recreated
    if not serverside.changes(observed, desired):
        return ObjectEffect(identity, Effect.NONE, why="the dry run before a recreate shows no change")
    if view.generation(identity) and serverside.raises_generation(observed, desired):
        why = "recreating fails: the dry run differs in the generation"
        return ObjectEffect(identity, Effect.LATENT, repeats=True, why=why)
    return recreated


def _taken(effect: ObjectEffect) -> ObjectEffect:
    """Creating it once more does nothing: somebody else has an object of that name, or it is denied."""
    if effect.effect is not Effect.CREATE:
        return effect
    return ObjectEffect(effect.object, Effect.UNADOPTED, why="created before, and not observed since")


def _writes(view: RequestView, identity: Identity, answer: Answer, apply: str) -> bool:
    """Whether applying the item changes the object; in doubt it does."""
    if answer.item(identity) is None:
        return True
    try:
        if apply == SERVER_SIDE:
            return serverside.writes(view.observed(identity), answer.applying.desired(identity).value)
        return answer.applying.writes(identity)
    except UnreadableError:
        return True
