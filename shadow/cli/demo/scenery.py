"""What the story is played with: a cluster of Kubeflow namespaces, and the controller that calls the proxy."""

import uuid
from itertools import count

from shadow.protocol.objects import Json
from shadow.proxy.cutover.assignment import bucket
from shadow.simulate import Cluster

MIGRATION = "kubeflow-profile"
CONTROLLER = "kubeflow-pipelines-profile-controller"

NAMESPACES = (
    "team-ads",
    "team-fraud",
    "team-maps",
    "team-pricing",
    "team-search",
    "team-speech",
    "team-support",
    "team-vision",
)
CANARY_PERCENT = 25
MOVED_FIRST = frozenset({"team-fraud", "team-vision"})
"""The quarter of the namespaces that a weight of 25% moves."""

FORGOTTEN_IN = "team-fraud"
FORGOTTEN = "ml-pipeline-ui-artifact"
"""The Service that the new hook forgets, in one namespace only: a bug that no smoke test finds."""

OLD_TAG, NEW_TAG = "2.5.0", "2.5.1"
OBJECTS_PER_NAMESPACE = 8
UPDATED = "ml-pipeline-visualizationserver"
"""The Deployment whose image the new hook raises; on purpose."""

_ATTACHMENTS = (
    ("v1", "secrets", "OnDelete"),
    ("v1", "configmaps", "OnDelete"),
    ("apps/v1", "deployments", "InPlace"),
    ("v1", "services", "InPlace"),
    ("networking.istio.io/v1alpha3", "destinationrules", "InPlace"),
    ("security.istio.io/v1beta1", "authorizationpolicies", "InPlace"),
)


def build_cluster(hook_url: str) -> Cluster:
    """The namespaces, still empty, and a controller that calls `hook_url`."""
    cluster = Cluster()
    for number, name in enumerate(NAMESPACES, start=1):
        cluster.load(namespace(name, number))
    cluster.apply(controller(hook_url))
    return cluster


def namespace(name: str, number: int) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "uid": uid(name),
            "resourceVersion": str(number),
            "creationTimestamp": "2026-01-05T08:00:00Z",
            "labels": {
                "app.kubernetes.io/part-of": "kubeflow-profile",
                "kubernetes.io/metadata.name": name,
                "pipelines.kubeflow.org/enabled": "true",
            },
        },
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def uid(name: str) -> str:
    """The same uid at every run, such that the canary's weight moves MOVED_FIRST and nobody else.

    Which parents a weight moves is decided by a hash of their uid; a story needs to know them beforehand.
    """
    for attempt in count():
        made = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.{attempt}"))
        if (bucket(made) < CANARY_PERCENT * 100) == (name in MOVED_FIRST):
            return made
    raise AssertionError  # count() does not end


def controller(hook_url: str) -> Json:
    return {
        "apiVersion": "metacontroller.k8s.io/v1alpha1",
        "kind": "DecoratorController",
        "metadata": {"name": CONTROLLER},
        "spec": {
            "resources": [
                {
                    "apiVersion": "v1",
                    "resource": "namespaces",
                    "labelSelector": {"matchLabels": {"pipelines.kubeflow.org/enabled": "true"}},
                }
            ],
            "attachments": [
                {"apiVersion": version, "resource": resource, "updateStrategy": {"method": method}}
                for version, resource, method in _ATTACHMENTS
            ],
            "hooks": {"sync": {"webhook": {"url": hook_url}}},
        },
    }
