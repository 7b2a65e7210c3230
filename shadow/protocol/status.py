"""What becomes of the parent's status on the way to the front.

Null or absent means *wiped* in a composite answer and *unchanged* in a decorator's; `{}` wipes in both. Metacontroller
adds `observedGeneration` to the status of a composite answer only.
"""

from typing import Literal

import msgspec

from shadow.protocol.draft import Draft
from shadow.protocol.messages import Request
from shadow.protocol.names import is_built_in
from shadow.protocol.wire import NULL, UnreadableError, encode, is_null, join_object, parse_as, split_object
from shadow.terms import Protocol

_EMPTY = msgspec.Raw(b"{}")

_OBSERVING = frozenset(
    {
        ("", "ReplicationController"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("apps", "DaemonSet"),
        ("apps", "Deployment"),
        ("apps", "ReplicaSet"),
        ("apps", "StatefulSet"),
        ("autoscaling", "HorizontalPodAutoscaler"),
        ("policy", "PodDisruptionBudget"),
    }
)
"""Of Kubernetes' own kinds those whose status has the field, by its API types; all others prune it. A Pod has it since
1.33 only, and the kubelet writes it there."""


class _Manager(msgspec.Struct):
    """One writer of an object, and the fields that it owns."""

    subresource: str | None = None
    fieldsV1: dict[str, msgspec.Raw] | None = None


class _Metadata(msgspec.Struct):
    managedFields: list[_Manager] | None = None


class _Parent(msgspec.Struct):
    metadata: _Metadata
    apiVersion: str | None = None
    status: dict[str, msgspec.Raw] | None = None


def parent_status(request: Request) -> msgspec.Raw:
    """The parent's status as Metacontroller sent it, `{}` when there is none."""
    status = split_object(request.root).get("status")
    return _EMPTY if status is None or is_null(status) else status


def keep_unsaid_status(draft: Draft, request: Request) -> None:
    """A decorator that says nothing about the status leaves it; a composite has to repeat it."""
    if is_null(draft.fields.get("status")):
        draft.put("status", parent_status(request))
        draft.note("status-kept", "the answer leaves the status unchanged, so the parent's own is repeated")


def add_observed_generation(
    draft: Draft, request: Request, setting: Literal["auto", "true", "false"], *, null_is_empty: bool
) -> None:
    """Say in a decorator answer what Metacontroller adds to a composite one, where the parent keeps it.

    Without a status subresource each write raises the generation, which is a hot loop; most of Kubernetes' own kinds
    prune the field, which costs two writes without effect at every sync.

    Args:
        null_is_empty: the answer is a composite's, for which no status means an empty one.
    """
    status = draft.fields.get("status")
    if is_null(status) and not null_is_empty:
        return
    if not keeps_observed_generation(request, setting):
        draft.note(
            "observed-generation", f"not added to the status of a {request.parent.kind}, which would not keep it"
        )
        return
    fields = {} if status is None or is_null(status) else split_object(status)
    generation = encode(request.generation)
    if bytes(fields.get("observedGeneration", b"")) != bytes(generation):
        draft.put("status", join_object({**fields, "observedGeneration": generation}))


def keeps_observed_generation(request: Request, setting: Literal["auto", "true", "false"]) -> bool:
    """`auto`: the parent shows that it has a status subresource, and its kind does not prune the field."""
    if setting != "auto":
        return setting == "true"
    group = _group(request.parent.apiVersion)
    prunes = is_built_in(group) and (group, request.parent.kind) not in _OBSERVING
    return not prunes and shows_status_subresource(request.root)


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]


def shows_status_subresource(parent: msgspec.Raw) -> bool:
    """Whether somebody wrote the parent through its status subresource, as its `managedFields` tell.

    1. There is an entry with `subresource: status`.
    2. A custom resource has a status, and no writer owns it. A DecoratorController removes that entry itself: after
       the status it writes the rest of the parent, with the `managedFields` of before. Written without a subresource
       the status would be owned by who wrote it.
    """
    try:
        shown = parse_as(parent, _Parent)
    except UnreadableError:
        return False
    entries = shown.metadata.managedFields or []
    if any(entry.subresource == "status" for entry in entries):
        return True
    is_custom = not is_built_in(_group(shown.apiVersion or ""))
    told = bool(entries) and all(entry.fieldsV1 for entry in entries)
    return is_custom and bool(shown.status) and told and not any("f:status" in (e.fieldsV1 or {}) for e in entries)


def leave_status_alone(draft: Draft, request: Request, *, rolling: bool) -> None:
    """Whatever the answer says, the parent's status stays as it is.

    A decorator front needs no status for that. A composite front takes none for an empty one, and with a `Rolling*`
    method none crashes Metacontroller: there the parent's own is said again.
    """
    if request.front is Protocol.COMPOSITE or rolling:
        draft.put("status", parent_status(request))
    elif not is_null(draft.fields.get("status")):
        draft.put("status", NULL)
