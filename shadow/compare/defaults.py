"""What the API server fills in where an object of a well-known kind says nothing. A choice, not the whole schema.

A default here is only half of the proof: that this cluster filled it in, the observed object has to show.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from shadow.compare.kinds import built_in
from shadow.protocol.objects import Identity, Json, object_of

Names = tuple[str, ...]
"""Field names from the object's root, items of lists left out."""

_RBAC: Final = "rbac.authorization.k8s.io"
_LIMITS: Final = ("spec", "limits")
_TEMPLATE: Final = ("spec", "template", "spec")
_POD_SPECS: Final[Mapping[str, Names]] = {
    "CronJob": ("spec", "jobTemplate", *_TEMPLATE),
    "DaemonSet": _TEMPLATE,
    "Deployment": _TEMPLATE,
    "Job": _TEMPLATE,
    "Pod": ("spec",),
    "ReplicaSet": _TEMPLATE,
    "StatefulSet": _TEMPLATE,
}
"""Where a kind has the specification of its pods."""

_PROBE: Final = {
    "timeoutSeconds": (1,), "periodSeconds": (10,), "successThreshold": (1,), "failureThreshold": (3,),
    "httpGet.scheme": ("HTTP",), "httpGet.path": ("/",), "grpc.service": ("",),
}  # fmt: skip
_CONTAINER: Final[Mapping[str, tuple[Any, ...]]] = {
    "imagePullPolicy": ("IfNotPresent", "Always"),
    "terminationMessagePath": ("/dev/termination-log",),
    "terminationMessagePolicy": ("File",),
    "resources": ({},),
    "ports.protocol": ("TCP",),
    "env.valueFrom.fieldRef.apiVersion": ("v1",),
} | {
    f"{probe}.{name}": values
    for probe in ("livenessProbe", "readinessProbe", "startupProbe")
    for name, values in _PROBE.items()
}
_POD: Final[Mapping[str, tuple[Any, ...]]] = {
    "restartPolicy": ("Always",),
    "dnsPolicy": ("ClusterFirst",),
    "schedulerName": ("default-scheduler",),
    "terminationGracePeriodSeconds": (30,),
    "securityContext": ({},),
    "enableServiceLinks": (True,),
    "serviceAccountName": ("default",),
    "volumes.configMap.defaultMode": (420,),
    "volumes.secret.defaultMode": (420,),
    "volumes.projected.defaultMode": (420,),
    "volumes.downwardAPI.defaultMode": (420,),
    "volumes.hostPath.type": ("",),
    "volumes.emptyDir": ({},),
} | {f"{kind}.{name}": values for kind in ("containers", "initContainers") for name, values in _CONTAINER.items()}

_KINDS: Final[Mapping[str, Mapping[str, tuple[Any, ...]]]] = {
    "ClusterRoleBinding": {"roleRef.apiGroup": (_RBAC,), "subjects.apiGroup": (_RBAC, "")},
    "CronJob": {
        "spec.concurrencyPolicy": ("Allow",), "spec.failedJobsHistoryLimit": (1,),
        "spec.successfulJobsHistoryLimit": (3,), "spec.suspend": (False,),
    },
    "DaemonSet": {
        "spec.revisionHistoryLimit": (10,), "spec.updateStrategy.type": ("RollingUpdate",),
        "spec.updateStrategy.rollingUpdate.maxSurge": (0,), "spec.updateStrategy.rollingUpdate.maxUnavailable": (1,),
    },
    "Deployment": {
        "spec.replicas": (1,), "spec.revisionHistoryLimit": (10,), "spec.progressDeadlineSeconds": (600,),
        "spec.strategy.type": ("RollingUpdate",), "spec.strategy.rollingUpdate.maxSurge": ("25%",),
        "spec.strategy.rollingUpdate.maxUnavailable": ("25%",),
    },
    "HorizontalPodAutoscaler": {"spec.minReplicas": (1,)},
    "Job": {
        "spec.completions": (1,), "spec.parallelism": (1,), "spec.backoffLimit": (6,),
        "spec.completionMode": ("NonIndexed",), "spec.suspend": (False,),
    },
    "NetworkPolicy": {
        "spec.policyTypes": (["Ingress"],), "spec.ingress.ports.protocol": ("TCP",),
        "spec.egress.ports.protocol": ("TCP",),
    },
    "PersistentVolumeClaim": {"spec.volumeMode": ("Filesystem",)},
    "ReplicaSet": {"spec.replicas": (1,)},
    "RoleBinding": {"roleRef.apiGroup": (_RBAC,), "subjects.apiGroup": (_RBAC, "")},
    "Secret": {"type": ("Opaque",)},
    "Service": {
        "spec.type": ("ClusterIP",), "spec.sessionAffinity": ("None",), "spec.internalTrafficPolicy": ("Cluster",),
        "spec.externalTrafficPolicy": ("Cluster",), "spec.ipFamilyPolicy": ("SingleStack",),
        "spec.allocateLoadBalancerNodePorts": (True,), "spec.ports.protocol": ("TCP",),
    },
    "StatefulSet": {
        "spec.replicas": (1,), "spec.revisionHistoryLimit": (10,), "spec.podManagementPolicy": ("OrderedReady",),
        "spec.updateStrategy.type": ("RollingUpdate",), "spec.updateStrategy.rollingUpdate.partition": (0,),
        "spec.persistentVolumeClaimRetentionPolicy.whenDeleted": ("Retain",),
        "spec.persistentVolumeClaimRetentionPolicy.whenScaled": ("Retain",),
    },
}  # fmt: skip

