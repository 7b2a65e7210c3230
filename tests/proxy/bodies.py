"""Hook calls and objects as small as they can be, for tests of the proxy."""

import json
from typing import Any

from tests import canary

Json = dict[str, Any]
LA = "metacontroller.k8s.io/last-applied-configuration"
MARK = "metacontroller.k8s.io/decorator-controller"


def config_map(name: str, data: Json | None = None, namespace: str = "team-a", **metadata: Any) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "annotations": dict(canary.ANNOTATION), **metadata},
        "data": data or {"a": "1"},
    }


def observed(item: Json) -> Json:
    """The object as Metacontroller, with a DecoratorController in front, left it in the cluster after applying it."""
    marks = {MARK: "profiles", **item["metadata"].get("annotations", {})}
    marked = {**item, "metadata": {**item["metadata"], "annotations": marks}}
    applied = json.dumps(marked, sort_keys=True, separators=(",", ":"))
    uid = f"uid-of-{item['metadata']['name']}"
    live = {"uid": uid, "resourceVersion": "7", "annotations": {LA: applied, **marks}}
    return {**item, "metadata": {**item["metadata"], **live}}


def controller(protocol: str = "decorator", method: str = "InPlace", version: str = "v1") -> Json:
    resources = [("v1", "configmaps"), ("v1", "secrets"), ("v1", "services")]
    strategy = {"updateStrategy": {"method": method}}
    hooks = {"sync": {"version": version, "webhook": {"url": "http://shadow/m/sync"}}}
    rules = [{"apiVersion": api, "resource": resource, **strategy} for api, resource in resources]
    spec: Json = {"hooks": hooks}
    if protocol == "decorator":
        spec |= {"resources": [{"apiVersion": "v1", "resource": "namespaces"}], "attachments": rules}
    else:
        spec |= {"parentResource": {"apiVersion": "v1", "resource": "namespaces"}, "childResources": rules}
    kind = "DecoratorController" if protocol == "decorator" else "CompositeController"
    metadata = {"name": "profiles", "uid": "controller-uid", "resourceVersion": "1", "generation": 1}
    return {
        "apiVersion": "metacontroller.k8s.io/v1alpha1",
        "kind": kind,
        "metadata": metadata,
        "spec": spec,
        "status": {},
    }


def parent(uid: str = "uid-1", name: str = "team-a", labels: Json | None = None) -> Json:
    metadata = {"name": name, "uid": uid, "resourceVersion": "3", "labels": labels or {}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata, "status": {"phase": "Active"}}


def request(
    *items: Json,
    protocol: str = "decorator",
    uid: str = "uid-1",
    name: str = "team-a",
    labels: Json | None = None,
    method: str = "InPlace",
) -> bytes:
    """A sync call with these objects observed."""
    groups: Json = {"ConfigMap.v1": {}, "Secret.v1": {}, "Service.v1": {}}
    for item in items:
        key = f"{item['metadata'].get('namespace', '')}/{item['metadata']['name']}".lstrip("/")
        groups[f"{item['kind']}.v1"][key] = item
    root, list_key = ("object", "attachments") if protocol == "decorator" else ("parent", "children")
    body = {
        "controller": controller(protocol, method),
        root: parent(uid, name, labels),
        list_key: groups,
        "related": {},
        "finalizing": False,
    }
    return json.dumps(body).encode()


def answer(*items: Json, key: str = "attachments", **more: Any) -> Json:
    """What a hook answers."""
    return {key: list(items), **more}
