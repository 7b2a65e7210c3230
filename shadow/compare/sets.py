"""Lists in which Kubernetes does not mind the order. Of custom resources only what every object has is known."""

from collections.abc import Mapping
from typing import Final

from shadow.compare.kinds import built_in
from shadow.fieldpath import Steps
from shadow.protocol.objects import Identity

_OF_EVERY_OBJECT: Final = frozenset({("metadata", "finalizers"), ("metadata", "ownerReferences")})

_OF_PODS: Final = frozenset(
    {
        "imagePullSecrets", "matchExpressions", "supplementalGroups", "sysctls", "tolerations",
        "topologySpreadConstraints", "volumeDevices", "volumeMounts", "volumes",
    }
)  # fmt: skip
"""By the name of the list, in whatever carries a pod's specification. Not `env`, `envFrom` and the containers: a later
variable may refer to or override an earlier one, and the first container is the default one."""

_OF_KINDS: Final[Mapping[str, frozenset[str]]] = {
    "ClusterRole": frozenset({"apiGroups", "nonResourceURLs", "resourceNames", "resources", "rules", "verbs"}),
    "ClusterRoleBinding": frozenset({"subjects"}),
    "NetworkPolicy": frozenset({"egress", "from", "ingress", "matchExpressions", "policyTypes", "ports", "to"}),
    "PersistentVolume": frozenset({"accessModes", "mountOptions"}),
    "PersistentVolumeClaim": frozenset({"accessModes", "matchExpressions"}),
    "Role": frozenset({"apiGroups", "nonResourceURLs", "resourceNames", "resources", "rules", "verbs"}),
    "RoleBinding": frozenset({"subjects"}),
    "Service": frozenset({"externalIPs", "loadBalancerSourceRanges", "ports"}),
    "ServiceAccount": frozenset({"imagePullSecrets", "secrets"}),
}
_BELOW: Final = frozenset(
    {
        ("capabilities", "add"), ("capabilities", "drop"), ("configMap", "items"), ("containers", "ports"),
        ("initContainers", "ports"), ("matchExpressions", "values"), ("secret", "items"),
    }
)  # fmt: skip
"""By the names of the list and of what it is in."""


def is_set(identity: Identity, path: Steps) -> bool:
    """Whether the list at this place of the object means the same in any order."""
    names = tuple(step for step in path if isinstance(step, str))
    if not path or not isinstance(path[-1], str):
        return False
    if names in _OF_EVERY_OBJECT:
        return True
    if not built_in(identity):
        return False
    return names[-1] in _OF_PODS or names[-2:] in _BELOW or names[-1] in _OF_KINDS.get(identity.kind, ())
