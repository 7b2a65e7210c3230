"""Small clusters for tests: a Widget parent, its controllers, and hooks that are a Python function."""

import json
from collections.abc import Callable
from typing import Any

import httpx

from shadow.simulate import Cluster, Release, WebhookClient
from tests.simulate.replay import LAB, lab_kinds

Json = dict[str, Any]
Hook = Callable[[Json], Any]

CC = "CompositeController/cc"
DC = "DecoratorController/dc"

CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "1"}}


def widget(name: str = "p", **metadata: Any) -> Json:
    metadata = {"name": name, "namespace": "ns", "labels": {"ctl": "yes"}, **metadata}
    return {"apiVersion": LAB, "kind": "Widget", "metadata": metadata, "spec": {"v": 1}}


def composite(name: str = "cc", *, method: str | None = "InPlace", **spec: Any) -> Json:
    """A CompositeController of Widgets with ConfigMaps, `generateSelector` unless said otherwise."""
    strategy = {"updateStrategy": {"method": method}} if method else {}
    return {
        "apiVersion": "metacontroller.k8s.io/v1alpha1",
        "kind": "CompositeController",
        "metadata": {"name": name},
        "spec": {
            "generateSelector": True,
            "parentResource": {
                "apiVersion": LAB,
                "resource": "widgets",
                "labelSelector": {"matchLabels": {"ctl": "yes"}},
            },
            "childResources": [{"apiVersion": "v1", "resource": "configmaps", **strategy}],
            "hooks": {"sync": {"webhook": {"url": "http://hooks/sync"}}},
            **spec,
        },
    }


def decorator(name: str = "dc", *, method: str = "InPlace", resource: str = "widgets", **spec: Any) -> Json:
    api_version = "v1" if resource == "namespaces" else LAB
    return {
        "apiVersion": "metacontroller.k8s.io/v1alpha1",
        "kind": "DecoratorController",
        "metadata": {"name": name},
        "spec": {
            "resources": [
                {"apiVersion": api_version, "resource": resource, "labelSelector": {"matchLabels": {"ctl": "yes"}}}
            ],
            "attachments": [{"apiVersion": "v1", "resource": "configmaps", "updateStrategy": {"method": method}}],
            "hooks": {"sync": {"webhook": {"url": "http://hooks/sync"}}},
            **spec,
        },
    }


def hooks(*names: str, version: str = "v1") -> Json:
    return {name: {"version": version, "webhook": {"url": f"http://hooks/{name}"}} for name in names}


def cluster_with(*bodies: Json, hook: Hook | None = None, release: Release | None = None, **by_name: Hook) -> Cluster:
    """A cluster with these controllers and objects; `hook` answers everything that no named hook does."""

    def respond(request: httpx.Request) -> httpx.Response:
        chosen = by_name.get(request.url.path.strip("/"), hook)
        assert chosen is not None, request.url
        said = chosen(json.loads(request.content))
        return said if isinstance(said, httpx.Response) else httpx.Response(200, json=said)

    client = httpx.AsyncClient(transport=httpx.MockTransport(respond), follow_redirects=True)
    cluster = Cluster(WebhookClient(client), release=release or Release())
    cluster.api.kinds = lab_kinds()
    for body in bodies:
        cluster.apply(body)
    return cluster


def wanting(*items: Json, status: Any = None) -> Hook:
    """A hook of either protocol that always wants the same."""

    def respond(request: Json) -> Json:
        return {"status": status, "children" if "children" in request else "attachments": list(items)}

    return respond


def item(name: str = "a", **changes: Any) -> Json:
    """A ConfigMap as a hook asks for it."""
    return {**CONFIG_MAP, "metadata": {"name": name}, **changes}


def told(writes: Any) -> list[str]:
    """`create ConfigMap a 201`, in order."""
    return [
        f"{write.verb} {write.kind} {write.name}{'/status' if write.subresource else ''} {write.code}"
        + (" noop" if write.noop else "")
        for write in writes
    ]
