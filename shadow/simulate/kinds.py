"""Which kinds the simulated API server serves, and the traits of each that decide what a write does."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from shadow.simulate.errors import ApiError


def group_of(api_version: str) -> str:
    """`apps` of `apps/v1`; empty for the core group."""
    return api_version.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. `versions` are apiVersions, the preferred one first; an object is the same one in each of them.

    `status_fields` prunes a structural status to these names; None keeps whatever is written. `typed` kinds are Go
    structs in the API server: unknown fields and empty maps are dropped (see `schema`).
    """

    kind: str
    plural: str
    versions: tuple[str, ...]
    namespaced: bool = True
    generation: bool = False
    status_subresource: bool = False
    typed: bool = False
    status_fields: frozenset[str] | None = None

    @property
    def group(self) -> str:
        return group_of(self.versions[0])

    @property
    def resource(self) -> str:
        """`deployments.apps`, `secrets`: as the API server's messages name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


_NAMESPACE_STATUS = frozenset({"phase", "conditions"})
_RBAC = ("rbac.authorization.k8s.io/v1",)
_ISTIO_NETWORKING = ("networking.istio.io/v1alpha3", "networking.istio.io/v1", "networking.istio.io/v1beta1")
_ISTIO_SECURITY = ("security.istio.io/v1beta1", "security.istio.io/v1")

BUILT_IN = (
    Kind("Namespace", "namespaces", ("v1",), False, False, True, True, _NAMESPACE_STATUS),
    Kind("ConfigMap", "configmaps", ("v1",), typed=True),
    Kind("Secret", "secrets", ("v1",), typed=True),
    Kind("Service", "services", ("v1",), status_subresource=True, typed=True),
    Kind("ServiceAccount", "serviceaccounts", ("v1",), typed=True),
    Kind("Pod", "pods", ("v1",), generation=True, status_subresource=True, typed=True),
    Kind("PersistentVolumeClaim", "persistentvolumeclaims", ("v1",), status_subresource=True, typed=True),
    Kind("Deployment", "deployments", ("apps/v1",), generation=True, status_subresource=True, typed=True),
    Kind("StatefulSet", "statefulsets", ("apps/v1",), generation=True, status_subresource=True, typed=True),
    Kind("ControllerRevision", "controllerrevisions", ("apps/v1",), typed=True),
    Kind(
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
        ("autoscaling/v2", "autoscaling/v1"),
        status_subresource=True,
        typed=True,
    ),
    Kind("ReplicaSet", "replicasets", ("apps/v1",), generation=True, status_subresource=True, typed=True),
    Kind("DaemonSet", "daemonsets", ("apps/v1",), generation=True, status_subresource=True, typed=True),
    Kind("Job", "jobs", ("batch/v1",), generation=True, status_subresource=True, typed=True),
    Kind("CronJob", "cronjobs", ("batch/v1",), generation=True, status_subresource=True, typed=True),
    Kind("ResourceQuota", "resourcequotas", ("v1",), status_subresource=True, typed=True),
    Kind("LimitRange", "limitranges", ("v1",), typed=True),
    Kind(
        "PodDisruptionBudget",
        "poddisruptionbudgets",
        ("policy/v1",),
        generation=True,
        status_subresource=True,
        typed=True,
    ),
    Kind("Ingress", "ingresses", ("networking.k8s.io/v1",), generation=True, status_subresource=True, typed=True),
    Kind("NetworkPolicy", "networkpolicies", ("networking.k8s.io/v1",), generation=True, typed=True),
    Kind("Role", "roles", _RBAC, typed=True),
    Kind("RoleBinding", "rolebindings", _RBAC, typed=True),
    Kind("ClusterRole", "clusterroles", _RBAC, namespaced=False, typed=True),
    Kind("ClusterRoleBinding", "clusterrolebindings", _RBAC, namespaced=False, typed=True),
)

ISTIO = (
    Kind("DestinationRule", "destinationrules", _ISTIO_NETWORKING, generation=True, status_subresource=True),
    Kind("AuthorizationPolicy", "authorizationpolicies", _ISTIO_SECURITY, generation=True, status_subresource=True),
)


def custom_kind(
    kind: str,
    api_version: str,
    *,
    plural: str | None = None,
    namespaced: bool = True,
    status_subresource: bool = True,
    status_fields: Iterable[str] | None = None,
) -> Kind:
    """A kind from a CustomResourceDefinition that preserves unknown fields, except in a structural status."""
    fields = None if status_fields is None else frozenset(status_fields)
    name = plural or f"{kind.lower()}s"
    return Kind(kind, name, (api_version,), namespaced, True, status_subresource, typed=False, status_fields=fields)


@dataclass(slots=True)
class Kinds:
    """The registry: by kind and by resource. Starts with the built-in kinds and Istio's two."""

    known: dict[tuple[str, str], Kind] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for kind in (*BUILT_IN, *ISTIO):
            self.register(kind)

    def register(self, kind: Kind) -> None:
        """Add a kind, or the versions of one that is known already."""
        earlier = self.known.get((kind.group, kind.kind))
        versions = dict.fromkeys((*(earlier.versions if earlier else ()), *kind.versions))
        self.known[(kind.group, kind.kind)] = replace(kind, versions=tuple(versions))

    def of(self, api_version: str, kind: str) -> Kind:
        """The kind of an object. Raises ApiError 404 for one that the cluster does not serve."""
        found = self.known.get((group_of(api_version), kind))
        if found is None or api_version not in found.versions:
            raise ApiError(404, f'no matches for kind "{kind}" in version "{api_version}"')
        return found

    def of_resource(self, api_version: str, plural: str) -> Kind:
        """The kind behind a resource name, as controllers declare their children."""
        for found in self.known.values():
            if found.plural == plural and api_version in found.versions:
                return found
        raise ApiError(404, f'no matches for resource "{plural}" in version "{api_version}"')
