"""What dynamic apply, Metacontroller's default, makes of one desired object. Pure; follows it step by step."""

from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property
from typing import Any, Final

from shadow.compare.canonical import same
from shadow.compare.golang import compact_json
from shadow.compare.losses import loses_items
from shadow.compare.merge import MERGE_KEYS, MERGE_KEYS_OF_2, item_names, merge, merge_key
from shadow.compare.stored import stored
from shadow.compare.view import RequestView
from shadow.protocol.names import CONTROLLER_UID_LABEL, DECORATOR_ANNOTATION, LAST_APPLIED, SYSTEM_METADATA
from shadow.protocol.objects import Identity, Json, object_of
from shadow.protocol.wire import UnreadableError, parse
from shadow.terms import Protocol

_ABSENT: Final = object()


def prepared(view: RequestView, identity: Identity, item: Json, *, anew: bool = False) -> Json:
    """A desired item as Metacontroller has it before it is applied: its namespace, its mark, no last-applied.

    Args:
        anew: whether it is created, not applied to what is observed: then a last-applied that it brings along stays.
    """
    metadata = dict(object_of(item, "metadata"))
    if view.release_4 and identity.namespace:
        metadata["namespace"] = identity.namespace
    if view.front is Protocol.DECORATOR:
        texts = texts_of(metadata.get("annotations"), nulls=view.release_4)
        if texts.get(DECORATOR_ANNOTATION) != view.controller.name:
            metadata["annotations"] = texts | {DECORATOR_ANNOTATION: view.controller.name}
    elif view.controller.generate_selector:
        metadata["labels"] = {CONTROLLER_UID_LABEL: view.parent.uid} | object_of(metadata, "labels")
    annotations = metadata.get("annotations")
    if view.release_4 and not anew and isinstance(annotations, dict) and LAST_APPLIED in annotations:
        metadata["annotations"] = {key: text for key, text in annotations.items() if key != LAST_APPLIED}
    return item | {"metadata": metadata}


def texts_of(annotations: Any, *, nulls: bool) -> dict[str, str]:
    """Annotations as Metacontroller reads them before it adds its own: all of them are lost where one is no text.

    Args:
        nulls: whether null is read as an empty text.
    """
    texts = {key: "" if nulls and text is None else text for key, text in _members(annotations)}
    return texts if all(isinstance(text, str) for text in texts.values()) else {}


def _members(value: Any) -> Iterable[tuple[str, Any]]:
    return value.items() if isinstance(value, dict) else ()


