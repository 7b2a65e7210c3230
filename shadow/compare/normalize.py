"""What Kubernetes itself makes equal: rules by name, each of which explains places in which two answers differ.

A rule only says that a difference is one of spelling. It is stored and counted like any other, as ignored with the
rule's name; each rule can be switched off, also for what is stored already.
"""

import base64
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, Final, NamedTuple

from shadow.compare.canonical import same
from shadow.compare.defaults import Names, is_default
from shadow.compare.diff import FieldChange, value_at
from shadow.compare.kinds import built_in
from shadow.compare.model import ObjectEffect
from shadow.compare.quantity import same_quantity
from shadow.compare.seen import NOTHING, Known, seen_at, shows
from shadow.compare.sets import is_set
from shadow.compare.stored import QUANTITIES, QUANTITY_MAPS, TEXT_MAPS, foreign_json
from shadow.fieldpath import Steps
from shadow.protocol.names import LAST_APPLIED, SYSTEM_METADATA
from shadow.protocol.objects import Identity, Json
from shadow.terms import Change, Effect

RULES: Final[Mapping[str, str]] = {
    "null": "a field that is null is one that is absent",
    "empty": "Kubernetes does not store an empty map or list of its own kinds",
    "quantity": "`1000m` and `1` are the same amount",
    "string_data": "a Secret's `stringData` is its `data`, decoded",
    "system_fields": "what the API server or another controller owns, copied from the observed object",
    "marks": "labels and annotations that Metacontroller itself adds or takes out before it applies an object",
    "set_order": "the order of a list that Kubernetes takes for a set",
    "default": "a default of a well-known kind, spelled out, that the observed object shows",
}
"""Every rule and what it says, in the order in which they are asked."""

_ONCE_AT_MOST: Final = frozenset({Effect.NONE, Effect.LATENT, Effect.UPDATE})
"""What may tell two spellings apart: any difference at all is written in place once, with the last-applied text."""

_VERSION: Final = ("metadata", "resourceVersion")

Prepare = Callable[[Json], Json]
"""A desired object in, the same as Metacontroller has it before it is applied, out."""


class _Place(NamedTuple):
    """One place of an object in which its two versions differ."""

    path: Steps
    change: Change
    old: Any  # NOTHING where that side lacks the field
    new: Any
    old_around: Any  # what the field is in
    new_around: Any

    @property
    def names(self) -> Names:
        return tuple(step for step in self.path if isinstance(step, str))

    @property
    def values(self) -> tuple[Any, Any]:
        return self.old, self.new

    @property
    def around(self) -> str:
        """The name of the map or list that the field is in, if it has one."""
        return next((step for step in reversed(self.path[:-1]) if isinstance(step, str)), "")


