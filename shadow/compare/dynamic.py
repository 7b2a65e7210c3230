"""What dynamic apply, Metacontroller's default, makes of one desired object. Pure; follows it step by step."""

from typing import Any

from shadow.compare.canonical import same
from shadow.compare.golang import compact_json
from shadow.compare.merge import item_key, merge, merge_key
from shadow.compare.view import RequestView
from shadow.protocol.names import CONTROLLER_UID_LABEL, DECORATOR_ANNOTATION, LAST_APPLIED, SYSTEM_METADATA
from shadow.protocol.objects import Identity, Json
from shadow.protocol.wire import UnreadableError, parse
from shadow.terms import Protocol


def prepared(view: RequestView, identity: Identity, item: Json) -> Json:
    """A desired item as Metacontroller has it before it is applied: its namespace, its mark, no last-applied."""
    metadata = dict(_object(item.get("metadata")))
    if view.names_defaulted and identity.namespace:
        metadata["namespace"] = identity.namespace
    if view.front is Protocol.DECORATOR:
        metadata["annotations"] = _object(metadata.get("annotations")) | {DECORATOR_ANNOTATION: view.controller.name}
    elif view.controller.generate_selector:
        metadata["labels"] = {CONTROLLER_UID_LABEL: view.parent.uid} | _object(metadata.get("labels"))
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict) and LAST_APPLIED in annotations:
        metadata["annotations"] = {key: text for key, text in annotations.items() if key != LAST_APPLIED}
    return item | {"metadata": metadata}


def applied(observed: Json, desired: Json) -> Json:
    """The object that would be written.

    Raises:
        RecursionError, UnicodeEncodeError: it cannot be written down as JSON.
    """
    merged = merge(observed, last_applied(observed), desired)
    here, metadata = _object(observed.get("metadata")), _object(merged.get("metadata"))
    metadata = {key: value for key, value in metadata.items() if key not in SYSTEM_METADATA}
    metadata |= {key: here[key] for key in SYSTEM_METADATA & here.keys()}
    metadata["annotations"] = _object(metadata.get("annotations")) | {LAST_APPLIED: compact_json(desired)}
    written = {key: value for key, value in merged.items() if key != "status"} | {"metadata": metadata}
    return written | {"status": observed["status"]} if "status" in observed else written


def last_applied(observed: Json) -> Json | None:
    """What was desired when the object was last written; None if nothing is known, or it cannot be read."""
    text = last_applied_text(observed)
    try:
        value = None if text is None else parse(text.encode())
    except (UnreadableError, UnicodeEncodeError):
        return None
    return value if isinstance(value, dict) else None


def writes(observed: Json, desired: Json) -> bool:
    """Whether applying `desired` changes the object at all. In doubt it does.

    1. Another last-applied configuration is a change by itself, whatever else is the same.
    2. With the same one nothing is removed: an object that holds all that is desired stays as it is.
    3. Only what is left needs the merge.
    """
    try:
        if last_applied_text(observed) != compact_json(desired):
            return True
        return not _holds(observed, desired) and not same(applied(observed, desired), observed)
    except (RecursionError, UnicodeEncodeError):
        return True


def _holds(observed: Json, desired: Json) -> bool:
    """Whether the object plainly holds everything that is desired. False where that takes a closer look."""
    pending: list[tuple[Any, Any]] = [(observed, {key: value for key, value in desired.items() if key != "status"})]
    while pending:
        here, wanted = pending.pop()
        if isinstance(wanted, dict):
            if not wanted.keys() <= here.keys():
                return False
            pairs = [(here[key], value) for key, value in wanted.items()]
        else:
            if len(here) != len(wanted) or not _by_key(here, wanted):
                return False
            pairs = list(zip(here, wanted, strict=True))
        for there, value in pairs:
            if type(there) is not type(value):
                return False
            if isinstance(value, dict | list):
                pending.append((there, value))
            elif there != value:
                return False
    return True


def _by_key(observed: list[Any], wanted: list[Any]) -> bool:
    """Whether the lists are merged item by item, no key twice; any other list has to be the very same."""
    key = merge_key(observed, wanted)
    if key is None:
        return same(observed, wanted)
    return len({item_key(item[key]) for item in observed}) == len(observed)


def last_applied_text(observed: Json) -> str | None:
    """What was desired when the object was last written, as it is written there."""
    text = _object(_object(observed.get("metadata")).get("annotations")).get(LAST_APPLIED)
    return text if isinstance(text, str) else None


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
