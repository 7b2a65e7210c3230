"""What the API server adds to the objects it stores: defaults as recorded from a real one, and derived fields."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

from shadow.protocol.objects import Json

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_FILE_MODE = 0o644


def fill(target: Json, **defaults: Any) -> None:
    """Set what is not there."""
    for key, value in defaults.items():
        target.setdefault(key, value)


def _namespace(body: Json) -> None:
    fill(body.setdefault("spec", {}), finalizers=["kubernetes"])
    fill(body.setdefault("status", {}), phase="Active")
    labels = body["metadata"].setdefault("labels", {})
    labels["kubernetes.io/metadata.name"] = body["metadata"].get("name", "")


def _secret(body: Json) -> None:
    written = body.pop("stringData", None)
    if written:
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in written.items()}
        body["data"] = {**body.get("data", {}), **encoded}
    fill(body, type="Opaque")


def _service(body: Json) -> None:
    spec = body.setdefault("spec", {})
    fill(spec, type="ClusterIP", sessionAffinity="None", internalTrafficPolicy="Cluster")
    for port in spec.get("ports", []):
        fill(port, protocol="TCP", targetPort=port.get("port"))
    if spec["type"] != "ExternalName":
        fill(spec, ipFamilies=["IPv4"], ipFamilyPolicy="SingleStack")
    fill(body, status={"loadBalancer": {}})


def _deployment(body: Json) -> None:
    spec = body.setdefault("spec", {})
    fill(spec, replicas=1, progressDeadlineSeconds=600, revisionHistoryLimit=10)
    strategy = spec.setdefault("strategy", {})
    fill(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        fill(strategy.setdefault("rollingUpdate", {}), maxSurge="25%", maxUnavailable="25%")
    template = spec.setdefault("template", {})
    fill(template, metadata={})
    pod_spec(template.setdefault("spec", {}))
    fill(body, status={})


def _pod(body: Json) -> None:
    pod_spec(body.setdefault("spec", {}))


def _autoscaler(body: Json) -> None:
    target = {"type": "Utilization", "averageUtilization": 80}
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": target}}
    fill(body.setdefault("spec", {}), minReplicas=1, metrics=[metric])
    fill(body, status={"desiredReplicas": 0, "currentMetrics": None})


def pod_spec(spec: Json) -> None:
    """Defaults of a pod, in a template or alone."""
    fill(
        spec,
        restartPolicy="Always",
        terminationGracePeriodSeconds=30,
        dnsPolicy="ClusterFirst",
        securityContext={},
        schedulerName="default-scheduler",
    )
    if "serviceAccountName" in spec:
        spec["serviceAccount"] = spec["serviceAccountName"]  # the deprecated twin
    for container in (*spec.get("initContainers", []), *spec.get("containers", [])):
        _container(container)
    for volume in spec.get("volumes", []):
        _volume(volume)


def _container(container: Json) -> None:
    fill(
        container,
        resources={},
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
        imagePullPolicy=_pull_policy(container.get("image", "")),
    )
    for port in container.get("ports", []):
        fill(port, protocol="TCP")
    for reference in _field_references(container.get("env", []), "valueFrom"):
        fill(reference, apiVersion="v1")
    for probe in (container[name] for name in _PROBES if name in container):
        fill(probe, timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)
        if "httpGet" in probe:
            fill(probe["httpGet"], path="/", scheme="HTTP")


def _pull_policy(image: str) -> str:
    """Always for no tag or `latest`, as long as no digest fixes it."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return "IfNotPresent" if digest or tag not in ("", "latest") else "Always"


def _volume(volume: Json) -> None:
    for name in ("secret", "configMap", "downwardAPI", "projected"):
        if name in volume:
            fill(volume[name], defaultMode=_FILE_MODE)
    if "hostPath" in volume:
        fill(volume["hostPath"], type="")
    sources = volume.get("projected", {}).get("sources", [])
    for source in sources:
        if "serviceAccountToken" in source:
            fill(source["serviceAccountToken"], expirationSeconds=3600)
    for holder in (volume, *sources):
        for reference in _field_references(holder.get("downwardAPI", {}).get("items", []), None):
            fill(reference, apiVersion="v1")


def _field_references(items: list[Json], under: str | None) -> Iterator[Json]:
    for item in items:
        holder = item.get(under, {}) if under else item
        if "fieldRef" in holder:
            yield holder["fieldRef"]


DEFAULTS: dict[str, Callable[[Json], None]] = {
    "Namespace": _namespace,
    "Secret": _secret,
    "Service": _service,
    "Deployment": _deployment,
    "Pod": _pod,
    "HorizontalPodAutoscaler": _autoscaler,
}
