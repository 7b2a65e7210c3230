"""Where two answers to one request want different things: of the objects, of the parent, in their order.

One answer may be held against another implementation's, or against what the same one says the next time.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from shadow.compare.answer import Answer
from shadow.compare.budget import Check
from shadow.compare.canonical import order_of, same
from shadow.compare.diff import FieldChange
from shadow.compare.differences import Describer
from shadow.compare.dynamic import prepared
from shadow.compare.model import Difference, EffectPair
from shadow.compare.parent import ParentChange, parent_fields
from shadow.compare.view import RequestView
from shadow.protocol.objects import Identity, Json
from shadow.protocol.wire import UnreadableError
from shadow.terms import Change, Effect

_NO_EFFECT = EffectPair(Effect.NONE, Effect.NONE)
_ANOTHER_ORDER = FieldChange(("order",), Change.CHANGED, ("order",), ("order",))


def alike(one: Answer, other: Answer) -> frozenset[Identity]:
    """The objects that both want, and want the same of."""
    there = other.desired.objects
    return frozenset(
        identity
        for identity, item in one.desired.objects.items()
        if item is not None and identity in there and same(item, there[identity])
    )


def differences(
    view: RequestView,
    describer: Describer,
    old: Answer,
    new: Answer,
    among: Iterable[Identity],
    parent: Sequence[ParentChange],
    check: Check,
) -> Iterator[Difference]:
    """Every difference of two answers.

    Args:
        among: the objects to look at; all others are alike.
        parent: the places in which they want another parent.
    """
    spelling = (old.left_alone is None) is (new.left_alone is None)  # else each object is treated in another way
    for identity in sorted(among):
        check()
        yield from _of_object(view, describer, identity, old, new, spelling=spelling)
    check()
    if parent:
        yield from describer.of_parent(parent, parent_fields(view, old), parent_fields(view, new))
    yield from _of_order(view, describer, old, new)


def _of_object(
    view: RequestView, describer: Describer, identity: Identity, old: Answer, new: Answer, *, spelling: bool
) -> Iterator[Difference]:
    before, after = old.desired.objects, new.desired.objects
    one, other = before.get(identity), after.get(identity)
    if (identity in before and one is None) or (identity in after and other is None):
        yield describer.unreadable(identity)
        return
    if one is not None and other is not None:
        one, other = _named(view, identity, one), _named(view, identity, other)
    prepare = partial(prepared, view, identity)
    yield from describer.of_object(identity, one, other, _observed(view, identity), prepare, spelling=spelling)


def _named(view: RequestView, identity: Identity, item: Json) -> Json:
    """The item with the namespace that Metacontroller writes into it, so that leaving it out is no difference."""
    metadata = item.get("metadata")
    if not identity.namespace or not view.release_4 or not isinstance(metadata, dict):
        return item
    return item if metadata.get("namespace") else item | {"metadata": metadata | {"namespace": identity.namespace}}


def _observed(view: RequestView, identity: Identity) -> Json | None:
    """None, too, for what cannot be held: it then proves nothing."""
    try:
        return view.observed(identity) if identity in view else None
    except UnreadableError:
        return None


def _of_order(view: RequestView, describer: Describer, old: Answer, new: Answer) -> Iterator[Difference]:
    """Under Rolling strategies the order of the list decides which object is updated first; else it is noise."""
    before, after = (order_of(answer.desired.objects, view.rolling_groups) for answer in (old, new))
    if before != after and sorted(before) == sorted(after):
        yield from describer.of_parent([(_ANOTHER_ORDER, _NO_EFFECT)], {"order": before}, {"order": after})
