"""What dynamic apply, Metacontroller's default, makes of one desired object. Pure; follows it step by step."""

from functools import cached_property
from typing import Any, Final

from shadow.compare.canonical import same
from shadow.compare.golang import compact_json
from shadow.compare.merge import item_key, merge, merge_key
from shadow.compare.view import RequestView
from shadow.protocol.names import CONTROLLER_UID_LABEL, DECORATOR_ANNOTATION, LAST_APPLIED, SYSTEM_METADATA
from shadow.protocol.objects import Identity, Json, object_of
from shadow.protocol.wire import UnreadableError, parse
from shadow.terms import Protocol

_ABSENT: Final = object()


def prepared(view: RequestView, identity: Identity, item: Json) -> Json:
    """A desired item as Metacontroller has it before it is applied: its namespace, its mark, no last-applied."""
    metadata = dict(object_of(item, "metadata"))
    if view.names_defaulted and identity.namespace:
        metadata["namespace"] = identity.namespace
    if view.front is Protocol.DECORATOR:
        metadata["annotations"] = object_of(metadata, "annotations") | {DECORATOR_ANNOTATION: view.controller.name}
    elif view.controller.generate_selector:
        metadata["labels"] = {CONTROLLER_UID_LABEL: view.parent.uid} | object_of(metadata, "labels")
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict) and LAST_APPLIED in annotations:
        metadata["annotations"] = {key: text for key, text in annotations.items() if key != LAST_APPLIED}
    return item | {"metadata": metadata}


class Desired:
    """A desired object as Metacontroller has it before it is applied; `value` is never changed."""

    def __init__(self, value: Json) -> None:
        self.value = value

    @cached_property
    def text(self) -> str:
        """Its last-applied configuration.

        Raises:
            RecursionError, UnicodeEncodeError: it cannot be written down as JSON.
        """
        return compact_json(self.value)

    def applied(self, observed: Json) -> Json:
        """The object that would be written.

        Raises:
            RecursionError, UnicodeEncodeError: it cannot be written down as JSON.
        """
        merged = merge(observed, last_applied(observed), self.value)
        here, metadata = object_of(observed, "metadata"), object_of(merged, "metadata")
        metadata = {key: value for key, value in metadata.items() if key not in SYSTEM_METADATA}
        metadata |= {key: here[key] for key in SYSTEM_METADATA & here.keys()}
        metadata["annotations"] = object_of(metadata, "annotations") | {LAST_APPLIED: self.text}
        written = {key: value for key, value in merged.items() if key != "status"} | {"metadata": metadata}
        return written | {"status": observed["status"]} if "status" in observed else written

    def writes(self, observed: Json) -> bool:
        """Whether applying it changes the object at all. In doubt it does.

        1. Another last-applied configuration is a change by itself, whatever else is the same.
        2. With the same one nothing is removed: an object that holds all that is desired stays as it is.
        3. Only what is left needs the merge.
        """
        try:
            if last_applied_text(observed) != self.text:
                return True
            return not _holds(observed, self.value) and not same(self.applied(observed), observed)
        except (RecursionError, UnicodeEncodeError):
            return True


def last_applied(observed: Json) -> Json | None:
    """What was desired when the object was last written; None if nothing is known, or it cannot be read."""
    text = last_applied_text(observed)
    try:
        value = None if text is None else parse(text.encode())
    except (UnreadableError, UnicodeEncodeError):
        return None
    return value if isinstance(value, dict) else None


def _holds(observed: Json, desired: Json) -> bool:
    """Whether the object plainly holds everything that is desired. False where that takes a closer look."""
    pending: list[tuple[Any, Any]] = [(observed, {key: value for key, value in desired.items() if key != "status"})]
    while pending:
        here, wanted = pending.pop()
        if isinstance(wanted, dict):
            pairs = [(here.get(key, _ABSENT), value) for key, value in wanted.items()]
        elif (key := merge_key(here, wanted)) is None:  # then it has to be the very same
            if not same(here, wanted):
                return False
            continue
        elif len(here) != len(wanted) or len({item_key(item[key]) for item in here}) != len(here):
            return False
        else:
            pairs = list(zip(here, wanted, strict=True))
        for there, value in pairs:
            kind = type(value)
            if type(there) is not kind:
                return False
            if kind is dict or kind is list:
                pending.append((there, value))
            elif there != value:
                return False
    return True


def last_applied_text(observed: Json) -> str | None:
    """What was desired when the object was last written, as it is written there."""
    text = object_of(object_of(observed, "metadata"), "annotations").get(LAST_APPLIED)
    return text if isinstance(text, str) else None
