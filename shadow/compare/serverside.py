"""What server-side apply makes of one desired object, told from the observed object's `managedFields`. Pure.

Metacontroller remembers what it applied last in a cache that no request shows. But the API server remembers, too:
the fields that Metacontroller's manager owns are those it applied, and what they hold is what it applied, unless the
API server spells it in its own way. So a write is foreseen where the desired fields are not the owned ones, or hold
other values. What is normalised away on the way in counts as a write: it is one, the first time. Known defaults do not:
where a list is owned as a whole they stand among the owned values, and nobody applied them.
"""

import json
from dataclasses import dataclass
from typing import Any

from shadow.compare.defaults import Names, is_default, with_derived
from shadow.compare.golang import compact_json
from shadow.compare.kinds import built_in
from shadow.compare.quantity import same_quantity
from shadow.compare.stored import TEXT_MAPS, encoded
from shadow.protocol.names import LAST_APPLIED, SYSTEM_METADATA
from shadow.protocol.objects import Identity, Json, object_of

_MANAGER = "metacontroller"
_SECRET = Identity("v1", "Secret", "", "")
_TEXTS_OF = {
    Identity("v1", "ConfigMap", "", ""): ("data", "binaryData"),
    _SECRET: ("data", "stringData"),
}
_NOT_OWNED = frozenset({"apiVersion", "kind", "status"})
_NOT_OWNED_METADATA = SYSTEM_METADATA | {"name", "namespace", "ownerReferences"}


def writes(observed: Json, desired: Json) -> bool:
    """Whether applying `desired` by force would be sent to the API server. In doubt it would."""
    return not _holds(observed, desired, owning=True)


def changes(observed: Json, desired: Json) -> bool:
    """Whether a dry run of the same shows another object, which it has to before a recreate. In doubt it does.

    Taking over a field that holds the value changes nothing, nor does giving up one that is then defaulted to it.
    """
    return not _holds(observed, desired, owning=False)


def _holds(observed: Json, desired: Json, *, owning: bool) -> bool:
    owned = _owned(observed)
    if owned is None:
        return False
    here = _without_system(_with_string_data(observed, desired))
    try:
        return _held(_Place(_kind_of(observed), owning), _without_system(desired), owned, here)
    except (RecursionError, ValueError):  # ValueError: no such list key, or no such text
        return False


def _with_string_data(observed: Json, desired: Json) -> Json:
    """A Secret with those texts of `stringData` that are in its `data`: so it is owned, though not so stored."""
    texts, data = object_of(desired, "stringData"), object_of(observed, "data")
    if not texts or _kind_of(observed) != _SECRET:
        return observed
    here = {key: text for key, text in texts.items() if isinstance(text, str) and data.get(key) == encoded(text)}
    return observed | {"stringData": here}


def _kind_of(observed: Json) -> Identity:
    return Identity(str(observed.get("apiVersion")), str(observed.get("kind")), "", "")


def refused(observed: Json, desired: Json) -> bool:
    """Whether any schema forbids `desired`: what is a map of texts in every object, or in this kind, is none in it."""
    metadata = object_of(desired, "metadata")
    maps = [metadata.get("labels"), metadata.get("annotations")]
    maps += [desired.get(name) for name in _TEXTS_OF.get(_kind_of(observed), ())]
    return any(each is not None and not _is_map_of_texts(each) for each in maps)


def _is_map_of_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(text is None or isinstance(text, str) for text in value.values())


def raises_generation(observed: Json, desired: Json) -> bool:
    """Whether what applying changes is such that the API server counts the generation up: no metadata alone.

    Of a Deployment its annotations count, too. Nothing known of what was applied before: it does.
    """
    owned = _owned(observed)
    if owned is None:
        return True
    counted = frozenset({"annotations"} if observed.get("kind") == "Deployment" else ())
    parts = (_counted(_without_system(each), counted) for each in (desired, observed))
    tree = _counted(owned, frozenset(f"f:{name}" for name in counted), "f:metadata")
    wanted, here = parts
    try:
        return not _held(_Place(_kind_of(observed), owning=False), wanted, tree, here)
    except (RecursionError, ValueError):
        return False