class Desired:
    """A desired object as Metacontroller has it before it is applied; `value` is never changed.

    Args:
        release_4: whether it is applied by Metacontroller 4, not 2.
    """

    def __init__(self, value: Json, *, release_4: bool = True) -> None:
        self.value = value
        self._release_4 = release_4
        self._merge_keys = MERGE_KEYS if release_4 else MERGE_KEYS_OF_2

    @cached_property
    def text(self) -> str:
        """Its last-applied configuration.

        Raises:
            RecursionError, UnicodeEncodeError: it cannot be written down as JSON.
        """
        return compact_json(self.value)

    @cached_property
    def has_twins(self) -> bool:
        """Whether some list in it holds two items with one merge key: such a list does not survive its own merge."""
        with suppress(RecursionError, UnicodeEncodeError):
            if "},{" not in self.text:  # no list of several objects
                return False
        pending: list[Json | list[Any]] = [self.value]
        for value in pending:
            if isinstance(value, list) and len(value) > 1 and self._twins(value):
                return True
            for each in value.values() if isinstance(value, dict) else value:
                kind = type(each)
                if kind is dict or kind is list:
                    pending.append(each)
        return False

    def applied(self, observed: Json) -> Json:
        """The object that would be written.

        Raises:
            RecursionError, UnicodeEncodeError: it cannot be written down as JSON.
        """
        merged = merge(observed, last_applied(observed), self.value, self._merge_keys)
        here, metadata = object_of(observed, "metadata"), object_of(merged, "metadata")
        kept = SYSTEM_METADATA if self._release_4 else SYSTEM_METADATA - {"managedFields"}
        metadata = {key: value for key, value in metadata.items() if key not in kept}
        metadata |= {key: here[key] for key in kept & here.keys()}
        texts = texts_of(metadata.get("annotations"), nulls=self._release_4)
        metadata["annotations"] = texts | {LAST_APPLIED: self.text}
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
            return not self._held(observed) and not same(self.applied(observed), observed)
        except (RecursionError, UnicodeEncodeError):
            return True

    def loses_items(self, identity: Identity, observed: Json) -> bool:
        """Whether writing it takes items out of a list of the observed object that somebody else put there.

        Raises:
            RecursionError, UnicodeEncodeError: it cannot be written down as JSON.
        """
        last = last_applied(observed) or {}
        metadata = object_of(self.value, "metadata")
        own = {key: value for key, value in metadata.items() if key not in SYSTEM_METADATA}
        wanted = {key: value for key, value in self.value.items() if key != "status"} | {"metadata": own}
        if not loses_items(observed, last, wanted, self._merge_keys):
            return False
        return loses_items(observed, stored(identity, last), stored(identity, wanted), self._merge_keys)

    def _held(self, observed: Json) -> bool:
        """Whether the object plainly holds everything that is desired. False where that takes a closer look."""
        if self.has_twins:
            return False
        wanted = {key: value for key, value in self.value.items() if key != "status"}
        pending: list[tuple[Any, Any]] = [(observed, wanted)]
        while pending:
            pairs = self._pairs(*pending.pop())
            if pairs is None:
                return False
            for there, value in pairs:
                kind = type(value)
                if type(there) is not kind:
                    return False
                if kind is dict or kind is list:
                    if not _plainly_same(there, value):
                        pending.append((there, value))
                elif there != value:
                    return False
        return True

    def _pairs(self, observed: Any, desired: Any) -> Iterable[tuple[Any, Any]] | None:
        """What has to be the same one by one. None for lists that are not merged in place, item by item."""
        if isinstance(desired, dict):
            return ((observed.get(key, _ABSENT), value) for key, value in desired.items())
        key = merge_key(observed, desired, keys=self._merge_keys)
        if key is None or len(observed) != len(desired) or _named_alike(key, observed):
            return None
        return zip(observed, desired, strict=True)

    def _twins(self, items: list[Any]) -> bool:
        key = merge_key(items, keys=self._merge_keys)
        return key is not None and _named_alike(key, items)


def _named_alike(key: str, items: list[Any]) -> bool:
    """Whether two of the items have the same merge key."""
    return len(set(item_names(key, items))) < len(items)


def _plainly_same(one: Any, other: Any) -> bool:
    """Quick to say no: a map that has more fields is another one at a glance."""
    try:
        return bool(one == other) and same(one, other)
    except RecursionError:
        return False


def last_applied(observed: Json) -> Json | None:
    """What was desired when the object was last written; None if nothing is known, or it cannot be read."""
    try:
        return read_last_applied(last_applied_text(observed))
    except (UnreadableError, UnicodeEncodeError):
        return None


def has_unreadable_last_applied(observed: Json) -> bool:
    """Whether Metacontroller fails to read it, and so to apply the object. What is too deep for us alone it reads."""
    try:
        read_last_applied(last_applied_text(observed))
    except UnreadableError as exc:
        return not isinstance(exc.__cause__, RecursionError)
    except UnicodeEncodeError:
        return False
    return False


def read_last_applied(text: str | None) -> Json | None:
    """What the text of the annotation says; None for no text, an empty one, and null.

    Raises:
        UnreadableError: it is no JSON object, or nested too deeply to be held.
        UnicodeEncodeError: it holds half of a surrogate pair.
    """
    value = parse(text.encode()) if text else None
    if value is None or isinstance(value, dict):
        return value
    raise UnreadableError(f"a {type(value).__name__}, not an object")


def last_applied_text(observed: Json) -> str | None:
    """What was desired when the object was last written, as it is written there."""
    text = object_of(object_of(observed, "metadata"), "annotations").get(LAST_APPLIED)
    return text if isinstance(text, str) else None
