"""Exports and hooks for rehearsals: a Kubeflow namespace as it was recorded, and Widgets with one object per method."""

import json
from pathlib import Path
from typing import Any

from tests.hook_server import Behaviour, Call, computed

Json = dict[str, Any]
CAPTURES = Path(__file__).parents[1] / "data" / "captures" / "kfp"
LAB = "lab.example.com/v1"


def kubeflow_export() -> Json:
    """The recorded CompositeController, its namespace and everything in it."""
    request = json.loads((CAPTURES / "kfp-old-composite-2.6.1-steady.json").read_text())["request"]
    children = [body for group in request["children"].values() for body in group.values()]
    return {"apiVersion": "v1", "kind": "List", "items": [request["controller"], request["parent"], *children]}


METHODS = {"configmaps": "InPlace", "services": "Recreate", "secrets": "OnDelete"}


def widgets_export(*, generate_selector: bool = True) -> Json:
    """A Widget with nothing yet, and its CompositeController."""
    widget = {
        "apiVersion": LAB,
        "kind": "Widget",
        "metadata": {"name": "w", "namespace": "ns", "uid": "11111111-2222-3333-4444-555555555555", "generation": 1},
        "spec": {"selector": {"matchLabels": {"app": "w"}}},
        "status": {"observedGeneration": 1},
    }
    controller = {
        "apiVersion": "metacontroller.k8s.io/v1alpha1",
        "kind": "CompositeController",
        "metadata": {"name": "widgets"},
        "spec": {
            "generateSelector": generate_selector,
            "parentResource": {"apiVersion": LAB, "resource": "widgets"},
            "childResources": [
                {"apiVersion": "v1", "resource": resource, "updateStrategy": {"method": method}}
                for resource, method in METHODS.items()
            ],
            "hooks": {"sync": {"webhook": {"url": "http://widgets/sync"}}},
        },
    }
    return {"apiVersion": "v1", "kind": "List", "items": [controller, widget]}


def desired(color: str = "red") -> list[Json]:
    """One object for each update method."""
    metadata = {"name": "a", "namespace": "ns", "labels": {"app": "w"}}
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"color": color}},
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 80}]}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"key": "ZmFrZQ=="}},
    ]


def speaking_both(*, color_of_new: str = "red") -> Behaviour:
    """A hook of either protocol: `/old/sync` wants red, `/new/sync` its own color."""

    def respond(call: Call) -> Json:
        items = desired("red" if call.path.startswith("/old") else color_of_new)
        return {"status": {}, "children" if "children" in call.json() else "attachments": items}

    return computed(respond)