class Normalizer:
    """Explains the differences of one object.

    Args:
        old, new: what either answer wants of it.
        observed: the object as it is in the cluster; None if it is not observed.
        prepare: gives what Metacontroller makes of either before it applies it.
    """

    def __init__(self, identity: Identity, old: Json, new: Json, observed: Json | None, prepare: Prepare) -> None:
        self._identity = identity
        self._sides = old, new
        self._observed = observed
        self._prepare = prepare
        self._typed = built_in(identity)
        self._known: Known = {}

    def names(
        self, changes: Iterable[FieldChange], old: ObjectEffect | None, new: ObjectEffect | None
    ) -> list[str | None]:
        """The rule that explains each change; None: it is a real one.

        1. None for all of them where nothing but the spelling makes one answer do more to the object than a write in
        place: whatever it means to Kubernetes, Metacontroller deletes it.
        2. None for a copied resourceVersion that makes an answer write at every sync: each write gives it another one.

        Args:
            old, new: what either answer would do to the object; None: nothing is known of that.
        """
        looping = {each for each, effect in ((Change.REMOVED, old), (Change.ADDED, new)) if effect and effect.repeats}
        found = [
            None if change.path == _VERSION and change.change in looping else self._name(change) for change in changes
        ]
        effects = {effect.effect if effect else Effect.NONE for effect in (old, new)}
        apart = len(effects) > 1 and not effects <= _ONCE_AT_MOST
        return [None] * len(found) if apart and all(found) else found

    def _name(self, change: FieldChange) -> str | None:
        if not change.path:
            return None
        place = self._place(change)
        return next((name for name, holds in _HOLDS.items() if holds(self, place)), None)

    def _place(self, change: FieldChange) -> _Place:
        old, new = self._sides
        has_old, has_new = change.change is not Change.ADDED, change.change is not Change.REMOVED
        return _Place(
            path=change.path,
            change=change.change,
            old=value_at(old, change.old_keys) if has_old else NOTHING,
            new=value_at(new, change.new_keys) if has_new else NOTHING,
            old_around=value_at(old, change.old_keys[:-1]) if has_old else None,
            new_around=value_at(new, change.new_keys[:-1]) if has_new else None,
        )

    def _is_read(self, place: _Place) -> bool:
        """Whether Kubernetes reads the place: all of its own kinds but foreign JSON, of others the metadata."""
        if place.path[0] == "metadata" and len(place.path) == 2:
            return True
        return self._typed and foreign_json(self._identity).isdisjoint(place.names)

    def null(self, place: _Place) -> bool:
        """Not in a map of texts, where null is the empty text, and not in a list."""
        if not self._is_read(place) or not isinstance(place.path[-1], str):
            return False
        return place.around not in TEXT_MAPS and all(value is None or value is NOTHING for value in place.values)

    def empty(self, place: _Place) -> bool:
        """Their wire format cannot tell an empty map of values or an empty list from none at all.

        An empty structure (`emptyDir: {}`) is something else, so maps are known by name.
        """
        if not self._is_read(place) or not isinstance(place.path[-1], str):
            return False
        mapped = place.path[-1] in TEXT_MAPS | QUANTITY_MAPS
        return place.around not in TEXT_MAPS and all(
            value is NOTHING or value is None or value == [] or (mapped and value == {}) for value in place.values
        )

    def quantity(self, place: _Place) -> bool:
        known = place.around in QUANTITY_MAPS or (place.path[-1] in QUANTITIES and place.around not in TEXT_MAPS)
        return known and self._is_read(place) and same_quantity(place.old, place.new)

    def string_data(self, place: _Place) -> bool:
        """Whether the key holds the same bytes in the end, by whichever of the two maps."""
        if (self._identity.kind, self._identity.apiVersion) != ("Secret", "v1") or len(place.path) != 2:
            return False
        field, key = place.path
        old, new = self._data
        return field in ("data", "stringData") and key in old and key in new and old[key] == new[key]

    @cached_property
    def _data(self) -> tuple[dict[Any, bytes | None], dict[Any, bytes | None]]:
        old, new = self._sides
        return _data(old), _data(new)

    def system_fields(self, place: _Place) -> bool:
        """Whether every side that has the field has it as it is observed: an object that was passed on whole."""
        if self._observed is None or not _of_the_system(place.names):
            return False
        seen = seen_at(self._observed, place.path, self._known)
        return seen is not NOTHING and all(value is NOTHING or same(value, seen) for value in place.values)

    def marks(self, place: _Place) -> bool:
        """Whether the labels or annotations are the same once Metacontroller has written its own among them."""
        if place.path[0] != "metadata" or place.path[1:2] not in (("labels",), ("annotations",)):
            return False
        old, new = (seen_at(item, place.path, {}) for item in self._prepared)
        return old is new if NOTHING in (old, new) else same(old, new)

    @cached_property
    def _prepared(self) -> tuple[Json, Json]:
        old, new = self._sides
        return self._prepare(old), self._prepare(new)

    def set_order(self, place: _Place) -> bool:
        """The lists differ in their order at this place; what is in one only is a place of its own."""
        lists = isinstance(place.old, list) and isinstance(place.new, list)
        return lists and is_set(self._identity, place.path)

    def default(self, place: _Place) -> bool:
        if self._observed is None or not self._typed:
            return False
        old, new = (NOTHING if value is None else value for value in place.values)
        if (old is NOTHING) == (new is NOTHING):
            return False
        value, around = (old, place.old_around) if new is NOTHING else (new, place.new_around)
        filled_in = is_default(self._identity, place.names, value) or self._target_port(place, value, around)
        seen = seen_at(self._observed, place.path, self._known)
        return filled_in and seen is not NOTHING and shows(seen, value)

    def _target_port(self, place: _Place, value: Any, around: Any) -> bool:
        """Of a Service's port the target is the port itself where nothing else is said."""
        service = self._identity.kind == "Service" and place.names == ("spec", "ports", "targetPort")
        return service and isinstance(around, dict) and same(around.get("port"), value)


_HOLDS: Final[Mapping[str, Callable[[Normalizer, _Place], bool]]] = {
    "null": Normalizer.null,
    "empty": Normalizer.empty,
    "quantity": Normalizer.quantity,
    "string_data": Normalizer.string_data,
    "system_fields": Normalizer.system_fields,
    "marks": Normalizer.marks,
    "set_order": Normalizer.set_order,
    "default": Normalizer.default,
}


def _data(secret: Json) -> dict[Any, bytes | None]:
    """The bytes of each key as they are stored: `stringData` wins. None: they cannot be told."""
    data, texts = secret.get("data"), secret.get("stringData")
    found = {key: _decoded(text) for key, text in data.items()} if isinstance(data, dict) else {}
    if isinstance(texts, dict):
        found |= {key: text.encode("utf-8", "surrogatepass") for key, text in texts.items() if isinstance(text, str)}
    return {key: value for key, value in found.items() if value is not None}


def same_data(one: Json, other: Json) -> bool:
    """Whether two Secrets hold the same keys with the same bytes, by whichever of the two maps."""
    return _data(one) == _data(other)


def _decoded(text: Any) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError):
        return None


def _of_the_system(names: Names) -> bool:
    if names[0] == "status":
        return True
    if names[0] != "metadata" or len(names) < 2:
        return False
    return names[1] in SYSTEM_METADATA | {"ownerReferences"} or names[1:] == ("annotations", LAST_APPLIED)
