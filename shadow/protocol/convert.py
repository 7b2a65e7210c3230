"""Converts a CompositeController into a DecoratorController and back, as JSON, and says what is lost.

An implementation of the other kind expects a controller of its own kind in its requests; and a team that moves needs
the new custom resource. Webhook addresses are copied: who points them elsewhere does so afterwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from shadow.protocol.names import CONTROLLER_KIND, ROLLING_METHODS
from shadow.protocol.objects import Json
from shadow.protocol.resources import match_resources
from shadow.protocol.wire import encode, parse
from shadow.terms import Protocol

Level = Literal["warning", "error", "impossible"]


@dataclass(frozen=True, slots=True)
class Caveat:
    """Something the other kind cannot say. `path` is a field of the controller converted from.

    `error`: the result is valid and behaves differently; `impossible`: there is no such controller. `code` is stable:
    people look it up.
    """

    level: Level
    path: str
    message: str
    code: str


def convert(controller: Json, to: Protocol, parent: str = "") -> tuple[Json, list[Caveat]]:
    """The controller as the other kind (a copy of it if it is of that kind already), and what was lost.

    A result is given even where a caveat says `impossible`: a hook still has to be shown something.

    Args:
        parent: of several parent resources that of this kind, `Namespace.v1`; else the first one is taken.
    """
    if controller.get("kind") == CONTROLLER_KIND[to]:
        return dict(controller), []
    caveats: list[Caveat] = []
    spec = _mapping(controller.get("spec"))
    converted = _to_decorator(spec, caveats) if to is Protocol.DECORATOR else _to_composite(spec, parent, caveats)
    metadata = {key: value for key, value in _mapping(controller.get("metadata")).items() if key != "managedFields"}
    result: Json = {
        "kind": CONTROLLER_KIND[to],
        "apiVersion": controller.get("apiVersion", "metacontroller.k8s.io/v1alpha1"),
        "metadata": metadata,
        "spec": converted | _shared(spec, caveats),
        "status": {},
    }
    return result, caveats


@lru_cache(maxsize=64)
def converted(controller: bytes, to: Protocol, parent: str = "") -> tuple[bytes, tuple[Caveat, ...]]:
    """`convert` on bytes, remembered by them: every call of a front carries the same ones.

    Raises:
        UnreadableError: it is not JSON.
    """
    result, caveats = convert(_mapping(parse(controller)), to, parent)
    return bytes(encode(result)), tuple(caveats)


def _to_decorator(spec: Json, caveats: list[Caveat]) -> Json:
    parent = _mapping(spec.get("parentResource"))
    _warn_of_composite_only(spec, parent, caveats)
    copied = ("apiVersion", "resource", "labelSelector", "ignoreStatusChanges")
    rules = _mappings(spec.get("childResources"))
    return {
        "resources": [{key: parent[key] for key in copied if key in parent}],
        "attachments": [_attachment(rule, f"spec.childResources[{at}]", caveats) for at, rule in enumerate(rules)],
    }


def _warn_of_composite_only(spec: Json, parent: Json, caveats: list[Caveat]) -> None:
    if "/" not in str(parent.get("apiVersion", "")):
        message = "a core-type parent: Metacontroller 3 and newer run no CompositeController for it, so no way back"
        caveats.append(Caveat("warning", "spec.parentResource.apiVersion", message, "core-parent"))
    if parent.get("revisionHistory"):
        message = "dropped: a DecoratorController keeps no revisions"
        caveats.append(Caveat("warning", "spec.parentResource.revisionHistory", message, "revision-history"))
    if spec.get("generateSelector"):
        message = "dropped: objects lose the label `controller-uid` unless it is written as an ownership mark"
        caveats.append(Caveat("warning", "spec.generateSelector", message, "generated-selector"))
    else:
        message = "a DecoratorController adopts and releases nothing and checks no labels against the parent's selector"
        caveats.append(Caveat("warning", "spec.generateSelector", message, "adoption"))


def _attachment(rule: Json, path: str, caveats: list[Caveat]) -> Json:
    strategy = _mapping(rule.get("updateStrategy"))
    method = strategy.get("method")
    if _mapping(strategy.get("statusChecks")).get("conditions"):
        message = "dropped: a DecoratorController has no status checks"
        caveats.append(Caveat("warning", f"{path}.updateStrategy.statusChecks", message, "status-checks"))
    if isinstance(method, str) and method in ROLLING_METHODS:
        kept = method.removeprefix("Rolling")
        message = f"{method} becomes {kept}: all objects at once instead of one after the other"
        caveats.append(Caveat("error", f"{path}.updateStrategy.method", message, "rolling-method"))
        method = kept
    return _rule(rule, {} if method is None else {"updateStrategy": {"method": method}})


def _to_composite(spec: Json, kind: str, caveats: list[Caveat]) -> Json:
    resources = _mappings(spec.get("resources"))
    parent = _resource_of(kind, resources)
    if len(resources) != 1:
        message = f"a CompositeController has one parent resource, not {len(resources)}"
        caveats.append(Caveat("impossible", "spec.resources", message, "several-resources"))
    if parent.get("annotationSelector"):
        message = "a CompositeController selects by labels only"
        caveats.append(Caveat("impossible", "spec.resources[0].annotationSelector", message, "annotation-selector"))
    if "/" not in str(parent.get("apiVersion", "")):
        message = "Metacontroller 3 and newer run no CompositeController for a core type"
        caveats.append(Caveat("impossible", "spec.resources[0].apiVersion", message, "core-parent"))
    message = "labels and annotations in answers cannot be said, and a parent without status subresource gets no status"
    caveats.append(Caveat("warning", "spec.resources[0]", message, "parent-changes"))
    copied = ("apiVersion", "resource", "labelSelector", "ignoreStatusChanges")
    rules = _mappings(spec.get("attachments"))
    return {
        "parentResource": {key: parent[key] for key in copied if key in parent},
        "childResources": [_rule(rule, _composite_strategy(rule)) for rule in rules],
        "generateSelector": True,
    }


def _resource_of(kind: str, resources: list[Json]) -> Json:
    by_name = {(str(each.get("apiVersion")), str(each.get("resource"))): each for each in reversed(resources)}
    matched = match_resources(by_name, [kind]).get(kind) if kind and len(resources) > 1 else None
    return by_name[matched] if matched is not None else resources[0] if resources else {}


def _composite_strategy(rule: Json) -> Json:
    """A DecoratorController takes `Rolling*` methods and applies them all at once: what it does is kept.

    Where it names no method neither does the result: both kinds take that for `OnDelete`.
    """
    method = _mapping(rule.get("updateStrategy")).get("method")
    if method is None:
        return {}
    return {"updateStrategy": {"method": str(method).removeprefix("Rolling"), "statusChecks": {}}}


def _rule(rule: Json, rest: Json) -> Json:
    return {key: rule[key] for key in ("apiVersion", "resource") if key in rule} | rest


def _shared(spec: Json, caveats: list[Caveat]) -> Json:
    """What both kinds have, with the hook versions filled in."""
    hooks = _mapping(spec.get("hooks"))
    shared = {key: spec[key] for key in ("resyncPeriodSeconds", "endpointConfigs") if key in spec}
    dead = [f"spec.hooks.{name}" for name in ("preUpdateChild", "postUpdateChild") if name in hooks]
    caveats.extend(Caveat("warning", path, "dropped: Metacontroller never calls it", "dead-hook") for path in dead)
    kept = {name: _mapping(hooks[name]) for name in ("customize", "sync", "finalize") if hooks.get(name)}
    for name, hook in kept.items():
        _warn_of_etag(name, hook, caveats)
    return shared | {"hooks": {name: {"version": "v1"} | hook for name, hook in kept.items()}}


def _warn_of_etag(name: str, hook: Json, caveats: list[Caveat]) -> None:
    etag = _mapping(_mapping(hook.get("webhook")).get("etag"))
    if etag.get("cacheTimeoutSeconds") and not etag.get("cacheCleanupSeconds"):
        message = "kept answers are never cleaned up without cacheCleanupSeconds"
        caveats.append(Caveat("warning", f"spec.hooks.{name}.webhook.etag", message, "etag-cleanup"))


def _mapping(value: Any) -> Json:
    """The value if it is an object, else an empty one: what is malformed is the API server's to refuse."""
    return dict(value) if isinstance(value, Mapping) else {}


def _mappings(value: Any) -> list[Json]:
    return [_mapping(item) for item in value] if isinstance(value, list) else []
