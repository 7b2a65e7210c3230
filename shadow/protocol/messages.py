"""Reads a hook call: which protocol and hook it is, who the parent is, and where the parts are.

Only the envelope and the parent's metadata are decoded; objects stay the bytes they came in. Nothing in the URL or the
headers says which protocol is spoken, so the keys of the body decide and the controller's kind has to agree.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

import msgspec

from shadow.errors import RequestError
from shadow.protocol.controller import Controller, read_controller
from shadow.protocol.keys import Groups, split_groups
from shadow.protocol.names import CONTROLLER_KIND, OBSERVED_KEY, ROOT_KEY
from shadow.protocol.objects import Identity, Json, ParentRef
from shadow.protocol.usual import Envelope, Root, declared_kind, usual_call
from shadow.protocol.wire import UnreadableError, is_null, parse, parse_as, split_object
from shadow.terms import Hook, Protocol

T = TypeVar("T", bound=msgspec.Struct)

_EMPTY = msgspec.Raw(b"{}")

_LONGEST = {"name": 253, "namespace": 63, "uid": 253}
"""As Kubernetes allows; a longer one would fit no index of a store, and fail what is stored with it."""
_SHOWN = 40


class Latest:
    """What was made of a request last and before that: there are two implementations."""

    __slots__ = ("_entries", "grown", "size")

    def __init__(self) -> None:
        self._entries: tuple[tuple[Any, ...], ...] = ()
        self.size = 0
        """Bytes of what is kept."""
        self.grown: Callable[[int], None] | None = None
        """Told by how many bytes, by whoever keeps the request; less than none where it shrank."""

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self._entries)

    def keep(self, entry: tuple[Any, ...]) -> None:
        self._entries = (*self._entries[-1:], entry)
        before, self.size = self.size, sum(len(each) for kept in self._entries for each in kept if type(each) is bytes)
        if self.grown is not None:
            self.grown(self.size - before)


class Request(msgspec.Struct, frozen=True, dict=True):
    """One hook call as Metacontroller sent it."""

    body: bytes
    hook: Hook
    front: Protocol
    controller: msgspec.Raw  # the front's; `{}` if the call has none
    finalizing: bool
    parent: ParentRef
    generation: int  # the parent's; 0 for kinds without, such as Namespace
    deleting: bool  # the parent has a deletionTimestamp
    observed_groups: Groups  # the observed objects by group and key, as bytes; empty in a customize call
    related_groups: Groups

    @cached_property
    def fields(self) -> Mapping[str, msgspec.Raw]:
        """The envelope in its order, unknown fields included; split when first needed."""
        return split_object(self.body)

    @cached_property
    def caller(self) -> Controller:
        """The controller that calls; raises UnreadableError where `controller` is none."""
        return read_controller(self.controller)

    @cached_property
    def shown(self) -> Latest:
        """Its translations."""
        return Latest()

    @cached_property
    def judged(self) -> Latest:
        """Its answers and what they are worth."""
        return Latest()

    @property
    def root(self) -> msgspec.Raw:
        """The parent object: `object` of a decorator, else `parent`."""
        return self.fields[root_key(self.front, self.hook)]

    @property
    def observed(self) -> msgspec.Raw | None:
        """The map of observed objects; None in a customize call."""
        return self.fields.get(OBSERVED_KEY[self.front])

    @property
    def related(self) -> msgspec.Raw | None:
        """The map of related objects; None in a customize call."""
        related = self.fields.get("related")
        return None if is_null(related) else related

    @property
    def namespaced(self) -> bool:
        """Whether the parent is: only then do the two hook versions differ in keys."""
        return bool(self.parent.namespace)

    @property
    def observed_any(self) -> bool:
        """Whether anything at all is observed."""
        return any(self.observed_groups.values())

    @property
    def is_finalize(self) -> bool:
        """Whether this call is about the end of the parent, by the path or by the body."""
        return self.hook is Hook.FINALIZE or self.finalizing


def root_key(protocol: Protocol, hook: Hook) -> str:
    """What the parent is called in a request: `parent` in every customize call."""
    return ROOT_KEY[Protocol.COMPOSITE if hook is Hook.CUSTOMIZE else protocol]


def read_request(body: bytes, hook: Hook) -> Request:
    """Read a call that came in for `hook`.

    Raises:
        RequestError: 400 with the code `not-json`, `not-an-object`, `neither-protocol`, `wrong-hook`,
            `controller-kind`, `bad-envelope` or `parent-too-long`.
    """
    envelope = None if hook is Hook.CUSTOMIZE else usual_call(body)
    if envelope is None:
        envelope = read_closely(body, hook)
    root = envelope.root
    metadata = root.metadata
    parent = ParentRef(
        root.apiVersion or "", root.kind or "", metadata.namespace or "", metadata.name or "", metadata.uid or ""
    )
    _bound(parent)
    return Request(
        body=body,
        hook=hook,
        front=envelope.front,
        controller=envelope.controller,
        finalizing=envelope.finalizing,
        parent=parent,
        generation=metadata.generation or 0,
        deleting=metadata.deletionTimestamp is not None,
        observed_groups=envelope.observed,
        related_groups=envelope.related,
    )


def _bound(parent: ParentRef) -> None:
    if len(parent.name) <= 63 and len(parent.namespace) <= 63 and len(parent.uid) <= 63:
        return  # as nearly always
    for place, longest in _LONGEST.items():
        value: str = getattr(parent, place)
        if len(value) > longest:
            shown = f"{value[:_SHOWN]!r}... has {len(value)} characters"
            raise RequestError(
                400, "parent-too-long", f"the parent's metadata.{place} {shown}, at most {longest} can be"
            )


def read_closely(body: bytes, hook: Hook) -> Envelope:
    """Read a call of any hook, key by key, so that what is wrong with it can be told.

    Raises:
        RequestError: as `read_request`.
    """
    fields = _envelope(body)
    front = _front(fields, hook)
    related = fields.get("related")
    return Envelope(
        front=front,
        controller=fields.get("controller", _EMPTY),
        root=_read(fields[root_key(front, hook)], Root, "the parent"),
        observed=_groups(fields.get(OBSERVED_KEY[front])),
        related=_groups(None if is_null(related) else related),
        finalizing=_finalizing(fields),
    )


def read_root(request: Request) -> Json:
    """The parent as Python JSON."""
    root: Json = parse(request.root)
    return root


def identity_of(item: Json, default_namespace: str = "") -> Identity:
    """The identity of an object as Python JSON; what is missing or of another type is empty."""
    metadata = item.get("metadata")
    named: Mapping[str, Any] = metadata if isinstance(metadata, dict) else {}
    return Identity(
        _text(item.get("apiVersion")),
        _text(item.get("kind")),
        _text(named.get("namespace")) or default_namespace,
        _text(named.get("name")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _envelope(body: bytes) -> dict[str, msgspec.Raw]:
    try:
        return split_object(body)
    except UnreadableError as exc:
        try:
            parse(body)
        except UnreadableError:
            raise RequestError(400, "not-json", f"the body is not JSON: {exc}") from exc
        raise RequestError(400, "not-an-object", "the body is not a JSON object") from exc


def _front(fields: Mapping[str, msgspec.Raw], hook: Hook) -> Protocol:
    """The protocol, from the keys; the controller's kind has to agree where it is given."""
    declared = _declared(fields)
    if hook is Hook.CUSTOMIZE:
        return _customize_front(fields, declared)
    spoken = [protocol for protocol in Protocol if ROOT_KEY[protocol] in fields and OBSERVED_KEY[protocol] in fields]
    if not spoken and "parent" in fields and not fields.keys() & {"object", "attachments"}:
        raise RequestError(400, "wrong-hook", f"a customize call came in for the {hook} hook")
    if len(spoken) != 1 or fields.keys() >= {"parent", "object"}:
        raise RequestError(400, "neither-protocol", "neither `parent` and `children` nor `object` and `attachments`")
    if declared not in (None, spoken[0]):
        raise RequestError(400, "controller-kind", f"a {spoken[0]} call from a {declared} controller")
    return spoken[0]


