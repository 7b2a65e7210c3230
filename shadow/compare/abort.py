"""Why Metacontroller would leave every object alone in a sync, whatever the answer wants of each."""

from collections.abc import Container, Iterable
from enum import StrEnum
from typing import Final

from shadow.compare.view import RequestView
from shadow.protocol.objects import Identity, Json, object_of
from shadow.terms import Protocol


class LabelFault(StrEnum):
    """What of an item's labels makes a composite controller abort the whole sync."""

    NO_TEXTS = "are not all texts"
    UNMATCHED = "do not match the selector"


ANY_FAULT: Final = frozenset(LabelFault)


def label_fault(view: RequestView, item: Json) -> LabelFault | None:
    """Why the whole sync is aborted over this item; None: it is not."""
    if view.front is Protocol.DECORATOR:
        return None
    labels = object_of(item, "metadata").get("labels", {})
    if not isinstance(labels, dict) or not all(isinstance(text, str) for text in labels.values()):
        return LabelFault.NO_TEXTS
    return None if view.selected(labels) else LabelFault.UNMATCHED


def left_alone(
    view: RequestView,
    desired: Iterable[tuple[Identity, Json | None]],
    *,
    finalized: bool,
    trusted: Container[LabelFault] = ANY_FAULT,
) -> str | None:
    """Why no object would be touched; None: objects are managed.

    Args:
        desired: None stands for an item that cannot be held.
        trusted: the faults over which the sync is taken to be aborted.
    """
    if not view.manages(finalized):
        return "the parent is being deleted"
    if view.front is Protocol.COMPOSITE:
        for identity, item in desired:
            fault = None if item is None else label_fault(view, item)
            if fault is not None and fault in trusted:
                return f"the labels of {identity} {fault}"
    return None
