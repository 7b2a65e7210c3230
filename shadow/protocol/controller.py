"""What a controller object says that decides anything for its hooks: versions, strictness, update methods, selectors.

Metacontroller sends the whole object with every call. It is read once and remembered; it is never validated.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import msgspec

from shadow.protocol.dialect import Strictness
from shadow.protocol.keys import split_group_key
from shadow.protocol.names import CONTROLLER_KIND, ON_DELETE, RECREATE_METHODS, ROLLING_METHODS
from shadow.protocol.objects import Json
from shadow.protocol.resources import certain, match_resources
from shadow.protocol.wire import parse_as
from shadow.terms import Hook, HookVersion, Protocol


@dataclass(frozen=True, slots=True)
class DeclaredHook:
    """One hook of a controller object. `strict`: Metacontroller rejects unknown and repeated fields in its answers."""

    version: HookVersion = HookVersion.V1
    strict: bool = False
    url: str | None = None
    etag: bool = False
    etag_timeout_seconds: int | None = None
    etag_cleanup_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class ParentRule:
    """Which parents a controller has; selectors as on the wire, None selects all."""

    api_version: str
    resource: str
    label_selector: Json | None = None
    annotation_selector: Json | None = None


@dataclass(frozen=True, slots=True)
class ChildRule:
    """One declared kind of children or attachments, by its plural, and how it is updated."""

    api_version: str
    resource: str
    method: str = ON_DELETE


@dataclass(frozen=True)
class Controller:
    """A CompositeController or DecoratorController, as far as it decides anything."""

    protocol: Protocol
    name: str
    uid: str
    resource_version: str
    generation: int
    parents: tuple[ParentRule, ...]
    children: tuple[ChildRule, ...]
    generate_selector: bool = False
    resync_period_seconds: int | None = None
    spec_digest: str = ""  # of the bytes of its spec: what a comparison is evidence for
    hooks: Mapping[Hook, DeclaredHook] = field(default_factory=dict)  # a hook that is missing is not declared

    @cached_property
    def title(self) -> str:
        """`DecoratorController/profiles`."""
        return f"{CONTROLLER_KIND[self.protocol]}/{self.name}"

    @cached_property
    def rolling(self) -> bool:
        """Whether any declared kind has a `Rolling*` method: then a null status crashes Metacontroller."""
        return any(rule.method in ROLLING_METHODS for rule in self.children)

    def version(self, hook: Hook) -> HookVersion:
        """The hook version the front uses for this hook; v1 where nothing is said."""
        return self.hooks[hook].version if hook in self.hooks else HookVersion.V1

    def strict(self, hook: Hook, setting: Strictness = "auto") -> bool:
        """Whether answers of this hook are read strictly: as configured, else as this object says."""
        if setting != "auto":
            return setting == "true"
        return hook in self.hooks and self.hooks[hook].strict

    def methods(self, group_keys: Iterable[str]) -> dict[str, str]:
        """The update method of every group of an observed map: `{"Deployment.apps/v1": "InPlace"}`.

        A group for which nothing is declared has `OnDelete`, Metacontroller's default.
        """
        return dict(_methods(self.children, tuple(group_keys)))

    def harshest_methods(self, group_keys: Iterable[str]) -> dict[str, str]:
        """As `methods`, for those who must not be wrong.

        Where plurals and kinds of an apiVersion do not match for certain, all its kinds have the most harmful method
        that is declared in it.
        """
        return dict(_harshest(self.children, tuple(group_keys)))


def read_controller(raw: bytes | msgspec.Raw) -> Controller:
    """Read a controller object; remembered by its bytes, since every call of a front carries the same ones.

    Raises:
        UnreadableError: it is no controller object.
    """
    return _read(bytes(raw))


class _Metadata(msgspec.Struct):
    name: str | None = None
    uid: str | None = None
    resourceVersion: str | None = None
    generation: int | None = None


class _Strategy(msgspec.Struct):
    method: str | None = None


class _Rule(msgspec.Struct):
    apiVersion: str = ""
    resource: str = ""
    labelSelector: Json | None = None
    annotationSelector: Json | None = None
    updateStrategy: _Strategy | None = None


class _Etag(msgspec.Struct):
    enabled: bool | None = None
    cacheTimeoutSeconds: int | None = None
    cacheCleanupSeconds: int | None = None


class _Webhook(msgspec.Struct):
    url: str | None = None
    etag: _Etag | None = None
    responseUnMarshallMode: str | None = None


class _Hook(msgspec.Struct):
    version: str | None = None
    webhook: _Webhook | None = None


class _Hooks(msgspec.Struct):
    sync: _Hook | None = None
    finalize: _Hook | None = None
    customize: _Hook | None = None


class _Spec(msgspec.Struct):
    parentResource: _Rule | None = None
    childResources: list[_Rule] | None = None
    resources: list[_Rule] | None = None
    attachments: list[_Rule] | None = None
    hooks: _Hooks | None = None
    generateSelector: bool | None = None
    resyncPeriodSeconds: int | None = None


class _Controller(msgspec.Struct):
    kind: str | None = None
    metadata: _Metadata | None = None
    spec: _Spec | None = None


class _Spelled(msgspec.Struct):
    spec: msgspec.Raw = msgspec.Raw(b"")


@lru_cache(maxsize=64)
def _read(raw: bytes) -> Controller:
    wire = parse_as(raw, _Controller)
    metadata, spec = wire.metadata or _Metadata(), wire.spec or _Spec()
    decorator = wire.kind == CONTROLLER_KIND[Protocol.DECORATOR]
    parents = spec.resources if decorator else [spec.parentResource] if spec.parentResource else []
    return Controller(
        protocol=Protocol.DECORATOR if decorator else Protocol.COMPOSITE,
        name=metadata.name or "",
        uid=metadata.uid or "",
        resource_version=metadata.resourceVersion or "",
        generation=metadata.generation or 0,
        parents=tuple(map(_parent_rule, parents or ())),
        children=tuple(map(_child_rule, (spec.attachments if decorator else spec.childResources) or ())),
        generate_selector=spec.generateSelector is True,
        resync_period_seconds=spec.resyncPeriodSeconds,
        spec_digest=hashlib.sha256(parse_as(raw, _Spelled).spec).hexdigest()[:16],
        hooks=_hooks(spec.hooks or _Hooks()),
    )


def _parent_rule(rule: _Rule) -> ParentRule:
    return ParentRule(rule.apiVersion, rule.resource, rule.labelSelector, rule.annotationSelector)


def _child_rule(rule: _Rule) -> ChildRule:
    method = rule.updateStrategy.method if rule.updateStrategy else None
    return ChildRule(rule.apiVersion, rule.resource, method or ON_DELETE)


def _hooks(wire: _Hooks) -> dict[Hook, DeclaredHook]:
    declared = {Hook.SYNC: wire.sync, Hook.FINALIZE: wire.finalize, Hook.CUSTOMIZE: wire.customize}
    return {hook: _declared_hook(entry) for hook, entry in declared.items() if entry is not None}


def _declared_hook(wire: _Hook) -> DeclaredHook:
    version = HookVersion.V2 if wire.version == HookVersion.V2 else HookVersion.V1
    webhook = wire.webhook or _Webhook()
    etag = webhook.etag or _Etag()
    mode = webhook.responseUnMarshallMode
    return DeclaredHook(
        version=version,
        strict=mode == "strict" if mode else version is HookVersion.V2,
        url=webhook.url,
        etag=etag.enabled is True,
        etag_timeout_seconds=etag.cacheTimeoutSeconds,
        etag_cleanup_seconds=etag.cacheCleanupSeconds,
    )


@lru_cache(maxsize=64)
def _methods(rules: tuple[ChildRule, ...], group_keys: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    declared = {(rule.api_version, rule.resource): rule.method for rule in rules}
    matched = match_resources(declared, group_keys)
    return tuple((key, declared.get(matched.get(key, ("", "")), ON_DELETE)) for key in group_keys)


@lru_cache(maxsize=64)
def _harshest(rules: tuple[ChildRule, ...], group_keys: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    resources = [(rule.api_version, rule.resource) for rule in rules]
    known = certain(resources, group_keys)
    harshest = {rule.api_version: rule.method for rule in sorted(rules, key=lambda rule: _harm(rule.method))}
    methods = dict(_methods(rules, group_keys))
    for key in group_keys:
        api_version, _ = split_group_key(key)
        if api_version not in known:
            methods[key] = harshest.get(api_version, ON_DELETE)
    return tuple(methods.items())


def _harm(method: str) -> int:
    """What destroys most comes last."""
    return 2 if method in RECREATE_METHODS else int(method != ON_DELETE)
