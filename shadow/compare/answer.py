"""An implementation's answer as Metacontroller reads it: what it takes from it, or why it takes nothing at all."""

from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec

from shadow.compare.abort import ANY_FAULT, LabelFault, left_alone
from shadow.compare.applying import Applying
from shadow.compare.canonical import ObjectSet, Read, Reader, keyed, spelled
from shadow.compare.view import RequestView
from shadow.protocol.answers import Answer as WireAnswer
from shadow.protocol.draft import Inexpressible
from shadow.protocol.names import OBSERVED_KEY, RELATED_RULES_KEY
from shadow.protocol.objects import Identity, Json
from shadow.protocol.strict import rejection
from shadow.protocol.wire import Fields, UnreadableError, encode, is_null, json_type, parse, split_array, split_object
from shadow.terms import Protocol


class NotAnAnswerError(ValueError):
    """Metacontroller would fail to read the answer, and apply nothing; its text says why."""


class Answer:
    """A sync or finalize answer in the front's dialect. What is null or absent is None, empty, 0 or False."""

    def __init__(self, view: RequestView, fields: Fields, items: Sequence[msgspec.Raw] | None, reader: Reader) -> None:
        self._view = view
        self._fields = fields
        self._reader = reader
        self.list_key = OBSERVED_KEY[view.front]
        self.listed = items is not None  # False: the list is null or absent, so nothing is desired
        self.items = items or ()  # as listed, still bytes

    @property
    def other_fields(self) -> Fields:
        """All but the list, unknown fields included."""
        return {name: raw for name, raw in self._fields.items() if name != self.list_key}

    @cached_property
    def read(self) -> Sequence[Read]:
        """The items in their order."""
        return [self._reader.item(raw) for raw in self.items]

    @cached_property
    def desired(self) -> ObjectSet:
        """The desired objects by identity."""
        return keyed(self.read)

    @cached_property
    def spelled(self) -> Mapping[Identity, msgspec.Raw]:
        """The desired objects by identity, still bytes: for those who look into few of them."""
        return {self._reader.identity(raw): raw for raw in self.items}

    @cached_property
    def last_of_name(self) -> Mapping[tuple[str, str, str], Identity]:
        """By apiVersion, kind and name, whatever the namespace: the last item counts."""
        return {(each.apiVersion, each.kind, each.name): each for each, _ in self.read}

    def item(self, identity: Identity) -> Json | None:
        """One desired object; None: it cannot be held."""
        return self._reader.item(self.spelled[identity])[1]

    @cached_property
    def applying(self) -> Applying:
        """What applying the desired objects makes of the observed ones."""
        return Applying(self._view, self.item)

    @cached_property
    def left_alone(self) -> str | None:
        """Why Metacontroller would leave every object alone; None if it would not."""
        return self.left_alone_over(ANY_FAULT)

    def left_alone_over(self, trusted: Container[LabelFault]) -> str | None:
        """As `left_alone`, where only some faults are taken to abort the sync."""
        return left_alone(self._view, self.desired.objects.items(), finalized=self.finalized, trusted=trusted)

    @cached_property
    def status(self) -> Json | None:
        """
        Raises:
            UnreadableError: it is nested too deeply to be held.
        """
        status: Json | None = self._value("status")
        return status

    @cached_property
    def labels(self) -> Mapping[str, str | None]:
        """What is to be changed on the parent; null removes. Also read of a composite answer, where it is lost."""
        return _texts(self._value("labels"))

    @cached_property
    def annotations(self) -> Mapping[str, str | None]:
        """As `labels`."""
        return _texts(self._value("annotations"))

    @property
    def resync_after_seconds(self) -> float:
        """0: no resync is asked for."""
        return max(float(self._value("resyncAfterSeconds") or 0), 0.0)

    @property
    def related(self) -> list[Any]:
        """The rules of a customize answer, in an order that does not depend on theirs, which means nothing."""
        return sorted(self._value(RELATED_RULES_KEY) or (), key=spelled)

    @property
    def finalized(self) -> bool:
        return self._value("finalized") or False

    def _value(self, name: str) -> Any:
        raw = self._fields.get(name)
        return None if raw is None else parse(raw)


def read_answer(
    view: RequestView,
    body: bytes,
    unsaid: Iterable[Inexpressible] = (),
    *,
    strict: bool,
    reader: Reader | None = None,
) -> Answer:
    """Read an answer to this request as Metacontroller does: case-sensitive, null for nothing, even as a whole.

    Args:
        unsaid: what the implementation wants of the parent beside, though the body cannot say it.
        strict: whether Metacontroller rejects unknown and repeated fields.
        reader: shared with the other answers to this request.

    Raises:
        NotAnAnswerError: Metacontroller would fail to read it, or crash.
    """
    if body.strip() == b"null":
        body = b"{}"
    try:
        fields = split_object(body)
        raw = fields.get(OBSERVED_KEY[view.front])
        items = split_array(raw) if raw is not None and json_type(raw) == "array" else None
    except UnreadableError as exc:
        raise NotAnAnswerError(str(exc)) from exc
    if any(map(is_null, items or ())):
        raise NotAnAnswerError("an item of the list is null, which crashes Metacontroller")
    wire = WireAnswer(view.front, view.request.hook, fields, None if items is None else tuple(items))
    fault = rejection(wire, body, strict=strict)
    if fault is not None:
        raise NotAnAnswerError(fault)
    if _rolls_without_status(view, fields):
        raise NotAnAnswerError("no status, with a `Rolling*` update method, which crashes Metacontroller")
    return Answer(view, fields | _beside(unsaid), items, reader or Reader(view.parent.namespace))


def _rolls_without_status(view: RequestView, fields: Fields) -> bool:
    """A composite controller writes its progress into the status, unless it would touch no object anyway."""
    rolls = view.front is Protocol.COMPOSITE and view.controller.rolling
    return rolls and is_null(fields.get("status")) and view.manages(finalized=False)


def _beside(unsaid: Iterable[Inexpressible]) -> Fields:
    """As the fields in which a decorator would say it."""
    texts: dict[str, dict[str, str | None]] = {}
    for wanted in unsaid:
        texts.setdefault(wanted.field, {})[wanted.key] = wanted.value
    return {name: encode(values) for name, values in texts.items()}


def _texts(value: Any) -> dict[str, str | None]:
    """A map of strings; in a composite answer it is no field at all, so there anything else counts as nothing."""
    if not isinstance(value, dict) or any(not isinstance(text, str | None) for text in value.values()):
        return {}
    return dict(value)
