"""Hook calls of a chosen size, the same bytes at every run: a Namespace, observed objects, and answers to the call."""

import json
from typing import Any

Json = dict[str, Any]

LIST_KEY = {"composite": "children", "decorator": "attachments"}
LAST_APPLIED = "metacontroller.k8s.io/last-applied-configuration"
KINDS = (("v1", "Secret"), ("v1", "ConfigMap"), ("apps/v1", "Deployment"), ("v1", "Service"))
_PLURALS = {"Secret": "secrets", "ConfigMap": "configmaps", "Deployment": "deployments", "Service": "services"}


def answer(protocol: str, objects: int, differences: int = 0, settings: int = 40) -> bytes:
    """An answer that wants so many objects, in which so many values are another one than with no differences."""
    wanted = [_desired(number, settings) for number in range(objects)]
    for number in range(differences):
        wanted[number * objects // differences]["metadata"]["labels"]["changed"] = "yes"
    return json.dumps({"status": {"ready": "True"}, LIST_KEY[protocol]: wanted}).encode()


def request(objects: int, settings: int = 40) -> bytes:
    """A DecoratorController's sync call in which so many objects are observed as they were applied."""
    groups: dict[str, Json] = {f"{kind}.{version}": {} for version, kind in KINDS}
    for number in range(objects):
        item = _observed(_desired(number, settings))
        groups[f"{item['kind']}.{item['apiVersion']}"][f"team-a/{item['metadata']['name']}"] = item
    parent = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-a", "uid": "uid-of-team-a"}}
    body = {
        "controller": _controller(),
        "object": parent,
        "attachments": groups,
        "related": {},
        "finalizing": False,
    }
    return json.dumps(body, separators=(",", ":")).encode()


def _desired(number: int, settings: int) -> Json:
    version, kind = KINDS[number % len(KINDS)]
    name = f"{kind.lower()}-{number}"
    values = {f"SETTING_{index:03}": f"{number * 1000 + index:020d}" for index in range(settings)}
    item: Json = {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "team-a", "labels": {}}}
    if kind == "Deployment":
        container = {"name": "server", "env": [{"name": key, "value": value} for key, value in values.items()]}
        item["spec"] = {"replicas": 1, "template": {"spec": {"containers": [container]}}}
    elif kind == "Service":
        item["spec"] = {"selector": values, "ports": [{"name": "http", "port": 80}]}
    else:
        item["data"] = values
    return item


def _observed(desired: Json) -> Json:
    applied = json.dumps(desired, separators=(",", ":"), sort_keys=True)
    system = {"uid": f"uid-of-{desired['metadata']['name']}", "resourceVersion": "7"}
    return desired | {"metadata": desired["metadata"] | system | {"annotations": {LAST_APPLIED: applied}}}


def _controller() -> Json:
    rules = [
        {"apiVersion": version, "resource": _PLURALS[kind], "updateStrategy": {"method": "InPlace"}}
        for version, kind in KINDS
    ]
    spec = {
        "resources": [{"apiVersion": "v1", "resource": "namespaces"}],
        "attachments": rules,
        "hooks": {"sync": {"version": "v1", "webhook": {"url": "http://shadow/bench/sync"}}},
    }
    head = {"apiVersion": "metacontroller.k8s.io/v1alpha1", "kind": "DecoratorController"}
    return {**head, "metadata": {"name": "bench", "uid": "uid-of-bench"}, "spec": spec}
