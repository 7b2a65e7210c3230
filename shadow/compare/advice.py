"""Traps that are visible in a request and one answer to it: a closed set of codes, each with what it costs.

Advice never changes an outcome. docs/advice.md says more about each code.
"""

from collections.abc import Callable, Container, Iterator, Mapping
from typing import Final

from shadow.compare.abort import label_fault
from shadow.compare.answer import Answer
from shadow.compare.canonical import same
from shadow.compare.model import ObjectEffect
from shadow.compare.normalize import same_data
from shadow.compare.predictions import CODES as SEEN
from shadow.compare.repeats import refused
from shadow.compare.view import RequestView
from shadow.protocol.names import ROLLING_METHODS
from shadow.protocol.objects import Identity, Json, object_of
from shadow.terms import Effect, Protocol

CODES: Final[Mapping[str, str]] = {
    "duplicate": "the answer names this object more than once; only the last one counts",
    "undeclared-kind": "the controller does not declare this kind: it is created, and never updated or deleted",
    "api-version": "the controller declares this kind in another apiVersion: it is deleted and created at every sync",
    "outside-namespace": "a namespaced parent never sees objects of another namespace: each sync creates in vain",
    "no-namespace": "an object of this kind needs a namespace under a cluster-scoped parent: the sync fails",
    "no-name": "an object without a name is never recognized: it is created again at every sync",
    "echo": "the answer carries fields that belong to the API server: such an object is written at every sync",
    "owned": "the object names another controller as its owner: its creation is refused at every sync",
    "repeats": "the API server stores this in another way than it is wanted: it is written at every sync",
    "twin-items": "a list holds two items with the same merge key: both become like the last one",
    "lost-items": "a list without merge key is replaced whole: what somebody else put into it goes with the next write",
    "selector": "the labels do not match the parent's selector: the whole sync is aborted",
    "finalized-in-sync": "`finalized` without finalizing: the finalizer is removed and put back at every sync",
    "namespace-status": "a Namespace does not store this status: every sync costs writes without effect",
    "status-subresource": "the parent has no status subresource: writing its status changes the parent itself",
    "opt-out": "an empty answer deletes every observed object; a label selector would leave them alone",
    "side-effects": "either answer has its own values for a Secret that is not observed: the hook acts when asked",
    "rolling-decorator": "a decorator controller does not roll: every object is updated at once",
    "rolling-composite": "rolling updates stalled after the first object, and failed under a cluster-scoped parent",
    **SEEN,
}
"""What each code means, in a sentence."""

Found = tuple[str, Identity | None]
"""A code, and the object it is about; None: the parent or the controller."""

_WRITES = frozenset({Effect.CREATE, Effect.UPDATE, Effect.RECREATE})
_ECHOED = frozenset({"uid", "resourceVersion", "managedFields", "creationTimestamp", "generation", "selfLink"})


def advise(
    view: RequestView,
    answer: Answer,
    effects: Mapping[Identity, ObjectEffect],
    skipped: Container[Identity] = (),
    *,
    dynamic: bool = True,
) -> Iterator[Found]:
    """Every trap in one answer.

    Args:
        effects: those of this answer.
        skipped: objects about which nothing but `duplicate` is asked.
        dynamic: whether Metacontroller merges, and does not apply server-side.
    """
    yield from (("duplicate", identity) for identity in answer.desired.duplicates)
    for identity, item in answer.desired.objects.items():
        if identity in skipped:
            continue
        code = _placed(view, identity)
        if code is not None:
            yield code, identity
        elif item is not None:
            if answer.applying.desired(identity).has_twins:
                yield "twin-items", identity
            if label_fault(view, item) is not None:
                yield "selector", identity
            effect = effects.get(identity)
            if effect is not None and effect.repeats and effect.effect in _WRITES:
                yield _why_again(effect.effect, item), identity
            updated = dynamic and effect is not None and effect.effect is Effect.UPDATE
            if updated and answer.applying.loses_items(identity):
                yield "lost-items", identity
    yield from ((code, None) for code, holds in _OF_ANSWERS.items() if holds(view, answer))


