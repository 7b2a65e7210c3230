"""What is known of Kubernetes' own kinds without asking a cluster. Nothing is said of kinds that are not its own."""

from shadow.protocol.objects import Identity

_CLUSTER_SCOPED = frozenset(
    {
        "Namespace", "Node", "PersistentVolume", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition",
        "APIService", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding", "StorageClass", "CSIDriver", "CSINode", "VolumeAttachment",
        "PriorityClass", "RuntimeClass", "IngressClass", "FlowSchema", "PriorityLevelConfiguration",
        "CertificateSigningRequest", "ClusterTrustBundle", "DeviceClass", "ResourceSlice", "ServiceCIDR", "IPAddress",
        "VolumeAttributesClass", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "TokenReview",
        "SubjectAccessReview", "SelfSubjectAccessReview", "SelfSubjectRulesReview", "SelfSubjectReview",
        "StorageVersion", "StorageVersionMigration", "DeviceTaintRule", "ResourceClass", "ClusterCIDR",
        "PodSecurityPolicy", "ComponentStatus",
    }
)  # fmt: skip


_DOTTED_GROUPS = frozenset(
    f"{group}.k8s.io"
    for group in (
        "admissionregistration", "apiextensions", "apiregistration", "authentication", "authorization", "certificates",
        "coordination", "discovery", "events", "flowcontrol.apiserver", "internal.apiserver", "networking", "node",
        "rbac.authorization", "resource", "scheduling", "storage", "storagemigration",
    )
)  # fmt: skip


def built_in(identity: Identity) -> bool:
    """Whether the kind comes with Kubernetes itself: no group, one without a dot, or one of its own `*.k8s.io`.

    Gateways and snapshots are of other groups under `k8s.io`, and custom resources like any other.
    """
    group = identity.group
    return "." not in group or group in _DOTTED_GROUPS


def namespaced(identity: Identity) -> bool:
    """Whether objects of this kind are known to live in a namespace."""
    return built_in(identity) and identity.kind not in _CLUSTER_SCOPED
