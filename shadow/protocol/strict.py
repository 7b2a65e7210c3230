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
from shadow.protocol.related_rules import Rule, Selector, rule_fault
from shadow.protocol.scan import scan
from shadow.protocol.wire import (
    is_null,
    json_type,
    number_beyond_float,
    repeats_a_key,
    split_object,
)
from shadow.terms import Hook, Protocol

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
_DEEP = ("status", "labels", "annotations")


def rejection(answer: Answer, body: bytes, *, strict: bool) -> str | None:
    """Why Metacontroller would reject an answer of its own protocol; None if it would take it."""
    fault = next(_type_faults(answer), None) or _item_fault(answer) or _number_fault(answer)
    if fault is not None or not strict:
        return fault
    faults = [*_unknown_fields(answer), *_repeated_fields(answer, body)]
    if not faults:
        return None
    told = faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]"
    return f"strict validation failed: {told}"


def _type_faults(answer: Answer) -> Iterator[str]:
    known = known_fields(answer.protocol, answer.hook)
    for name, raw in answer.fields.items():
        if name not in known or is_null(raw):
            continue
        wanted, go_type = _TYPES[name]
        if json_type(raw) != wanted:
            yield _mismatch(json_type(raw), answer, name, go_type)
        elif name in _STRINGS:
            odd = (json_type(value) for value in split_object(raw).values() if not is_null(value))
            yield from (_mismatch(found, answer, name, "string") for found in odd if found != "string")


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


def _item_fault(answer: Answer) -> str | None:
    if answer.hook is not Hook.CUSTOMIZE and _all_have_a_kind(answer):
        return None
    for item in answer.items or ():
        found = json_type(item)
        if found != "object":
            return _mismatch(found, answer, answer.list_key, _MAP)
        fault = rule_fault(item) if answer.hook is Hook.CUSTOMIZE else _kind_fault(item)
        if fault is not None:
            return fault
    return None


def _all_have_a_kind(answer: Answer) -> bool:
    """The usual case at once; False says no more than that a closer look is needed."""
    try:
        items = [] if answer.items is None else _ITEMS.decode(answer.fields[answer.list_key])
        return all(item.kind and parsable(item.apiVersion) for item in items)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _kind_fault(item: msgspec.Raw) -> str | None:
    """Metacontroller wants a kind of every object, and finds none beside an apiVersion that it cannot parse.

    A name, and whether there is such an apiVersion, are the API server's business.
    """
    identity = identify(item)
    return None if identity.kind and parsable(identity.apiVersion) else "Object 'Kind' is missing in a list item"


def _number_fault(answer: Answer) -> str | None:
    """What stands in fields that nobody knows is skipped, whatever it is."""
    known = known_fields(answer.protocol, answer.hook) & answer.fields.keys()
    found = filter(None, (number_beyond_float(answer.fields[name]) for name in sorted(known)))
    number = next(found, None)
    return None if number is None else f"json: cannot unmarshal number {number} into Go value of type float64"


def _unknown_fields(answer: Answer) -> Iterator[str]:
    known = known_fields(answer.protocol, answer.hook)
    yield from (f'unknown field "{name}"' for name in answer.fields if name not in known)
    if answer.hook is Hook.CUSTOMIZE:
        for number, item in enumerate(answer.items or ()):
            yield from _unknown_in(item, Rule, f"relatedResources[{number}]")


def _unknown_in(item: msgspec.Raw, shape: type[msgspec.Struct], path: str) -> Iterator[str]:
    for name, raw in split_object(item).items():
        if name not in shape.__struct_fields__:
            yield f'unknown field "{path}.{name}"'
        elif name.endswith("Selector") and not is_null(raw):
            yield from _unknown_in(raw, Selector, f"{path}.{name}")


def _repeated_fields(answer: Answer, body: bytes) -> Iterator[str]:
    if repeats_a_key(body, answer.fields):
        yield from _repeats([("", body)], deep=False)
    for name in _DEEP if answer.hook is not Hook.CUSTOMIZE else (answer.list_key,):
        raw = answer.fields.get(name)
        if raw is not None and _has_repeats(raw):
            yield from _repeats([(name, bytes(raw))], deep=True)


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


def _repeats(waiting: list[tuple[str, bytes]], *, deep: bool) -> Iterator[str]:
    """The repeated keys of these (path, value) and, if `deep`, of all within them."""
    while waiting:
        path, text = waiting.pop()
        seen: set[str] = set()
        for number, (key, value) in enumerate(scan(text)):
            here = f"{path}[{number}]" if key is None else f"{path}.{key}" if path else key
            if key is not None and key in seen:
                yield f'duplicate field "{here}"'
            seen.add(key or "")
            if deep:
                waiting.append((here, value))