def _customize_front(fields: Mapping[str, msgspec.Raw], declared: Protocol | None) -> Protocol:
    if fields.keys() & {"object", "children", "attachments"}:
        raise RequestError(400, "wrong-hook", "a sync or finalize call came in for the customize hook")
    if "parent" not in fields or declared is None:
        raise RequestError(400, "neither-protocol", "a customize call needs `parent` and a controller of a known kind")
    return declared


def _declared(fields: Mapping[str, msgspec.Raw]) -> Protocol | None:
    """The protocol by `controller.kind`; None when there is none."""
    try:
        kind = declared_kind(bytes(fields.get("controller", _EMPTY)))
    except UnreadableError as exc:
        raise RequestError(400, "bad-envelope", f"`controller` cannot be read: {exc}") from exc
    if kind is None:
        return None
    for protocol, name in CONTROLLER_KIND.items():
        if kind == name:
            return protocol
    kinds = " or ".join(CONTROLLER_KIND.values())
    raise RequestError(400, "controller-kind", f"a controller of the kind {kind}: only {kinds} calls hooks")


def _finalizing(fields: Mapping[str, msgspec.Raw]) -> bool:
    spelled = bytes(fields.get("finalizing", b"false"))
    if spelled not in (b"true", b"false"):
        raise RequestError(400, "bad-envelope", "`finalizing` is not true or false")
    return spelled == b"true"


def _groups(raw: msgspec.Raw | None) -> Groups:
    try:
        return {} if raw is None else split_groups(raw)
    except UnreadableError as exc:
        raise RequestError(400, "bad-envelope", f"the observed or related objects are no object map: {exc}") from exc


def _read(raw: msgspec.Raw, shape: type[T], what: str) -> T:
    try:
        return parse_as(raw, shape)
    except UnreadableError as exc:
        raise RequestError(400, "bad-envelope", f"{what} cannot be read: {exc}") from exc
