"""Requests and answers as the tests of this room need them: recorded ones, and small ones made to a point."""

import gzip
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from shadow.compare.effects import RequestView
from shadow.compare.golang import compact_json
from shadow.compare.model import Candidate, Pair
from shadow.protocol.messages import read_request
from shadow.protocol.names import LAST_APPLIED
from shadow.protocol.objects import Identity
from shadow.terms import Hook

DATA = Path(__file__).parent.parent / "data"


@lru_cache(maxsize=1)
def recorded_effects() -> list[dict[str, Any]]:
    """What answers did to a real cluster, one case each."""
    with gzip.open(DATA / "captures" / "effects.jsonl.gz", "rt") as lines:
        return [json.loads(line) for line in lines]


@lru_cache(maxsize=1)
def chance_effects() -> list[dict[str, Any]]:
    """What answers made up by chance did to a real cluster, one case each."""
    with gzip.open(DATA / "captures" / "chance.jsonl.gz", "rt") as lines:
        return [json.loads(line) for line in lines]


def recorded_call(name: str) -> dict[str, Any]:
    """A recorded call of `captures/`, by the name of its file."""
    folder = name.partition("-")[0]
    call: dict[str, Any] = json.loads((DATA / "captures" / folder / f"{name}.json").read_text())
    return call


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def config_map(name="cm", data=None, namespace=None, **metadata) -> dict[str, Any]:
    if namespace is not None:
        metadata["namespace"] = namespace
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": data or {"a": "1"}}


def observed(item, namespace="ns", **extra) -> dict[str, Any]:
    """A desired item as it is observed after a decorator controller named `dc` has applied it."""
    metadata = item["metadata"]
    metadata = {"namespace": namespace} | metadata
    metadata["annotations"] = metadata.get("annotations", {}) | {"metacontroller.k8s.io/decorator-controller": "dc"}
    desired: dict[str, Any] = item | {"metadata": metadata}
    annotations = metadata["annotations"] | {LAST_APPLIED: compact_json(desired)}
    system = {"uid": f"uid-{metadata['name']}", "resourceVersion": "7", "creationTimestamp": "2026-01-01T00:00:00Z"}
    return desired | {"metadata": metadata | {"annotations": annotations} | system | extra}


def request(*seen, method="InPlace", hook="sync", front="decorator", kinds=(), parent=None, spec=None, **fields):
    """A request of the controller `dc` for the parent `ns/p`, which sees these objects.

    `parent` is more of its metadata, `own_spec` its spec, `spec` more of the controller's.
    """
    groups: dict[str, dict[str, Any]] = {"ConfigMap.v1": {}, **{kind: {} for kind in kinds}}
    for item in seen:
        group = groups.setdefault(f"{item['kind']}.{item['apiVersion']}", {})
        group[item["metadata"]["name"]] = item
    plural = {"ConfigMap.v1": "configmaps", "Secret.v1": "secrets", "Deployment.apps/v1": "deployments"}
    rules = [
        {
            "apiVersion": key.partition(".")[2],
            "resource": plural.get(key, f"{key.partition('.')[0].lower()}s"),
            "updateStrategy": {"method": method},
        }
        for key in groups
    ]
    decorator = front == "decorator"
    spec = {"hooks": {"sync": {"version": "v1"}}, "attachments" if decorator else "childResources": rules} | (
        spec or {}
    )
    metadata = {"name": "p", "namespace": "ns", "uid": "uid-p", "labels": {"tier": "dev"}}
    return {
        "controller": {
            "kind": "DecoratorController" if decorator else "CompositeController",
            "apiVersion": "metacontroller.k8s.io/v1alpha1",
            "metadata": {"name": "dc"},
            "spec": spec,
        },
        "object" if decorator else "parent": {
            "apiVersion": "lab.example.com/v1",
            "kind": "Widget",
            "metadata": metadata | (parent or {}),
            **{"spec" if name == "own_spec" else name: value for name, value in fields.items()},
        },
        "attachments" if decorator else "children": groups,
        "related": {},
        "finalizing": hook == "finalize",
    }


def answer(*items, **fields) -> bytes:
    """A decorator's answer."""
    return encoded({"attachments": list(items)} | fields)


def view(message, hook=Hook.SYNC) -> RequestView:
    return RequestView.read(encoded(message), hook)


def pair(message, old: bytes | Candidate, new: bytes | Candidate, hook=Hook.SYNC, apply="dynamic", keep=False) -> Pair:
    body = encoded(message)
    read = read_request(body, hook)
    return Pair(
        id="call-1",
        migration="m",
        hook=hook,
        front=read.front,
        request=body,
        parent=read.parent,
        old=old if isinstance(old, Candidate) else Candidate(old, 200),
        new=new if isinstance(new, Candidate) else Candidate(new, 200),
        apply=apply,
        keep_bodies=keep,
    )


CM = Identity("v1", "ConfigMap", "ns", "cm")
