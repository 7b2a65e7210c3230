"""Reads the usual hook call, and the usual answer, in one pass over their bytes: this is what every call waits for.

Decides nothing by itself: whatever is not plainly as usual is left to the close look of `messages` and `adapt`, which
would say the same of what passes here.
"""

from collections.abc import Mapping
from functools import lru_cache

import msgspec
from msgspec import UNSET, UnsetType

from shadow.protocol.keys import Groups
from shadow.protocol.names import CONTROLLER_KIND
from shadow.protocol.objects import parsable
from shadow.protocol.wire import REFUSED, UnreadableError, may_be_beyond_float, parse_as
from shadow.terms import Protocol

_EMPTY = msgspec.Raw(b"{}")


class Metadata(msgspec.Struct):
    """What of a parent's metadata decides anything."""

    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    generation: int | None = None
    deletionTimestamp: str | None = None


class Root(msgspec.Struct):
    """The parent object."""

    metadata: Metadata
    apiVersion: str | None = None
    kind: str | None = None


class _Controller(msgspec.Struct):
    kind: str | None = None


class _Call(msgspec.Struct):
    controller: msgspec.Raw = _EMPTY
    object: Root | UnsetType = UNSET
    parent: Root | UnsetType = UNSET
    attachments: Groups | UnsetType = UNSET
    children: Groups | UnsetType = UNSET
    related: Groups | None = None
    finalizing: bool = False


class Envelope(msgspec.Struct, frozen=True):
    """The parts of a call. `controller` is `{}` if it has none; objects stay bytes."""

    front: Protocol
    controller: msgspec.Raw
    root: Root
    observed: Groups
    related: Groups
    finalizing: bool


_CALL = msgspec.json.Decoder(_Call)


def usual_call(body: bytes) -> Envelope | None:
    """The call, if it is plainly of one protocol; None: look closely."""
    try:
        call = _CALL.decode(body)
        kind = declared_kind(bytes(call.controller))
    except (*REFUSED, UnreadableError):
        return None
    decorator, composite = (call.object, call.attachments), (call.parent, call.children)
    front, (root, observed), others = Protocol.DECORATOR, decorator, composite
    if root is UNSET:
        front, (root, observed), others = Protocol.COMPOSITE, composite, decorator
    if root is UNSET or observed is UNSET or others != (UNSET, UNSET) or kind not in (None, CONTROLLER_KIND[front]):
        return None
    return Envelope(front, call.controller, root, observed, call.related or {}, call.finalizing)


@lru_cache(maxsize=64)
def declared_kind(controller: bytes) -> str | None:
    """The kind of a controller object; remembered by its bytes, since every call of a front carries the same ones.

    Raises:
        UnreadableError: it is none.
    """
    return parse_as(controller, _Controller).kind


class _Item(msgspec.Struct):
    kind: str
    apiVersion: str | None = None


class _Answer(msgspec.Struct):
    status: dict[str, msgspec.Raw] | None = None
    resyncAfterSeconds: float | None = None
    finalized: bool | None = None


class _CompositeAnswer(_Answer):
    children: list[_Item] | None = None
    attachments: msgspec.Raw | UnsetType = UNSET

    @property
    def usual_list(self) -> list[_Item] | None:
        return self.children if self.attachments is UNSET else None


class _DecoratorAnswer(_Answer):
    attachments: list[_Item] | None = None
    labels: dict[str, str | None] | None = None
    annotations: dict[str, str | None] | None = None
    children: msgspec.Raw | UnsetType = UNSET

    @property
    def usual_list(self) -> list[_Item] | None:
        return self.attachments if self.children is UNSET else None


_ANSWERS: Mapping[Protocol, msgspec.json.Decoder[_CompositeAnswer] | msgspec.json.Decoder[_DecoratorAnswer]] = {
    Protocol.COMPOSITE: msgspec.json.Decoder(_CompositeAnswer),
    Protocol.DECORATOR: msgspec.json.Decoder(_DecoratorAnswer),
}


def is_usual_answer(body: bytes, protocol: Protocol) -> bool:
    """Whether a sync or finalize answer lists objects with kinds, and has every known field in its own type.

    Such an answer is never refused for what it is, and rejected in strict mode only, which is not looked at here.
    False: look closely.
    """
    try:
        items = _ANSWERS[protocol].decode(body).usual_list
    except REFUSED:
        return False
    named = items is not None and all(item.kind and parsable(item.apiVersion) for item in items)
    return named and not may_be_beyond_float(body)
