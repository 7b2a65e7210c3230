"""The recorded traffic as the tests of this room read it, and small calls made by hand."""

import gzip
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from shadow.protocol.messages import Request, read_request
from shadow.terms import Hook, HookVersion, Protocol

DATA = Path(__file__).parent.parent / "data" / "captures"


@dataclass(frozen=True)
class Recording:
    """One recorded call. `answer` is None where the connection was closed or the body was no JSON."""

    name: str
    front: Protocol
    hook: Hook
    version: HookVersion
    status: int | None
    request: dict[str, Any]
    answer: Any

    @property
    def request_body(self) -> bytes:
        return compact(self.request)

    @property
    def answer_body(self) -> bytes:
        return json.dumps(self.answer).encode()


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


@cache
def recordings() -> tuple[Recording, ...]:
    return tuple(_recording(path) for path in sorted(DATA.glob("*/*.json")))


def recording(name: str) -> Recording:
    return next(each for each in recordings() if each.name == name)


def answered() -> list[Recording]:
    return [each for each in recordings() if each.status == 200]


def _recording(path: Path) -> Recording:
    raw = json.loads(path.read_text())
    return Recording(
        path.stem,
        Protocol(raw["controller"]),
        Hook(raw["hook"]),
        HookVersion(raw["hook_version"]),
        raw["status"],
        raw["request"],
        raw["answer"],
    )


@cache
def effects() -> tuple[dict[str, Any], ...]:
    """What answers did to a cluster, one case each."""
    with gzip.open(DATA / "effects.jsonl.gz") as lines:
        return tuple(json.loads(line) for line in lines)


CONTROLLERS: dict[Protocol, dict[str, Any]] = {
    Protocol.COMPOSITE: {
        "kind": "CompositeController",
        "apiVersion": "metacontroller.k8s.io/v1alpha1",
        "metadata": {"name": "lab", "uid": "c-uid", "resourceVersion": "7", "generation": 2},
        "spec": {
            "parentResource": {"apiVersion": "lab.example.com/v1", "resource": "widgets"},
            "childResources": [{"apiVersion": "v1", "resource": "configmaps", "updateStrategy": {"method": "InPlace"}}],
            "hooks": {"sync": {"version": "v1", "webhook": {"url": "http://hook.example/sync"}}},
            "generateSelector": True,
        },
        "status": {},
    },
    Protocol.DECORATOR: {
        "kind": "DecoratorController",
        "apiVersion": "metacontroller.k8s.io/v1alpha1",
        "metadata": {"name": "lab", "uid": "d-uid", "resourceVersion": "9", "generation": 2},
        "spec": {
            "resources": [{"apiVersion": "lab.example.com/v1", "resource": "widgets"}],
            "attachments": [{"apiVersion": "v1", "resource": "configmaps", "updateStrategy": {"method": "InPlace"}}],
            "hooks": {"sync": {"version": "v1", "webhook": {"url": "http://hook.example/sync"}}},
        },
        "status": {},
    },
}

PARENT: dict[str, Any] = {
    "apiVersion": "lab.example.com/v1",
    "kind": "Widget",
    "metadata": {"name": "p", "namespace": "ns", "uid": "p-uid", "generation": 3, "labels": {"tier": "dev"}},
    "spec": {"v": 1},
    "status": {"phase": "before"},
}

ROOT = {Protocol.COMPOSITE: "parent", Protocol.DECORATOR: "object"}
LIST = {Protocol.COMPOSITE: "children", Protocol.DECORATOR: "attachments"}


def config_map(name: str, *, last_applied: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    """An object; with `last_applied` as Metacontroller leaves it in the cluster."""
    item: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}}
    if last_applied is not None:
        note = {"metacontroller.k8s.io/last-applied-configuration": json.dumps(last_applied)}
        item["metadata"]["annotations"] = {**item["metadata"].get("annotations", {}), **note}
    return item


def call(
    front: Protocol,
    hook: Hook = Hook.SYNC,
    *,
    observed: dict[str, Any] | None = None,
    related: dict[str, Any] | None = None,
    finalizing: bool | None = None,
    parent: dict[str, Any] | None = None,
    method: str = "InPlace",
    **controller_spec: Any,
) -> Request:
    """A call of one protocol, read. `observed` and `related` are object maps."""
    body = envelope(front, hook, observed, related, finalizing, parent, method, controller_spec)
    return read_request(compact(body), hook)


def envelope(
    front: Protocol,
    hook: Hook = Hook.SYNC,
    observed: dict[str, Any] | None = None,
    related: dict[str, Any] | None = None,
    finalizing: bool | None = None,
    parent: dict[str, Any] | None = None,
    method: str = "InPlace",
    controller_spec: dict[str, Any] | None = None,
) -> dict[str, Any]:
    controller = json.loads(json.dumps(CONTROLLERS[front]))
    rules = controller["spec"]["childResources" if front is Protocol.COMPOSITE else "attachments"]
    rules[0]["updateStrategy"]["method"] = method
    controller["spec"] |= controller_spec or {}
    if hook is Hook.CUSTOMIZE:
        return {"controller": controller, "parent": parent or PARENT}
    return {
        "controller": controller,
        ROOT[front]: parent or PARENT,
        LIST[front]: observed if observed is not None else {"ConfigMap.v1": {}},
        "related": related or {},
        "finalizing": hook is Hook.FINALIZE if finalizing is None else finalizing,
    }
