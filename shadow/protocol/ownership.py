"""Writes the marks by which Metacontroller finds the objects of an answer again, whichever controller is in front.

A DecoratorController sees objects with its annotation, a CompositeController that generates its selector those with the
parent's uid as label. With both marks on every object a change of controllers writes nothing. A mark is part of the
last-applied configuration, so one that appears later updates an in-place kind once and deletes and recreates an
object of a `Recreate` kind: there it is withheld until the last-applied configuration has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from shadow.protocol.controller import Controller
from shadow.protocol.dialect import Ownership
from shadow.protocol.draft import Draft
from shadow.protocol.keys import identify, object_key
from shadow.protocol.messages import Request
from shadow.protocol.names import CONTROLLER_UID_LABEL, DECORATOR_ANNOTATION, LAST_APPLIED, RECREATE_METHODS
from shadow.protocol.objects import Identity
from shadow.protocol.wire import (
    Fields,
    UnreadableError,
    encode,
    is_null,
    join_array,
    join_object,
    json_type,
    parse_as,
    split_array,
    split_object,
)
from shadow.terms import HookVersion

Marks = Mapping[str, Mapping[str, str]]
"""By field of `metadata` (`annotations`, `labels`): key and value."""


@dataclass(frozen=True, slots=True)
class Marker:
    """Marks the items of one answer: what to write, and what is observed already."""

    request: Request
    marks: Marks
    methods: Mapping[str, str]  # group key -> update method, in doubt the most harmful one
    version: HookVersion  # of the front: it decides the keys of the observed map

    @property
    def may_withhold(self) -> bool:
        """Whether any kind is deleted and recreated for a change at all."""
        return not RECREATE_METHODS.isdisjoint(self.methods.values())

    def withheld(self, item: msgspec.Raw) -> set[str]:
        """The metadata fields whose mark must not be written into this item now."""
        identity = identify(item, self.request.parent.namespace)
        if self.methods.get(identity.group_key) not in RECREATE_METHODS:
            return set()
        observed = self._observed(identity, names_namespace=bool(identify(item).namespace))
        if observed is None:
            return set()
        applied = last_applied_metadata(observed)
        return {field for field, marks in self.marks.items() if not marks.items() <= applied.get(field, {}).items()}

    def _observed(self, identity: Identity, *, names_namespace: bool) -> msgspec.Raw | None:
        """What is observed of it. An item that names no namespace may also be a cluster-scoped object."""
        group = self.request.observed_groups.get(identity.group_key, {})
        key = object_key(identity.namespace, identity.name, self.version, self.request.parent.namespace)
        found = group.get(key) if key is not None else None
        return found if found is not None or names_namespace else group.get(identity.name)


def marker(request: Request, ownership: Ownership, controller: Controller, version: HookVersion) -> Marker:
    """The marker for the answers to one request."""
    marks = {"annotations": {DECORATOR_ANNOTATION: ownership.decorator}}
    if ownership.generate_selector:
        marks["labels"] = {CONTROLLER_UID_LABEL: request.parent.uid}
    return Marker(request, marks, controller.harshest_methods(request.observed_groups), version)


def mark_items(draft: Draft, list_key: str, marker: Marker) -> None:
    """Write the marks into every item of the draft's list; of an item only the levels on the way to a mark change."""
    raw = draft.fields.get(list_key)
    if raw is None or is_null(raw):
        return
    items = split_array(raw)
    marked = [_mark(draft, item, marker) for item in items]
    if any(new is not old for new, old in zip(marked, items, strict=True)):
        draft.put(list_key, join_array(marked))


def _mark(draft: Draft, item: msgspec.Raw, marker: Marker) -> msgspec.Raw:
    withheld = marker.withheld(item) if marker.may_withhold else set[str]()
    try:
        marked = write_marks(item, {field: marks for field, marks in marker.marks.items() if field not in withheld})
    except UnreadableError as exc:
        about = identify(item, marker.request.parent.namespace)
        draft.note("mark-impossible", f"it cannot take an ownership mark: {exc}", about)
        return item
    if withheld:
        named = " and ".join(sorted(withheld))
        message = (
            f"no ownership mark in {named}: it would delete and recreate the object, of a kind updated by Recreate"
        )
        draft.note("mark-withheld", message, identify(item, marker.request.parent.namespace))
    return marked


def write_marks(item: msgspec.Raw, marks: Marks) -> msgspec.Raw:
    """The item with these marks; the very same one if it has them.

    An annotation replaces another value, as Metacontroller does; a label stays if the item has one.

    Raises:
        UnreadableError: `metadata`, `annotations` or `labels` is neither absent nor an object.
    """
    fields = split_object(item)
    metadata = _level(fields, "metadata")
    changed = dict(metadata)
    for name, wanted in marks.items():
        present = _level(metadata, name)
        missing = {key: encode(value) for key, value in wanted.items() if _lacks(present, key, value, name)}
        if missing:
            changed[name] = join_object({**present, **missing})
    if changed == metadata:
        return item
    return join_object({**fields, "metadata": join_object(changed)})


def _lacks(present: Fields, key: str, value: str, field: str) -> bool:
    if key not in present:
        return True
    return field == "annotations" and bytes(present[key]) != bytes(encode(value))


def _level(fields: Fields, name: str) -> Fields:
    raw = fields.get(name)
    if raw is None or is_null(raw):
        return {}
    if json_type(raw) != "object":
        raise UnreadableError(f"`{name}` is no object")
    return split_object(raw)


class _Annotated(msgspec.Struct):
    annotations: dict[str, msgspec.Raw] | None = None


class _Observed(msgspec.Struct):
    metadata: _Annotated | None = None


class _AppliedMetadata(msgspec.Struct):
    annotations: dict[str, str | None] | None = None
    labels: dict[str, str | None] | None = None


class _Applied(msgspec.Struct):
    metadata: _AppliedMetadata | None = None


def last_applied(observed: msgspec.Raw) -> bytes | None:
    """The last-applied configuration of an observed object, as JSON text; None if there is none or it is no text."""
    try:
        metadata = parse_as(observed, _Observed).metadata
        raw = ((metadata and metadata.annotations) or {}).get(LAST_APPLIED)
        return None if raw is None else msgspec.json.decode(raw, type=str).encode()
    except (UnreadableError, msgspec.DecodeError, UnicodeError):
        return None


def last_applied_metadata(observed: msgspec.Raw) -> dict[str, dict[str, str | None]]:
    """Labels and annotations of the last-applied configuration; none if it cannot be read."""
    text = last_applied(observed)
    try:
        metadata = parse_as(text, _Applied).metadata if text is not None else None
    except UnreadableError:
        metadata = None
    if metadata is None:
        return {}
    return {"annotations": metadata.annotations or {}, "labels": metadata.labels or {}}
