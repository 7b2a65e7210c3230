"""What is known of Kubernetes' own kinds without asking a cluster. Nothing is said of kinds that are not its own."""

from shadow.protocol.names import is_built_in
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
        "ResourcePoolStatusRequest", "PodSecurityPolicy", "ComponentStatus",
    }
)  # fmt: skip
"""As Kubernetes' own discovery says: `api/discovery` of its sources, and an API server of 1.28 with all versions.
Kinds that it has withdrawn are among them."""


def built_in(identity: Identity) -> bool:
    """Whether the kind comes with Kubernetes itself."""
    return is_built_in(identity.group)


def namespaced(identity: Identity) -> bool:
    """Whether objects of this kind are known to live in a namespace."""
    return built_in(identity) and identity.kind not in _CLUSTER_SCOPED
