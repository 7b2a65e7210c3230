"""The recorded calls of Kubeflow's hook before the move (`kfp-old`) and right after it (`kfp-mid`), as test cases."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from shadow.profile.settings import Settings
from shadow.terms import Protocol

DIRECTORY = Path(__file__).parent.parent / "data" / "captures" / "kfp"
OBSERVED = {Protocol.COMPOSITE: "children", Protocol.DECORATOR: "attachments"}
PARENT = {Protocol.COMPOSITE: "parent", Protocol.DECORATOR: "object"}
SPEAKS = {"kfp-old": Protocol.COMPOSITE, "kfp-mid": Protocol.DECORATOR}

DECORATOR_ANNOTATION = "metacontroller.k8s.io/decorator-controller"


@dataclass(frozen=True)
class Capture:
    """A call as Metacontroller sent it and the answer it got, both maybe by way of a proxy.

    `front` is what Metacontroller spoke, `protocol` what the recorded implementation speaks.
    """

    name: str
    front: Protocol
    protocol: Protocol
    request: dict[str, Any]
    answer: dict[str, Any]

    @property
    def settings(self) -> Settings:
        return settings(disable_istio_sidecar="nosidecar" in self.name)

    def call(self, protocol: Protocol) -> bytes:
        """The request in either protocol; only the names of the envelope differ."""
        renamed = {PARENT[self.front]: PARENT[protocol], OBSERVED[self.front]: OBSERVED[protocol]}
        return json.dumps({renamed.get(key, key): value for key, value in self.request.items()}).encode()

    def hooks_answer(self) -> dict[str, Any]:
        """What the hook itself said: without what the proxy of the recording put in on the way back."""
        status = {key: value for key, value in self.answer["status"].items() if key != "observedGeneration"}
        return {"status": status, "objects": [unmarked(item) for item in self.answer[OBSERVED[self.front]]]}


def settings(**changed: Any) -> Settings:
    """The settings of the recorded hooks."""
    recorded: dict[str, Any] = {
        "visualization_server": "ghcr.io/kubeflow/kfp-visualization-server:2.5.0",
        "frontend": "ghcr.io/kubeflow/kfp-frontend:2.5.0",
        "minio_access_key": "fake-minio",
        "minio_secret_key": "fake-minio-secret",
        "report_status": True,
    }
    return Settings(**(recorded | changed))


def unmarked(item: dict[str, Any]) -> dict[str, Any]:
    """The object without the marks of ownership (`*-injected`)."""
    metadata = {**item["metadata"]}
    for field, mark in (("annotations", DECORATOR_ANNOTATION), ("labels", "controller-uid")):
        if mark in metadata.get(field, {}):
            metadata[field] = {key: value for key, value in metadata[field].items() if key != mark}
            if not metadata[field]:
                del metadata[field]
    return {**item, "metadata": metadata}


@cache
def captures() -> list[Capture]:
    found = []
    for path in sorted(DIRECTORY.glob("*.json")):
        recorded = json.loads(path.read_text())
        if protocol := SPEAKS.get(recorded["implementation"]):
            front = Protocol(recorded["controller"])
            found.append(Capture(path.stem, front, protocol, recorded["request"], recorded["answer"]))
    return found


class Maker:
    """An object store that counts the keys it makes."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def make_key(self, namespace: str) -> tuple[str, str]:
        self.made.append(namespace)
        return f"fake-{len(self.made)}", "fake-secret"
