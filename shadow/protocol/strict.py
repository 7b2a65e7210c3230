"""Foresees what Metacontroller itself would reject, with the reason it would log. Such an answer applies nothing.

In both modes wrong types are rejected; in strict mode (default for v2) also unknown and repeated fields at the top
level and in `status`, `labels`, `annotations` and related rules, never inside list items.
"""

import json
from collections.abc import Iterator
from typing import Final

import msgspec

from shadow.protocol.answers import Answer, known_fields
from shadow.protocol.go_types import STRING, GoType, cannot_unmarshal, type_fault
from shadow.protocol.keys import identify
from shadow.protocol.objects import parsable
from shadow.protocol.related_rules import decoding_fault, following_fault
from shadow.protocol.strict_fields import strict_faults
from shadow.protocol.wire import (
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

_OBJECT = GoType("object", "map[string]interface {}")
_OBJECTS = GoType("array", "[]*unstructured.Unstructured")
_TEXTS = GoType("object", "map[string]*string", STRING)
_TYPES: Final = {
    "status": _OBJECT,
    "children": _OBJECTS,
    "attachments": _OBJECTS,
    "resyncAfterSeconds": GoType("number", "float64"),
    "finalized": GoType("bool", "bool"),
    "labels": _TEXTS,
    "annotations": _TEXTS,
}
"""The Go type of every known field of a sync or finalize answer."""


def rejection(answer: Answer, body: bytes, *, strict: bool) -> str | None:
    """Why Metacontroller would reject an answer of its own protocol; None if it would take it."""
    repeated = repeats_a_key(body, answer.fields)
    written = members(body) if repeated else list(answer.fields.items())
    fault = next(_decoding_faults(answer, written), None)
    if fault is None and strict:
        fault = _strict_fault(answer, body, repeated)
    if fault is None and answer.hook is Hook.CUSTOMIZE:
        fault = following_fault(answer.items or ())
    return fault


def _strict_fault(answer: Answer, body: bytes, repeated: bool) -> str | None:
    if not repeated and known_fields(answer.protocol, answer.hook) >= answer.fields.keys() and _is_plain(answer):
        return None
    faults = tuple(dict.fromkeys(strict_faults(body, answer.protocol, answer.hook)))
    if not faults:
        return None
    told = faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]"
    return f"strict validation failed: {told}"


def _decoding_faults(answer: Answer, written: Members) -> Iterator[str]:
    """Of these Go tells the first, and an object in a list that is at fault before all others."""
    if answer.hook is Hook.CUSTOMIZE:
        rules = (decoding_fault(raw) for name, raw in written if name == answer.list_key)
        yield from filter(None, rules)
        return
    yield from _item_faults(answer, written)
    yield from _type_faults(answer, written)


def _type_faults(answer: Answer, written: Members) -> Iterator[str]:
    known = known_fields(answer.protocol, answer.hook)
    for name, raw in written:
        if name not in known:
            continue
        fault = type_fault(raw, _TYPES[name], _struct(answer), name)
        if fault is not None:
            yield fault
        elif (number := number_beyond_float(raw)) is not None:
            yield cannot_unmarshal(f"number {number}", f"{_struct(answer)}.{name}", "float64")


def _struct(answer: Answer) -> str:
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
        if not _all_are_usual(raw):
            yield from filter(None, (_item_fault(answer, item) for item in split_array(raw)))


def _item_fault(answer: Answer, item: msgspec.Raw) -> str | None:
    found = json_type(item)
    if found == "null":
        return None  # of the list that counts, refused already
    place = f"{_struct(answer)}.{answer.list_key}"
    if found != _OBJECT.json:
        return cannot_unmarshal(found, place, _OBJECT.name)
    if (number := number_beyond_float(item)) is not None:
        return cannot_unmarshal(f"number {number}", place, "float64")
    return _kind_fault(item)


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
    return not any(
        _has_repeats(answer.fields[name]) for name in ("status", "labels", "annotations") if name in answer.fields
    )


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
