"""How each protocol calls things on the wire, and the names that Metacontroller writes into objects.

Constants, and what is Kubernetes' own by its group.
"""

from typing import Final

from shadow.terms import Protocol

ROOT_KEY: Final = {Protocol.COMPOSITE: "parent", Protocol.DECORATOR: "object"}
"""The parent in a sync or finalize request; in a customize request it is `parent` for both."""

OBSERVED_KEY: Final = {Protocol.COMPOSITE: "children", Protocol.DECORATOR: "attachments"}
"""The map of observed objects in a request, and the list of desired ones in an answer."""

CONTROLLER_KIND: Final = {Protocol.COMPOSITE: "CompositeController", Protocol.DECORATOR: "DecoratorController"}

RELATED_RULES_KEY: Final = "relatedResources"
"""The only field of a customize answer."""

ANSWER_FIELDS: Final = {
    Protocol.COMPOSITE: frozenset({"status", "children", "resyncAfterSeconds", "finalized"}),
    Protocol.DECORATOR: frozenset(
        {"status", "attachments", "resyncAfterSeconds", "finalized", "labels", "annotations"}
    ),
}
"""What Metacontroller knows in a sync or finalize answer."""

LAST_APPLIED: Final = "metacontroller.k8s.io/last-applied-configuration"
DECORATOR_ANNOTATION: Final = "metacontroller.k8s.io/decorator-controller"
CONTROLLER_UID_LABEL: Final = "controller-uid"

SYSTEM_METADATA: Final = frozenset(
    {
        "selfLink",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "managedFields",
    }
)
"""Fields of `metadata` that belong to the API server."""

ON_DELETE: Final = "OnDelete"
"""The update method of a kind for which none is declared."""

ROLLING_METHODS: Final = frozenset({"RollingRecreate", "RollingInPlace"})
RECREATE_METHODS: Final = frozenset({"Recreate", "RollingRecreate"})

_DOTTED_GROUPS = frozenset(
    f"{group}.k8s.io"
    for group in (
        "admissionregistration", "apiextensions", "apiregistration", "authentication", "authorization", "certificates",
        "checkpoint", "coordination", "discovery", "events", "flowcontrol.apiserver", "internal.apiserver", "lifecycle",
        "networking", "node", "rbac.authorization", "resource", "scheduling", "storage", "storagemigration",
    )
)  # fmt: skip


def is_built_in(group: str) -> bool:
    """Whether the group comes with Kubernetes itself: none, one without a dot, or one of its own `*.k8s.io`.

    Gateways and snapshots are of other groups under `k8s.io`, and custom resources like any other.
    """
    return "." not in group or group in _DOTTED_GROUPS
