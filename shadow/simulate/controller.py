"""A CompositeController or DecoratorController as Metacontroller reads it: its rules, its hooks, and its own JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shadow.protocol.names import CONTROLLER_KIND, ON_DELETE
from shadow.protocol.objects import Json
from shadow.simulate.errors import ApiError
from shadow.simulate.kinds import Kind, Kinds, group_of
from shadow.simulate.objects import annotations_of, labels_of, name_of, selects, uid_of
from shadow.simulate.release import Release
from shadow.simulate.values import copied
from shadow.terms import Hook, HookVersion, Protocol

_KINDS = {kind: protocol for protocol, kind in CONTROLLER_KIND.items()}
_DEFAULT_TIMEOUT_SECONDS = 10.0
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Webhook:
    """One hook of a controller. `strict` is the default for hook version v2 only."""

    hook: Hook
    url: str
    version: HookVersion
    strict: bool
    timeout_seconds: float
    etag: bool


@dataclass(frozen=True, slots=True)
class ParentRule:
    """Which objects are parents: of one kind, with labels (and for decorators annotations) that match."""

    kind: Kind
    api_version: str
    label_selector: Json | None
    annotation_selector: Json | None

    def matches(self, parent: Json) -> bool:
        return (
            self.is_kind_of(parent)
            and selects(self.label_selector, labels_of(parent))
            and selects(self.annotation_selector, annotations_of(parent))
        )

    def is_kind_of(self, parent: Json) -> bool:
        return (group_of(parent["apiVersion"]), parent["kind"]) == (self.kind.group, self.kind.kind)


@dataclass(frozen=True, slots=True)
class ChildRule:
    """A declared kind of children or attachments; `method` is the update strategy, OnDelete if none is given."""

    kind: Kind
    api_version: str
    method: str

    @property
    def group_key(self) -> str:
        """`Deployment.apps/v1`: its key in the observed map."""
        return f"{self.kind.kind}.{self.api_version}"


@dataclass(frozen=True, slots=True)
class Controller:
    """A controller, read once. `body` is the object that hooks see as `controller`."""

    protocol: Protocol
    name: str
    uid: str
    body: Json
    parents: tuple[ParentRule, ...]
    children: tuple[ChildRule, ...]
    hooks: Mapping[Hook, Webhook]
    generate_selector: bool

    @property
    def reference(self) -> str:
        return reference_of(self.body)

    @property
    def finalizer(self) -> str:
        return f"metacontroller.io/{self.protocol}controller-{self.name}"

    @property
    def finalizes(self) -> bool:
        return Hook.FINALIZE in self.hooks

    def rule_of(self, parent: Json) -> ParentRule | None:
        """The rule for parents of this kind, whether or not this one matches."""
        return next((rule for rule in self.parents if rule.is_kind_of(parent)), None)

    def selects(self, parent: Json) -> bool:
        return any(rule.matches(parent) for rule in self.parents)

    def method_of(self, kind: Kind) -> str:
        """The update strategy for a kind, whatever version it was declared in; OnDelete for an undeclared one."""
        found = (rule.method for rule in self.children if (rule.kind.group, rule.kind.kind) == (kind.group, kind.kind))
        return next(found, ON_DELETE)


def reference_of(controller: Json) -> str:
    """`CompositeController/name`: a controller of the other kind may have the same name, and run beside it."""
    return f"{controller['kind']}/{name_of(controller)}"


def read_controller(body: Json, kinds: Kinds, release: Release) -> Controller:
    """A controller from its object, completed as Metacontroller's own types write it.

    Raises ApiError 404 for a resource that the cluster does not serve, 422 for another kind of object.
    """
    protocol = _KINDS.get(body.get("kind", ""))
    if protocol is None:
        raise ApiError(422, f"{body.get('kind')} {name_of(body)} is no controller")
    shown = completed(body, protocol, release)
    spec = shown["spec"]
    composite = protocol is Protocol.COMPOSITE
    parents = [spec["parentResource"]] if composite else spec.get("resources") or []
    children = spec.get("childResources" if composite else "attachments") or []
    return Controller(
        protocol=protocol,
        name=name_of(shown),
        uid=uid_of(shown),
        body=shown,
        parents=tuple(_parent_rule(entry, kinds) for entry in parents),
        children=tuple(_child_rule(entry, kinds) for entry in children),
        hooks=_webhooks(spec.get("hooks") or {}),
        generate_selector=bool(spec.get("generateSelector")),
    )


def completed(body: Json, protocol: Protocol, release: Release) -> Json:
    """The controller as hooks see it: hook versions filled in, `statusChecks` on composite strategies, a status."""
    shown: Json = {"kind": body["kind"], "apiVersion": body["apiVersion"], **copied(body)}
    if release.fills_hook_versions:
        for hook in (shown["spec"].get("hooks") or {}).values():
            hook.setdefault("version", str(HookVersion.V1))
    if protocol is Protocol.COMPOSITE:
        for child in shown["spec"].get("childResources") or []:
            if child.get("updateStrategy") is not None:
                child["updateStrategy"].setdefault("statusChecks", {})
    shown.setdefault("status", {})
    return shown


def _parent_rule(entry: Json, kinds: Kinds) -> ParentRule:
    kind = kinds.of_resource(entry["apiVersion"], entry["resource"])
    return ParentRule(kind, entry["apiVersion"], entry.get("labelSelector"), entry.get("annotationSelector"))


def _child_rule(entry: Json, kinds: Kinds) -> ChildRule:
    kind = kinds.of_resource(entry["apiVersion"], entry["resource"])
    return ChildRule(kind, entry["apiVersion"], (entry.get("updateStrategy") or {}).get("method") or ON_DELETE)


def _webhooks(hooks: Json) -> dict[Hook, Webhook]:
    return {hook: _webhook(hook, hooks[hook]) for hook in Hook if (hooks.get(hook) or {}).get("webhook")}


def _webhook(hook: Hook, entry: Json) -> Webhook:
    webhook = entry["webhook"]
    version = HookVersion(entry.get("version") or HookVersion.V1)
    mode = webhook.get("responseUnMarshallMode") or ("strict" if version is HookVersion.V2 else "loose")
    return Webhook(
        hook=hook,
        url=_url(webhook),
        version=version,
        strict=mode == "strict",
        timeout_seconds=_seconds(webhook.get("timeout")),
        etag=bool((webhook.get("etag") or {}).get("enabled")),
    )


def _url(webhook: Json) -> str:
    if webhook.get("url"):
        return str(webhook["url"])
    service = webhook.get("service") or {}
    port, protocol = service.get("port", 80), service.get("protocol", "http")
    return f"{protocol}://{service.get('name')}.{service.get('namespace')}:{port}{webhook.get('path', '')}"


def _seconds(duration: Any) -> float:
    """A Go duration such as `10s`, `500ms` or `1m`; what is absent or not positive counts as the default."""
    text = str(duration or "")
    for unit, factor in _UNITS.items():
        number = text.removesuffix(unit)
        if number != text and number.replace(".", "", 1).isdigit():
            return float(number) * factor or _DEFAULT_TIMEOUT_SECONDS
    return _DEFAULT_TIMEOUT_SECONDS
