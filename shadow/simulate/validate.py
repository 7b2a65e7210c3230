"""What the API server refuses: the faults that answers of hooks were seen to cause, in the words of a real server."""

import json
import re
from typing import Any

from shadow.protocol.objects import Json
from shadow.simulate.errors import ApiError
from shadow.simulate.kinds import Kind
from shadow.simulate.objects import name_of, owners_of
from shadow.simulate.values import at

_SUBDOMAIN = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_FREE_NAMES = frozenset({"ClusterRole", "Role", "ClusterRoleBinding", "RoleBinding"})
_FILE_NAME = re.compile(r"^[-._a-zA-Z0-9]{1,253}$")
_LABEL_VALUE = re.compile(r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$")


def invalid(kind: Kind, body: Json, fault: str) -> ApiError:
    """422 as the API server phrases it."""
    group = f".{kind.group}" if kind.group else ""
    return ApiError(422, f'{kind.kind}{group} "{name_of(body)}" is invalid: {fault}')


def check(kind: Kind, body: Json) -> None:
    """Raises ApiError 422 for an object that the API server would not store."""
    _check_name(kind, body)
    _check_labels(kind, body)
    _check_owners(kind, body)
    more = _MORE.get(kind.kind)
    if more and kind.typed:
        more(kind, body)


def _check_name(kind: Kind, body: Json) -> None:
    name = name_of(body)
    if not name:
        raise invalid(kind, body, "metadata.name: Required value: name or generateName is required")
    if kind.kind not in _FREE_NAMES and (len(name) > 253 or not _SUBDOMAIN.match(name)):
        raise invalid(
            kind,
            body,
            f'metadata.name: Invalid value: "{name}": a lowercase RFC 1123 subdomain must consist of '
            "lower case alphanumeric characters, '-' or '.'",
        )


def _check_labels(kind: Kind, body: Json) -> None:
    for value in (at(body, "metadata", "labels") or {}).values():
        if len(value) > 63 or not _LABEL_VALUE.match(value):
            raise invalid(
                kind,
                body,
                f'metadata.labels: Invalid value: "{value}": a valid label must be an empty '
                "string or consist of alphanumeric characters, '-', '_' or '.'",
            )


def _check_owners(kind: Kind, body: Json) -> None:
    controllers = [owner for owner in owners_of(body) if owner.get("controller")]
    if len(controllers) > 1:
        shown = json.dumps(owners_of(body), separators=(",", ":"))
        names = " and ".join(f"{owner.get('kind')}/{owner.get('name')}" for owner in controllers)
        raise invalid(
            kind,
            body,
            f"metadata.ownerReferences: Invalid value: {shown}: Only one reference can have Controller "
            f'set to true. Found "true" in references for {names}',
        )


def _check_service(kind: Kind, body: Json) -> None:
    spec = body.get("spec", {})
    for index, port in enumerate(spec.get("ports", [])):
        target = port.get("targetPort")
        if isinstance(target, str) and not re.search("[a-z]", target):
            raise invalid(
                kind,
                body,
                f'spec.ports[{index}].targetPort: Invalid value: "{target}": must contain at least one letter (a-z)',
            )
        if not isinstance(port.get("port"), int) or not 0 < port["port"] < 65536:
            raise invalid(
                kind,
                body,
                f"spec.ports[{index}].port: Invalid value: {port.get('port', 0)}: "
                "must be between 1 and 65535, inclusive",
            )
    ports = spec.get("ports", [])
    if len(ports) > 1 and any(not port.get("name") for port in ports):
        raise invalid(kind, body, "spec.ports[0].name: Required value")
    for what in (lambda port: port.get("name"), lambda port: (port["port"], port.get("protocol"))):
        if len({what(port) for port in ports}) < len(ports):
            raise invalid(kind, body, "spec.ports: Duplicate value")


def _check_deployment(kind: Kind, body: Json) -> None:
    spec = body.get("spec", {})
    wanted: dict[str, Any] = at(spec, "selector", "matchLabels") or {}
    if not spec.get("selector"):
        raise invalid(kind, body, "spec.selector: Required value")
    labels = at(spec, "template", "metadata", "labels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        raise invalid(
            kind, body, "spec.template.metadata.labels: Invalid value: `selector` does not match template `labels`"
        )
    if not at(spec, "template", "spec", "containers"):
        raise invalid(kind, body, "spec.template.spec.containers: Required value")
    for index, container in enumerate(spec["template"]["spec"]["containers"]):
        missing = next((name for name in ("name", "image") if not container.get(name)), None)
        if missing:
            raise invalid(kind, body, f"spec.template.spec.containers[{index}].{missing}: Required value")
    if spec.get("replicas", 0) < 0:
        raise invalid(kind, body, "spec.replicas: Invalid value: must be greater than or equal to 0")


def _check_keys(kind: Kind, body: Json) -> None:
    """Of ConfigMaps and Secrets: keys become file names."""
    for key in (*body.get("data", {}), *body.get("binaryData", {})):
        if not _FILE_NAME.match(key):
            raise invalid(
                kind,
                body,
                f'data[{key}]: Invalid value: "{key}": a valid config key must consist of alphanumeric '
                "characters, '-', '_' or '.'",
            )


_MORE = {
    "Service": _check_service,
    "Deployment": _check_deployment,
    "ConfigMap": _check_keys,
    "Secret": _check_keys,
}


def check_unchanged(kind: Kind, live: Json, body: Json) -> None:
    """Raises ApiError 422 for a change of what may never change."""
    if kind.kind == "Deployment" and at(live, "spec", "selector") != at(body, "spec", "selector"):
        raise invalid(kind, body, "spec.selector: Invalid value: field is immutable")
    if kind.kind == "Secret" and live.get("type") != body.get("type"):
        raise invalid(kind, body, f'type: Invalid value: "{body.get("type")}": field is immutable')
    before, after = at(live, "spec", "clusterIP"), at(body, "spec", "clusterIP")
    if kind.kind == "Service" and before and before != after:
        raise invalid(kind, body, f'spec.clusterIPs[0]: Invalid value: ["{after}"]: may not change once set')
    if at(live, "immutable") and at(live, "data") != at(body, "data"):
        raise invalid(kind, body, "data: Forbidden: field is immutable when `immutable` is set")
