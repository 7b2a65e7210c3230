"""A request as the comparison sees it: parent, observed objects, how each kind is updated. Reads lazily.

The hot path asks for identities and for single objects; nothing is decoded before it is asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import msgspec

from shadow.compare.kinds import namespaced
from shadow.compare.selector import selects
from shadow.protocol.controller import Controller
from shadow.protocol.keys import identify, levels
from shadow.protocol.messages import Request, read_request, read_root
from shadow.protocol.names import CONTROLLER_UID_LABEL, ON_DELETE
from shadow.protocol.objects import Identity, Json, ParentRef
from shadow.protocol.wire import UnreadableError, json_type, parse, parse_as
from shadow.terms import Hook, Protocol

_GARBAGE_COLLECTION = frozenset({"foregroundDeletion", "orphan"})
_FINALIZER = {
    Protocol.COMPOSITE: "metacontroller.io/compositecontroller-",
    Protocol.DECORATOR: "metacontroller.io/decoratorcontroller-",
}


class _Metadata(msgspec.Struct):
    uid: str = ""
    resourceVersion: str = ""
    deletionTimestamp: str | None = None
    generation: int | None = None


class _Head(msgspec.Struct):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


_SHAPES = {"uid": "string", "resourceVersion": "string", "deletionTimestamp": "string", "generation": "number"}


class RequestView:
    """One sync or finalize request in the front's dialect."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self._parsed: dict[Identity, Json] = {}

    @classmethod
    def read(cls, body: bytes, hook: Hook) -> "RequestView":
        """Of the bytes that Metacontroller sent.

        Raises:
            RequestError: they are no request.
        """
        return cls(read_request(body, hook))

    @property
    def front(self) -> Protocol:
        return self.request.front

    @property
    def parent(self) -> ParentRef:
        return self.request.parent

    @cached_property
    def controller(self) -> Controller:
        return self.request.caller

    @cached_property
    def root(self) -> Json:
        """The parent object."""
        return read_root(self.request)

    @cached_property
    def _raw(self) -> dict[Identity, msgspec.Raw]:
        objects = (raw for group in self.request.observed_groups.values() for raw in group.values())
        return {identify(raw): raw for raw in objects}

    @cached_property
    def _methods(self) -> Mapping[str, str]:
        return self.controller.methods(self.request.observed_groups)

    @cached_property
    def _harshest_methods(self) -> Mapping[str, str]:
        return self.controller.harshest_methods(self.request.observed_groups)

    def __iter__(self) -> Iterator[Identity]:
        """The identities of everything observed."""
        return iter(self._raw)

    def __contains__(self, identity: Identity) -> bool:
        return identity in self._raw

    def __len__(self) -> int:
        return len(self._raw)

    def observed(self, identity: Identity) -> Json:
        """The object as it is observed.

        Raises:
            KeyError: it is not observed.
            UnreadableError: it is nested too deeply to be held.
        """
        if identity not in self._parsed:
            self._parsed[identity] = parse(self._raw[identity])
        return self._parsed[identity]

    def being_deleted(self, identity: Identity) -> bool:
        """Whether the object is on its way out already: Metacontroller then waits."""
        return self._metadata_of(identity).deletionTimestamp is not None

    def uid(self, identity: Identity) -> str:
        """The observed object's."""
        return self._metadata_of(identity).uid

    def resource_version(self, identity: Identity) -> str:
        """The observed object's; every write that changes it gives it another one."""
        return self._metadata_of(identity).resourceVersion

    def generation(self, identity: Identity) -> int:
        """The observed object's; 0 for kinds without."""
        return self._metadata_of(identity).generation or 0

    def _metadata_of(self, identity: Identity) -> _Metadata:
        """As Go's accessors read it: what is of another type is not there."""
        try:
            return parse_as(self._raw[identity], _Head).metadata
        except UnreadableError:
            _, named = levels(self._raw[identity])
            known = {name: named[name] for name, shape in _SHAPES.items() if json_type(named.get(name, b"")) == shape}
            values = {name: value for name, raw in known.items() if not isinstance(value := parse(raw), float)}
            return msgspec.convert(values, _Metadata)

    def declared(self, identity: Identity) -> bool:
        """Whether the controller declares the kind, in this very apiVersion: only then is it ever observed."""
        return identity.group_key in self.request.observed_groups

    def lacks_namespace(self, identity: Identity) -> bool:
        """Whether it is refused for want of a namespace: nothing fills one in under a cluster-scoped parent.

        Of a kind that is not Kubernetes' own only an observed object shows that its objects live in namespaces.
        """
        if identity.namespace or self.parent.namespace:
            return False
        return namespaced(identity) or identity.group_key in self._groups_in_namespaces

    @cached_property
    def _groups_in_namespaces(self) -> frozenset[str]:
        return frozenset(identity.group_key for identity in self if identity.namespace)

    def method(self, identity: Identity) -> str:
        """How Metacontroller updates an object of this kind: `OnDelete`, `Recreate`, `InPlace`, `Rolling...`."""
        return self._methods.get(identity.group_key, ON_DELETE)

    def harshest_method(self, identity: Identity) -> str:
        """As `method`, but where that is a guess the most harmful one that it may be: for a veto."""
        return self._harshest_methods.get(identity.group_key, ON_DELETE)

    @cached_property
    def rolling_groups(self) -> frozenset[str]:
        """Group keys of the kinds that are updated one after the other, in the order of the answer."""
        return frozenset(key for key, method in self._methods.items() if method.startswith("Rolling"))

    @cached_property
    def _metadata(self) -> Json:
        metadata = self.root.get("metadata")
        return metadata if isinstance(metadata, dict) else {}

    def parent_texts(self, field: str) -> Mapping[str, str]:
        """The parent's `labels` or `annotations`."""
        texts = self._metadata.get(field)
        return texts if isinstance(texts, dict) else {}

    @cached_property
    def finalizers(self) -> frozenset[str]:
        """None at all if one of them is no text, as in Go."""
        names = self._metadata.get("finalizers")
        return frozenset(names if isinstance(names, list) and all(isinstance(name, str) for name in names) else ())

    @cached_property
    def managed_fields(self) -> Sequence[Json]:
        """Who wrote which fields of the parent; empty where the request does not tell."""
        entries = self._metadata.get("managedFields")
        return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []

    @property
    def finalizer(self) -> str:
        """The controller's own finalizer."""
        return _FINALIZER[self.front] + self.controller.name

    def manages(self, finalized: bool) -> bool:
        """Whether Metacontroller touches objects in this sync.

        It leaves those of a parent being deleted alone unless it is finalizing and the garbage collector is not. With
        `finalized` a composite controller has already removed its finalizer when it comes to the objects.
        """
        if not self.request.deleting:
            return True
        if Hook.FINALIZE not in self.controller.hooks or self.finalizers & _GARBAGE_COLLECTION:
            return False
        return self.finalizer in self.finalizers and not (finalized and self.front is Protocol.COMPOSITE)

    def selected(self, labels: Mapping[str, object]) -> bool:
        """Whether a composite controller takes an item with these labels for its own; else it aborts the sync."""
        if self.front is Protocol.DECORATOR:
            return True
        if self.controller.generate_selector:
            return labels.get(CONTROLLER_UID_LABEL, self.parent.uid) == self.parent.uid
        spec = self.root.get("spec")
        return selects(spec.get("selector") if isinstance(spec, dict) else None, labels)

    @cached_property
    def release_4(self) -> bool:
        """Whether this is Metacontroller 4, not 2: only the newer ones fill in the version of a hook.

        It writes the parent's namespace into an item without one, which then is part of its last-applied configuration;
        it takes a last-applied configuration out of an item; and it reads a null annotation as an empty text.
        """
        try:
            hooks = parse(self.request.controller)["spec"]["hooks"]
        except (UnreadableError, KeyError, TypeError):
            return True
        return not isinstance(hooks, dict) or any("version" in hook for hook in hooks.values() if hook)
