"""A controller object as its successor should be applied: converted, widened, narrowed, pointed at the proxy.

Pure, JSON in and out. What the two kinds can and cannot say is decided in `shadow.protocol.convert`.
"""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shadow.migrate.pointing import hooks_unchanged, pointed_at
from shadow.protocol.convert import Caveat, convert
from shadow.protocol.names import CONTROLLER_KIND, SYSTEM_METADATA
from shadow.protocol.objects import Json
from shadow.terms import Hook, Protocol

GROUP = "metacontroller.k8s.io/"
KUBECTL_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
PARENTS_KEY = {Protocol.COMPOSITE: "parentResource", Protocol.DECORATOR: "resources"}
OBJECTS_KEY = {Protocol.COMPOSITE: "childResources", Protocol.DECORATOR: "attachments"}

_SPEC_FIELDS = frozenset(
    {*PARENTS_KEY.values(), *OBJECTS_KEY.values(), "hooks", "resyncPeriodSeconds", "endpointConfigs"}
    | {"generateSelector"}
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the successor should be. `others` are controllers whose kinds it declares, too."""

    to: Protocol
    proxy_url: str | None = None
    label_selector: Json | None = None
    others: tuple[Json, ...] = ()


def protocol_of(body: Any) -> Protocol | None:
    """Which controller an object is; None if it is none."""
    if not isinstance(body, Mapping) or not str(body.get("apiVersion", "")).startswith(GROUP):
        return None
    return next((protocol for protocol, kind in CONTROLLER_KIND.items() if kind == body.get("kind")), None)


def successor(source: Json, wishes: Wishes) -> tuple[Json, list[Caveat]]:
    """The controller that is wished for, without what only a live object has, and what is lost on the way."""
    if faults := malformed(source):
        return {}, faults
    body, caveats = convert(source, wishes.to)
    body = _without_defaults(copy.deepcopy(body), source)
    caveats += _unknown_fields(source) if protocol_of(source) is not wishes.to else []
    spec = body["spec"]
    caveats += _widen(spec, wishes)
    caveats += _narrow(spec, wishes)
    if wishes.proxy_url is not None:
        caveats += pointed_at(body, wishes.proxy_url)
    elif protocol_of(source) is not wishes.to:
        caveats += hooks_unchanged(spec, wishes.to)
    elif wishes == Wishes(wishes.to):
        message = f"is a {CONTROLLER_KIND[wishes.to]} already, and stays one; what turns it round is `--reverse`"
        if wishes.to is Protocol.COMPOSITE:
            message = message.replace("is `--reverse`", "is to leave `--reverse` out")
        caveats.append(Caveat("warning", "kind", message, "same-kind"))
    return body, caveats


def parent_rules(spec: Json, protocol: Protocol) -> list[Json]:
    """The parent resources, of either kind."""
    held = spec.get(PARENTS_KEY[protocol])
    return held if isinstance(held, list) else [held] if held else []


def declared_rules(controller: Json) -> list[Json]:
    """Every `{apiVersion, resource}` of a controller: its parents', then its objects'."""
    protocol, spec = protocol_of(controller), controller.get("spec") or {}
    return [*parent_rules(spec, protocol), *(spec.get(OBJECTS_KEY[protocol]) or [])] if protocol else []


def resource_name(rule: Json) -> str:
    """As kubectl and the API server name it: `deployments.apps`, `secrets`."""
    group = str(rule["apiVersion"]).rpartition("/")[0]
    return f"{rule['resource']}.{group}" if group else str(rule["resource"])


def malformed(source: Json) -> list[Caveat]:
    """What no API server would have taken: there is nothing to convert, to take in or to rehearse."""
    metadata, spec = source.get("metadata"), source.get("spec")
    if not isinstance(metadata, Mapping) or not isinstance(metadata.get("name"), str) or not metadata["name"]:
        return [Caveat("impossible", "metadata", "there is no metadata.name", "malformed")]
    if not isinstance(metadata.get("annotations"), Mapping | None):
        return [Caveat("impossible", "metadata.annotations", "must be a mapping", "malformed")]
    if not isinstance(spec, Mapping):
        return [Caveat("impossible", "spec", "there is no spec", "malformed")]
    protocol = protocol_of(source) or Protocol.COMPOSITE
    faults = []
    if not _are_rules(parent_rules(dict(spec), protocol)) or not spec.get(PARENTS_KEY[protocol]):
        message = "names no parent by apiVersion and resource; if this is a patch, convert what it is applied to"
        faults.append((f"spec.{PARENTS_KEY[protocol]}", message))
    objects = spec.get(OBJECTS_KEY[protocol])
    if not isinstance(objects, list | None) or not _are_rules(objects or []):
        faults.append((f"spec.{OBJECTS_KEY[protocol]}", "must list apiVersion and resource of each kind"))
    hooks = spec.get("hooks") or {}
    if not isinstance(hooks, Mapping):
        faults.append(("spec.hooks", "must be a mapping of hooks"))
    elif wrong := [name for name, hook in hooks.items() if not _is_hook(hook)]:
        faults += [(f"spec.hooks.{name}", "must be a mapping with a `webhook`, itself a mapping") for name in wrong]
    return [Caveat("impossible", path, message, "malformed") for path, message in faults]


def _is_hook(hook: Any) -> bool:
    return hook is None or (isinstance(hook, Mapping) and isinstance(hook.get("webhook"), Mapping | None))


def _are_rules(rules: Iterable[Any]) -> bool:
    return all(
        isinstance(rule, Mapping)
        and rule.get("apiVersion")
        and rule.get("resource")
        and isinstance(rule.get("updateStrategy"), Mapping | None)
        for rule in rules
    )


def _unknown_fields(source: Json) -> list[Caveat]:
    unknown = [name for name in source["spec"] if name not in _SPEC_FIELDS]
    message = "dropped: not known to be a field that both kinds have"
    return [Caveat("warning", f"spec.{name}", message, "unknown-field") for name in unknown]


def _without_defaults(body: Json, source: Json) -> Json:
    """What Metacontroller or the API server fills in is not written into a manifest."""
    body.pop("status", None)
    metadata = {key: value for key, value in (body.get("metadata") or {}).items() if key not in SYSTEM_METADATA}
    annotations = metadata.get("annotations")
    if annotations and KUBECTL_APPLIED in annotations:
        metadata["annotations"] = {key: value for key, value in annotations.items() if key != KUBECTL_APPLIED}
        if not metadata["annotations"]:
            del metadata["annotations"]
    spec, given = body["spec"], source["spec"].get("hooks") or {}
    if spec.get("hooks"):  # one that is null is none: the API server drops it
        spec["hooks"] = {name: hook for name, hook in spec["hooks"].items() if hook is not None}
        for name, hook in spec["hooks"].items():
            if "version" not in given[name]:
                hook.pop("version", None)
    for key in OBJECTS_KEY.values():
        if not spec.get(key, True):
            del spec[key]
    for rule in spec.get(OBJECTS_KEY[Protocol.COMPOSITE]) or []:
        if not (rule.get("updateStrategy") or {"statusChecks": True}).get("statusChecks"):
            rule["updateStrategy"].pop("statusChecks", None)
    return {"apiVersion": body["apiVersion"], "kind": body["kind"], "metadata": metadata, "spec": spec}


def _widen(spec: Json, wishes: Wishes) -> list[Caveat]:
    """Declare every kind of the others: what is not declared is created and never seen again."""
    key = OBJECTS_KEY[wishes.to]
    caveats: list[Caveat] = []
    for other in wishes.others:
        body, lost = convert(other, wishes.to)
        caveats += [caveat for caveat in lost if caveat.code == "rolling-method"]
        declared = {(rule["apiVersion"], rule["resource"]): rule for rule in spec.get(key) or []}
        for rule in body["spec"].get(key) or []:
            present = declared.get((rule.get("apiVersion"), rule.get("resource")))
            if present is None:
                spec.setdefault(key, []).append(_plain_rule(rule))
            elif _method(present) != _method(rule):
                message = f"{rule['resource']}: {_method(present)} is kept; the other controller has {_method(rule)}"
                caveats.append(Caveat("warning", "spec", message, "union-method"))
        if _parents(spec, wishes.to) != _parents(body["spec"], wishes.to):
            message = "the other controller has other parents; only the kinds of objects were taken over"
            caveats.append(Caveat("warning", "spec", message, "union-parents"))
    return caveats


def _plain_rule(rule: Json) -> Json:
    method = (rule.get("updateStrategy") or {}).get("method")
    plain = {"apiVersion": rule["apiVersion"], "resource": rule["resource"]}
    return {**plain, "updateStrategy": {"method": method}} if method else plain


def _method(rule: Json) -> str:
    return str((rule.get("updateStrategy") or {}).get("method") or "OnDelete")


def _parents(spec: Json, protocol: Protocol) -> list[tuple[Any, Any]]:
    return [(rule.get("apiVersion"), rule.get("resource")) for rule in parent_rules(spec, protocol)]


def _narrow(spec: Json, wishes: Wishes) -> list[Caveat]:
    if wishes.label_selector is None:
        return []
    caveats = []
    for rule in parent_rules(spec, wishes.to):
        if rule.get("labelSelector") not in (None, wishes.label_selector):
            caveats.append(Caveat("warning", "spec", "its label selector is replaced", "selector-replaced"))
        rule["labelSelector"] = wishes.label_selector
    message = (
        "parents that do not match are out of scope: no hook is called for them any more, and what they have is not "
        "deleted but stays as it is, with nobody to update it"
    )
    if (spec.get("hooks") or {}).get(Hook.FINALIZE):
        message += "; with a finalize hook, parents that carry the finalizer are finalized first"
    return [*caveats, Caveat("warning", "spec", message, "scope")]
