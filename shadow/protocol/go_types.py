"""What Go's decoder makes of JSON of the wrong type, in its words: those of Metacontroller 4.17.2."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from shadow.protocol.wire import is_null, json_type, members, split_array


@dataclass(frozen=True, slots=True)
class GoType:
    """A type that an answer is decoded into.

    Attributes:
        json: the JSON type it takes; `null` is nothing to any of them.
        name: Go's own, `map[string]string`.
        each: of what is in an array or a map; None: of anything.
        fields: of a struct, by their names in JSON.
        embedded: the struct within this one that a field is declared in, where that is not itself.
    """

    json: str
    name: str
    each: "GoType | None" = None
    fields: Mapping[str, "GoType"] = field(default_factory=dict)
    embedded: Mapping[str, str] = field(default_factory=dict)


STRING: Final = GoType("string", "string")


def cannot_unmarshal(found: str, place: str, go_type: str) -> str:
    """`place`: `CompositeHookResponse.finalized`."""
    return f"json: cannot unmarshal {found} into Go struct field {place} of type {go_type}"


def type_fault(raw: msgspec.Raw, wanted: GoType, struct: str, path: str) -> str | None:
    """The first value that is not of the type that Go has for it; None: there is none. Unknown fields are skipped.

    Args:
        struct: the struct that the value is in, `CustomizeHookResponse`.
        path: the field, from the top: `relatedResources`.

    Raises:
        UnreadableError: it is no JSON.
    """
    found = json_type(raw)
    if is_null(raw):
        return None
    if found != wanted.json:
        return cannot_unmarshal(found, f"{struct}.{path}", wanted.name)
    faults = (type_fault(*part) for part in _parts(raw, wanted, struct, path))
    return next(filter(None, faults), None)


def _parts(raw: msgspec.Raw, wanted: GoType, struct: str, path: str) -> list[tuple[msgspec.Raw, GoType, str, str]]:
    """What is within a value of the right type, with the type, struct and path of each."""
    if wanted.fields:
        own, embedded = wanted.name.rpartition(".")[2], wanted.embedded
        return [
            (value, wanted.fields[name], own, ".".join(filter(None, (path, embedded.get(name), name))))
            for name, value in members(raw)
            if name in wanted.fields
        ]
    if wanted.each is None:
        return []
    within = split_array(raw) if wanted.json == "array" else [value for _, value in members(raw)]
    return [(value, wanted.each, struct, path) for value in within]
