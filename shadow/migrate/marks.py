"""By what a controller finds its objects, and how an object passes from one controller to the other.

A DecoratorController knows its objects by an annotation, a CompositeController with a generated selector by a label.
Both are part of what was desired, so they stand in the last-applied configuration too: only an object whose marks and
last-applied configuration agree with the successor's wishes changes hands without a write.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shadow.compare.golang import compact_json
from shadow.protocol.names import CONTROLLER_UID_LABEL, DECORATOR_ANNOTATION, LAST_APPLIED
from shadow.protocol.objects import Json


class Direction(StrEnum):
    """Where objects go."""

    FORWARD = "forward"  # from the CompositeController to the DecoratorController
    BACK = "back"  # the other way
    OUT = "out"  # from the proxy to the DecoratorController without it
    MARKS = "marks"  # nowhere: each gets both marks, which the proxy is about to write (`ownership`)


@dataclass(frozen=True, slots=True)
class Names:
    """What the two controllers write. `decorator` is the DecoratorController's name."""

    decorator: str
    generate_selector: bool


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks an object is to carry: None takes one away, an absent key leaves it."""

    annotations: Mapping[str, str | None]
    labels: Mapping[str, str | None]


class Lacking(StrEnum):
    """What an object still needs."""

    ANNOTATION = "annotation"
    LABEL = "label"
    LAST_APPLIED = "last-applied"


def owner_uid(body: Json) -> str | None:
    """The uid of the controlling owner; None for an orphan."""
    owners = (body.get("metadata") or {}).get("ownerReferences") or []
    return next((str(owner.get("uid")) for owner in owners if owner.get("controller")), None)


def wanted(direction: Direction, names: Names, uid: str) -> Marks:
    """The marks of an object of the parent with this uid, after the direction was gone."""
    label: dict[str, str | None] = {}
    if names.generate_selector:
        label = {CONTROLLER_UID_LABEL: uid if direction in (Direction.BACK, Direction.MARKS) else None}
    mine = None if direction is Direction.BACK else names.decorator
    return Marks({DECORATOR_ANNOTATION: mine}, label)


def marked(body: Json, marks: Marks, *, last_applied: bool = True) -> Json:
    """The object with these marks, in its metadata and (unless told otherwise) in its last-applied configuration."""
    result = {**body, "metadata": _metadata(body.get("metadata") or {}, marks)}
    applied = read_last_applied(body) if last_applied else None
    if applied is not None:
        rewritten = {**applied, "metadata": _metadata(applied.get("metadata") or {}, marks)}
        result["metadata"].setdefault("annotations", {})[LAST_APPLIED] = compact_json(rewritten)
    return result


def lacking(body: Json, marks: Marks) -> set[Lacking]:
    """What keeps the object from changing hands without a write."""
    metadata = body.get("metadata") or {}
    found = set()
    if _metadata(metadata, Marks(marks.annotations, {})) != metadata:
        found.add(Lacking.ANNOTATION)
    if _metadata(metadata, Marks({}, marks.labels)) != metadata:
        found.add(Lacking.LABEL)
    applied = read_last_applied(body)
    held = (applied or {}).get("metadata") or {}
    if applied is None or _metadata(held, marks) != held:
        found.add(Lacking.LAST_APPLIED)
    return found


def read_last_applied(body: Json) -> Json | None:
    """What was desired when the object was last written; None if there is none or nobody can read it."""
    text = ((body.get("metadata") or {}).get("annotations") or {}).get(LAST_APPLIED)
    try:
        parsed = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _metadata(metadata: Json, marks: Marks) -> Json:
    return _with(_with(metadata, "annotations", marks.annotations), "labels", marks.labels)


def _with(metadata: Json, field: str, changes: Mapping[str, str | None]) -> Json:
    """A map that becomes empty is dropped: nothing says that anybody asked for an empty one."""
    present: dict[str, Any] = metadata.get(field) or {}
    changed = {key: value for key, value in {**present, **changes}.items() if value is not None}
    if changed == present:
        return metadata
    rest = {key: value for key, value in metadata.items() if key != field}
    return {**rest, field: changed} if changed else rest


def objects_of(parents: Iterable[Json], objects: Iterable[Json]) -> list[Json]:
    """The objects that one of the parents controls."""
    uids = {(parent.get("metadata") or {}).get("uid") for parent in parents}
    return [body for body in objects if owner_uid(body) in uids]
