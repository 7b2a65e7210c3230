"""Names the unknown and the repeated fields of an answer, as Metacontroller in strict mode does and in its order.

It looks at the top level and into `status`, `labels`, `annotations` and related rules, never into the items of a list.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from shadow.protocol.answers import known_fields
from shadow.protocol.go_types import GoType
from shadow.protocol.names import RELATED_RULES_KEY
from shadow.protocol.related_rules import RULES_TYPE
from shadow.protocol.scan import scan
from shadow.protocol.wire import json_type
from shadow.terms import Hook, Protocol

Shape = Mapping[str, "Shape"] | None
"""The fields of a Go struct; None: a map, of which every key is known."""

Step = str | Iterator["Step"]
"""A fault, or the members of what is within."""

_UNSEEN: Final[Shape] = {}
"""Of what is not looked into."""


def _shape(known: GoType) -> Shape:
    """Of a struct its fields, of an array what its items are; of all else any key is known."""
    if known.fields:
        return {name: _shape(each) for name, each in known.fields.items()}
    return _shape(known.each) if known.json == "array" and known.each is not None else None


_RULE: Final = _shape(RULES_TYPE)


def strict_faults(body: bytes, protocol: Protocol, hook: Hook) -> Iterator[str]:
    """`unknown field "debug"`, `duplicate field "status.a[0].b"`, in the order of the text.

    Args:
        body: an answer that decodes.
    """
    deep: Mapping[str, Shape] = {RELATED_RULES_KEY: _RULE, "status": None, "labels": None, "annotations": None}
    shape = {name: deep.get(name, _UNSEEN) for name in known_fields(protocol, hook)}
    open_ = [_members("", body, shape)]
    while open_:  # not by recursion: a status may be nested as deeply as anybody likes
        found = next(open_[-1], None)
        if found is None:
            open_.pop()
        elif isinstance(found, str):
            yield found
        else:
            open_.append(found)


def _members(path: str, text: bytes, shape: Shape) -> Iterator[Step]:
    """The faults of one object or array, and in between the members of what is within."""
    seen: set[str] = set()
    for number, (key, value) in enumerate(scan(text)):
        here = f"{path}[{number}]" if key is None else f"{path}.{key}" if path else key
        if key is not None and shape is not None and key not in shape:
            yield f'unknown field "{here}"'
            continue
        if key is not None and key in seen:
            yield f'duplicate field "{here}"'
        seen.add(key or "")
        inner = shape if key is None or shape is None else shape[key]
        if inner is not _UNSEEN and json_type(value) in ("object", "array"):
            yield _members(here, value, inner)