def _counted(value: Json, counted: frozenset[str], metadata: str = "metadata") -> Json:
    kept = {key: each for key, each in object_of(value, metadata).items() if key in counted}
    rest = {key: each for key, each in value.items() if key != metadata}
    return rest | {metadata: kept} if kept else rest


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in an object of which kind: the API server's defaults hang on that.

    Args:
        owning: whether Metacontroller has to own a field for it to be held, not only to want the value that is there.
    """

    kind: Identity
    owning: bool
    names: Names = ()

    def __truediv__(self, name: str) -> "_Place":
        return _Place(self.kind, self.owning, (*self.names, name))

    def fields_held(self, desired: Json, owned: Json, observed: Json) -> bool:
        """Whether no field has to be taken over or given up.

        Args:
            owned: `{"f:name": tree}`.
        """
        wanted = {f"f:{key}" for key in desired}
        if self.owning:
            return owned.keys() == wanted
        given_up = {name.removeprefix("f:") for name in owned.keys() - wanted}
        if self.kind == _SECRET:  # what came by it is in `data`, which it does not own
            given_up = set() if self.names == ("stringData",) else given_up - {"stringData"}
        return all(is_default(self.kind, (*self.names, key), observed.get(key)) for key in given_up)

    def drops(self, value: Any) -> bool:
        """Whether a field of this structure may be lost on the way in; who applied it owns it all the same."""
        text = self.names[-1:] and self.names[-1] in TEXT_MAPS  # where null is the empty text
        return not text and (value is None or value in ({}, []))

    def same(self, desired: Any, observed: Any) -> bool:
        """Whether a value that is owned as a whole holds what is desired, and besides it nothing but defaults."""
        if desired is None and self.names[-2:-1] and self.names[-2] in TEXT_MAPS:
            desired = ""
        if isinstance(desired, dict) and isinstance(observed, dict):
            desired = with_derived(self.kind, self.names, desired)
            return all(
                is_default(self.kind, (*self.names, key), observed[key])
                if key not in desired
                else (self / key).same(value, observed.get(key))
                for key, value in {**observed, **desired}.items()
            )
        if isinstance(desired, list) and isinstance(observed, list):
            return len(desired) == len(observed) and all(map(self.same, desired, observed))
        if compact_json(desired) == compact_json(observed):
            return True
        stored_quantity = isinstance(observed, str) and built_in(self.kind)
        return stored_quantity and same_quantity(desired, observed)


def _owned(observed: Json) -> Json | None:
    """The field tree that Metacontroller applied; None if it never applied this object."""
    entries = object_of(observed, "metadata").get("managedFields")
    for entry in entries if isinstance(entries, list) else ():
        if (
            isinstance(entry, dict)
            and entry.get("operation") == "Apply"
            and str(entry.get("manager", "")).startswith(_MANAGER)
            and not entry.get("subresource")
        ):
            fields = entry.get("fieldsV1")
            return _without_owner(fields) if isinstance(fields, dict) else None
    return None


def _without_owner(fields: Json) -> Json:
    metadata = {key: tree for key, tree in object_of(fields, "f:metadata").items() if key != "f:ownerReferences"}
    rest = {key: tree for key, tree in fields.items() if key != "f:metadata"}
    return rest | {"f:metadata": metadata} if metadata else rest


def _without_system(item: Json) -> Json:
    metadata = {key: value for key, value in object_of(item, "metadata").items() if key not in _NOT_OWNED_METADATA}
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict) and LAST_APPLIED in annotations:
        metadata["annotations"] = {key: text for key, text in annotations.items() if key != LAST_APPLIED}
    rest = {key: value for key, value in item.items() if key not in _NOT_OWNED and key != "metadata"}
    return rest | {"metadata": metadata} if metadata else rest


def _held(place: _Place, desired: Any, owned: Any, observed: Any) -> bool:
    """Whether the owned fields at this place are just the desired ones, with their values."""
    if not isinstance(owned, dict):
        return False
    children = {key: tree for key, tree in owned.items() if key != "."}
    if isinstance(desired, dict) and isinstance(observed, dict) and children:
        return place.fields_held(desired, children, observed) and all(
            _held(place / key, value, children.get(f"f:{key}", {}), observed[key])
            if key in observed
            else place.drops(value)
            for key, value in desired.items()
        )
    if isinstance(desired, list) and isinstance(observed, list) and any(key.startswith("k:") for key in children):
        return _items_held(place, desired, children, observed)
    return place.same(desired, observed)


def _items_held(place: _Place, desired: list[Any], owned: Json, observed: list[Any]) -> bool:
    """A list that is merged by key: as many items as are owned, each of them held, in the observed order."""
    if len(desired) != len(owned):
        return False
    places = []
    trees = [(json.loads(key.removeprefix("k:")), tree) for key, tree in owned.items()]
    for item in desired:
        found = next(((keys, tree) for keys, tree in trees if _fits(keys, item)), None)
        if found is None:
            return False
        index = next((index for index, other in enumerate(observed) if _fits(found[0], other)), None)
        if index is None or not _held(place, item, found[1], observed[index]):
            return False
        places.append(index)
    return places == sorted(places)


def _fits(keys: Any, item: Any) -> bool:
    """Whether an item has these keys; one that it leaves out has the API's default."""
    return (
        isinstance(item, dict)
        and isinstance(keys, dict)
        and all(key not in item or item[key] == value for key, value in keys.items())
    )
