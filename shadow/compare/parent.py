"""What two answers say beside the objects: the parent's status, labels and annotations, its end, when to come back.

Decides which of it differs and what each side would do; null and absent are told apart only where Metacontroller does.
"""

from collections.abc import Callable, Iterator
from typing import Any

from shadow.compare.answer import Answer
from shadow.compare.budget import Check
from shadow.compare.canonical import same
from shadow.compare.diff import FieldChange, field_changes
from shadow.compare.effects import parent_changes
from shadow.compare.model import EffectPair
from shadow.compare.view import RequestView
from shadow.protocol.objects import Json
from shadow.terms import Effect, Protocol

_OBSERVED_GENERATION = "observedGeneration"

ParentChange = tuple[FieldChange, EffectPair]
"""One place under `status`, `labels`, `annotations`, `finalized` and so on, and its effects."""


def parent_fields(view: RequestView, answer: Answer) -> Json:
    """What the answer says of the parent, in the form in which two answers are compared; nothing said, no key."""
    fields: Json = {
        "status": wanted_status(view, answer),
        "labels": answer.labels or None,
        "annotations": answer.annotations or None,
        "resyncAfterSeconds": answer.resync_after_seconds or None,
        "finalized": answer.finalized or None,
        "relatedResources": answer.related or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def wanted_status(view: RequestView, answer: Answer) -> Json | None:
    """The status that the answer asks for; None: leave it as it is, which only a decorator can say.

    A composite controller sets `observedGeneration` itself, whatever the answer says, and takes null for empty.
    """
    if view.front is Protocol.DECORATOR:
        return answer.status
    return {key: value for key, value in (answer.status or {}).items() if key != _OBSERVED_GENERATION}


def parent_differences(view: RequestView, old: Answer, new: Answer, check: Check) -> tuple[ParentChange, ...]:
    """Every place in which the two answers want another parent, with the effect of either.

    Args:
        check: called between places.
    """
    found = []
    for change in _changes(view, old, new):
        check()
        found.append(change)
    return tuple(found)


def _changes(view: RequestView, old: Answer, new: Answer) -> Iterator[ParentChange]:
    wanted = parent_fields(view, old), parent_fields(view, new)
    changed = [parent_changes(view, answer) for answer in (old, new)]
    effects: dict[str, EffectPair] = {}
    for change in field_changes(*wanted):
        field = str(change.path[0])
        if field in ("labels", "annotations"):
            key = str(change.path[1]) if len(change.path) > 1 else ""
            yield change, EffectPair(*(_text_effect(view, (field, key) in texts) for texts in changed))
        else:
            effect = _EFFECTS[field]
            if field not in effects:
                effects[field] = EffectPair(effect(view, old), effect(view, new))
            yield change, effects[field]


def _text_effect(view: RequestView, changes: bool) -> Effect:
    if not changes:
        return Effect.NONE
    return Effect.INEXPRESSIBLE if view.front is Protocol.COMPOSITE else Effect.UPDATE


def _status_effect(view: RequestView, answer: Answer) -> Effect:
    wanted = wanted_status(view, answer)
    if wanted is None:
        return Effect.NONE
    live: Any = view.root.get("status")
    if view.front is Protocol.COMPOSITE:
        fields = live if isinstance(live, dict) else {}
        live = {key: value for key, value in fields.items() if key != _OBSERVED_GENERATION}
    return Effect.NONE if same(wanted, live) else Effect.UPDATE


def _finalized_effect(view: RequestView, answer: Answer) -> Effect:
    """It removes the controller's finalizer, where there is one."""
    return Effect.UPDATE if answer.finalized and view.finalizer in view.finalizers else Effect.NONE


def _no_effect(view: RequestView, answer: Answer) -> Effect:  # noqa: ARG001 - one signature for every field
    return Effect.NONE


_EFFECTS: dict[str, Callable[[RequestView, Answer], Effect]] = {
    "status": _status_effect,
    "finalized": _finalized_effect,
    "resyncAfterSeconds": _no_effect,
    "relatedResources": _no_effect,
}