_IN_PODS: Final[Mapping[str, Json]] = {
    "volumes.downwardAPI.items.fieldRef": {"apiVersion": "v1"},
    "volumes.projected.sources.downwardAPI.items.fieldRef": {"apiVersion": "v1"},
    "volumes.projected.sources.serviceAccountToken": {"expirationSeconds": 3600},
}
_IN_LISTS: Final[Mapping[str, Mapping[str, Json]]] = {
    "NetworkPolicy": {"spec.ingress.ports": {"protocol": "TCP"}, "spec.egress.ports": {"protocol": "TCP"}},
    "StatefulSet": {
        "spec.volumeClaimTemplates": {
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "status": {"phase": "Pending"},
        },
        "spec.volumeClaimTemplates.spec": {"volumeMode": "Filesystem"},
    },
}  # fmt: skip
"""What is filled in whatever else is said, within lists that Metacontroller replaces whole: there it is lost again."""


def is_default(identity: Identity, names: Names, value: Any) -> bool:
    """Whether the API server would fill in this very value there; of a map, all that is in it."""
    if not built_in(identity):
        return False
    pending = [(names, value)]
    while pending:
        place, here = pending.pop()
        if any(type(here) is type(default) and here == default for default in _known(identity.kind, place)):
            continue
        if not isinstance(here, dict) or not here:
            return False
        pending.extend(((*place, name), item) for name, item in here.items())
    return True


def fill_in(identity: Identity, item: Json) -> None:
    """Fill in, in place, what the API server fills into the items of lists that have no merge key."""
    if not built_in(identity):
        return
    places = {tuple(place.split(".")): filled for place, filled in _IN_LISTS.get(identity.kind, {}).items()}
    pod = _POD_SPECS.get(identity.kind)
    if pod is not None:
        places |= {(*pod, *place.split(".")): filled for place, filled in _IN_PODS.items()}
    for names, filled in places.items():
        for structure in _structures(item, names):
            structure |= {name: value for name, value in filled.items() if name not in structure}
    if identity.kind == "LimitRange":
        for limit in _structures(item, _LIMITS):
            limit.update(with_derived(identity, _LIMITS, limit))


def _structures(item: Json, names: Names) -> list[Json]:
    """Those at this place: the items of a list in place of the list."""
    found = [item]
    for name in names:
        below = [here.get(name) for here in found]
        items = [each for value in below for each in (value if isinstance(value, list) else (value,))]
        found = [each for each in items if isinstance(each, dict)]
    return found


def with_derived(identity: Identity, names: Names, item: Json) -> Json:
    """The structure with what the API server fills in out of its other fields: the defaults of a LimitRange's item."""
    if identity.kind != "LimitRange" or names != _LIMITS or item.get("type") != "Container":
        return item
    default = object_of(item, "max") | object_of(item, "default")
    request = object_of(item, "min") | default | object_of(item, "defaultRequest")
    return item | {name: values for name, values in (("default", default), ("defaultRequest", request)) if values}


def _known(kind: str, names: Names) -> Iterator[Any]:
    yield from _KINDS.get(kind, {}).get(".".join(names), ())
    pod = _POD_SPECS.get(kind)
    if pod is not None and names[: len(pod)] == pod:
        yield from _POD.get(".".join(names[len(pod) :]), ())
