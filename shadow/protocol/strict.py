"""Foresees what Metacontroller itself would reject, with the reason it would log. Such an answer applies nothing.

In both modes wrong types are rejected; in strict mode (default for v2) also unknown and repeated fields at the top
level and in `status`, `labels`, `annotations` and related rules, never inside list items.
"""

import json
from collections.abc import Iterator

import msgspec

from shadow.protocol.answers import Answer, known_fields
from shadow.protocol.keys import identify
from shadow.protocol.objects import parsable
from shadow.protocol.related_rules import rule_fault
from shadow.protocol.strict_fields import strict_faults
from shadow.protocol.wire import (
    is_null,
    json_type,
    may_be_beyond_float,
    members,
    number_beyond_float,
    repeats_a_key,
    split_array,
)
from shadow.terms import Hook, Protocol

Members = list[tuple[str, msgspec.Raw]]
"""The fields of an answer as written, repeated ones included."""

_MAP = "map[string]interface {}"
_TYPES = {
    "status": ("object", _MAP),
    "children": ("array", "[]*unstructured.Unstructured"),
    "attachments": ("array", "[]*unstructured.Unstructured"),
    "resyncAfterSeconds": ("number", "float64"),
    "finalized": ("bool", "bool"),
    "labels": ("object", "map[string]*string"),
    "annotations": ("object", "map[string]*string"),
    "relatedResources": ("array", "[]*v1alpha1.RelatedResourceRule"),
}
"""JSON type and Go type of every known field."""

_STRINGS = ("labels", "annotations")


def rejection(answer: Answer, body: bytes, *, strict: bool) -> str | None:
    """Why Metacontroller would reject an answer of its own protocol; None if it would take it."""
    repeated = repeats_a_key(body, answer.fields)
    written = members(body) if repeated else list(answer.fields.items())
    fault = next(_item_faults(answer, written), None) or next(_type_faults(answer, written), None)
    if fault is not None or not strict:
        return fault
    if not repeated and known_fields(answer.protocol, answer.hook) >= answer.fields.keys() and _is_plain(answer):
        return None
    faults = tuple(dict.fromkeys(strict_faults(body, answer.protocol, answer.hook)))
    if not faults:
        return None
    told = faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]"
    return f"strict validation failed: {told}"


def _type_faults(answer: Answer, written: Members) -> Iterator[str]:
    """Of these Go tells the first, and only if no object in a list is at fault; unknown fields it skips."""
    known = known_fields(answer.protocol, answer.hook)
    for name, raw in written:
        if name not in known or is_null(raw):
            continue
        wanted, go_type = _TYPES[name]
        if json_type(raw) != wanted:
            yield _mismatch(json_type(raw), answer, name, go_type)
        elif name in _STRINGS:
            odd = (json_type(value) for _, value in members(raw) if not is_null(value))
            yield from (_mismatch(found, answer, name, "string") for found in odd if found != "string")
        elif (number := number_beyond_float(raw)) is not None:
            yield _mismatch(f"number {number}", answer, name, "float64")


def _mismatch(found: str, answer: Answer, name: str, go_type: str) -> str:
    return f"json: cannot unmarshal {found} into Go struct field {_struct(answer)}.{name} of type {go_type}"


def _struct(answer: Answer) -> str:
    if answer.hook is Hook.CUSTOMIZE:
        return "CustomizeHookResponse"
    return "CompositeHookResponse" if answer.protocol is Protocol.COMPOSITE else "DecoratorHookResponse"


class _Item(msgspec.Struct):
    kind: str = ""
    apiVersion: str | None = None


_ITEMS = msgspec.json.Decoder(list[_Item])


def _item_faults(answer: Answer, written: Members) -> Iterator[str]:
    """What is wrong with the items of the list, and of each that a repeated key replaces: Go reads them all."""
    for name, raw in written:
        if name != answer.list_key or json_type(raw) != "array":
            continue
        if answer.hook is Hook.CUSTOMIZE or not _all_are_usual(raw):
            yield from filter(None, (_item_fault(answer, item) for item in split_array(raw)))


def _item_fault(answer: Answer, item: msgspec.Raw) -> str | None:
    found = json_type(item)
    if found == "null":
        return None  # of the list that counts, refused already
    if found != "object":
        return _mismatch(found, answer, answer.list_key, _MAP)
    if (number := number_beyond_float(item)) is not None:
        return _mismatch(f"number {number}", answer, answer.list_key, "float64")
    return rule_fault(item) if answer.hook is Hook.CUSTOMIZE else _kind_fault(item)


def _all_are_usual(listed: msgspec.Raw) -> bool:
    """The usual case at once; False says no more than that a closer look is needed."""
    try:
        named = all(item.kind and parsable(item.apiVersion) for item in _ITEMS.decode(listed))
        return named and not may_be_beyond_float(listed)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _kind_fault(item: msgspec.Raw) -> str | None:
    """Metacontroller wants a kind of every object, and finds none beside an apiVersion that it cannot parse.

    A name, and whether there is such an apiVersion, are the API server's business.
    """
    identity = identify(item)
    return None if identity.kind and parsable(identity.apiVersion) else "Object 'Kind' is missing in a list item"


def _is_plain(answer: Answer) -> bool:
    """Whether nothing is there twice in what strict mode looks into; related rules get a close look each time."""
    if answer.hook is Hook.CUSTOMIZE:
        return False
    return not any(_has_repeats(answer.fields[name]) for name in ("status", *_STRINGS) if name in answer.fields)


def _has_repeats(raw: msgspec.Raw) -> bool:
    """Whether any object at any depth has a key twice; True, to look closer, if that cannot be told quickly."""
    found = False

    def note(pairs: list[tuple[str, object]]) -> None:
        nonlocal found
        found = found or len({key for key, _ in pairs}) != len(pairs)

    try:
        json.loads(bytes(raw).decode("utf-8", "replace"), object_pairs_hook=note)
    except (RecursionError, ValueError):
        return True
    return found