def acted(view: RequestView, old: Answer, new: Answer) -> Iterator[Identity]:
    """The Secrets that both answers want and nobody observes, with other values in each: somebody made them up.

    A hook that makes access keys, or asks for them, whenever it sees none does so again in the shadow.
    """
    for identity, item in old.desired.objects.items():
        if identity.kind == "Secret" and identity.apiVersion == "v1" and identity not in view:
            other = new.desired.objects.get(identity)
            if item is not None and other is not None and not same_data(item, other):
                yield identity


def _why_again(effect: Effect, item: Json) -> str:
    if _echoes(item):
        return "echo"
    return "owned" if effect is not Effect.UPDATE and refused(item) else "repeats"


def _placed(view: RequestView, identity: Identity) -> str | None:
    """Why the object would never be observed, if that is so."""
    if not identity.name:
        return "no-name"
    if view.lacks_namespace(identity):
        return "no-namespace"
    if not view.declared(identity):
        return "api-version" if _declared_otherwise(view, identity) else "undeclared-kind"
    if view.parent.namespace and identity.namespace != view.parent.namespace:
        return "outside-namespace"
    return None


def _declared_otherwise(view: RequestView, identity: Identity) -> bool:
    """Whether the same kind of the same group is declared, in another version."""
    prefix = f"{identity.kind}.{identity.group}/" if identity.group else f"{identity.kind}."
    return any(key.startswith(prefix) and "/" not in key.removeprefix(prefix) for key in view.request.observed_groups)


def _echoes(item: Json) -> bool:
    return not _ECHOED.isdisjoint(object_of(item, "metadata"))


def _finalized_in_sync(view: RequestView, answer: Answer) -> bool:
    return answer.finalized and not view.request.is_finalize and view.finalizer in view.finalizers


def _is_namespace(view: RequestView) -> bool:
    return view.parent.kind == "Namespace" and view.parent.apiVersion == "v1"


def _namespace_status(view: RequestView, answer: Answer) -> bool:
    """A composite controller writes one whatever the answer says: nothing to advise there."""
    if view.front is Protocol.COMPOSITE or not _is_namespace(view) or answer.status is None:
        return False
    live = view.root.get("status")
    phase = live.get("phase", "Active") if isinstance(live, dict) else "Active"
    return not same(answer.status, {"phase": phase})


def _status_subresource(view: RequestView, answer: Answer) -> bool:
    """Whether the status was last written together with the rest: a subresource would not let that happen."""
    if view.front is Protocol.COMPOSITE or _is_namespace(view) or answer.status is None:
        return False
    entries = view.managed_fields
    trees = (entry.get("fieldsV1") for entry in entries if not entry.get("subresource"))
    owned = any(isinstance(tree, dict) and "f:status" in tree for tree in trees)
    return owned and not any(entry.get("subresource") == "status" for entry in entries)


def _opts_out(view: RequestView, answer: Answer) -> bool:
    return not view.request.is_finalize and not view.request.deleting and len(view) > 0 and not answer.items


def _rolling_composite(view: RequestView, answer: Answer) -> bool:  # noqa: ARG001 - one signature for all
    rules = view.controller.children
    return view.front is Protocol.COMPOSITE and any(rule.method in ROLLING_METHODS for rule in rules)


def _rolling_decorator(view: RequestView, answer: Answer) -> bool:  # noqa: ARG001 - one signature for all
    rules = view.controller.children
    return view.front is Protocol.DECORATOR and any(rule.method in ROLLING_METHODS for rule in rules)


_OF_ANSWERS: Final[Mapping[str, Callable[[RequestView, Answer], bool]]] = {
    "finalized-in-sync": _finalized_in_sync,
    "namespace-status": _namespace_status,
    "status-subresource": _status_subresource,
    "opt-out": _opts_out,
    "rolling-decorator": _rolling_decorator,
    "rolling-composite": _rolling_composite,
}
