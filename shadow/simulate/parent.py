"""Writing to the parent: finalizers, the status a composite owns, and what a decorator's answer changes."""

from collections.abc import Mapping

from shadow.protocol.objects import Json
from shadow.simulate.client import Client
from shadow.simulate.controller import Controller
from shadow.simulate.decode import Answer
from shadow.simulate.errors import ApiError, SyncError
from shadow.simulate.objects import (
    GC_FINALIZERS,
    annotations_of,
    described,
    finalizers_of,
    is_being_deleted,
    labels_of,
    name_of,
    namespace_of,
    uid_of,
    with_member,
)
from shadow.simulate.values import at, same


class GoneError(Exception):
    """The parent changed or went away amid the sync; it ends without an error."""


def with_right_finalizer(api: Client, controller: Controller, parent: Json) -> Json:
    """The parent with the finalizer if there is a finalize hook, without it if there is none. Raises SyncError."""
    has = controller.finalizer in finalizers_of(parent)
    if has == controller.finalizes or (controller.finalizes and is_being_deleted(parent)):
        return parent
    return set_finalizer(api, controller, parent, present=controller.finalizes)


def set_finalizer(api: Client, controller: Controller, parent: Json, *, present: bool) -> Json:
    """Adds or removes the finalizer on the live object. Raises SyncError."""
    try:
        live = fresh(api, parent)
        others = [name for name in finalizers_of(live) if name != controller.finalizer]
        wanted = [*others, controller.finalizer] if present else others
        if wanted == finalizers_of(live):
            return live
        return api.update(with_member(live, "metadata", "finalizers", value=wanted))
    except ApiError as exc:
        raise SyncError(f"can't sync finalizer for {described(parent)}: {exc}") from exc


def fresh(api: Client, parent: Json) -> Json:
    """The live parent. Raises ApiError 404, also if another object took its name."""
    live = api.get(parent["apiVersion"], parent["kind"], namespace_of(parent), name_of(parent))
    if uid_of(live) != uid_of(parent):
        raise ApiError(404, f"{described(parent)} is another one by now")
    return live


def children_are_managed(controller: Controller, parent: Json) -> bool:
    """Whether objects may be touched: the parent is alive, or being finalized with nobody else's help."""
    if not is_being_deleted(parent):
        return True
    finalizers = finalizers_of(parent)
    return controller.finalizes and controller.finalizer in finalizers and GC_FINALIZERS.isdisjoint(finalizers)


def write_composite_status(api: Client, parent: Json, status: Json | None) -> None:
    """The answer's status plus observedGeneration, if the live parent has another one. Raises SyncError."""
    wanted = {**(status or {}), "observedGeneration": at(parent, "metadata", "generation") or 0}
    try:
        live = fresh(api, parent)
        if not same(live.get("status"), wanted):
            api.update({**live, "status": wanted}, subresource="status")
    except ApiError as exc:
        if not (exc.not_found or exc.conflict):
            raise SyncError(f"can't update status for {described(parent)}: {exc}") from exc


def write_decorator_parent(api: Client, controller: Controller, parent: Json, answer: Answer) -> None:
    """Labels, annotations, status and finalizer, if the answer has other ones than the parent.

    Raises:
        GoneError: the parent is not what it was; the objects are left alone.
        SyncError: refused otherwise.
    """
    before = parent.get("status") or {}
    status = before if answer.status is None else answer.status
    labels = _updated(labels_of(parent), answer.labels)
    annotations = _updated(annotations_of(parent), answer.annotations)
    status_changed = not same(before, status)
    relabelled = labels != labels_of(parent) or annotations != annotations_of(parent)
    if not (relabelled or status_changed or (answer.finalized and controller.finalizer in finalizers_of(parent))):
        return
    wanted = {**with_member(parent, "metadata", "labels", value=labels), "status": status}
    wanted = with_member(wanted, "metadata", "annotations", value=annotations)
    try:
        _put_decorated(
            api, wanted, status_changed=status_changed, drop=controller.finalizer if answer.finalized else None
        )
    except ApiError as exc:
        if exc.not_found or exc.conflict:
            raise GoneError from exc
        raise SyncError(f"can't update {described(parent)}: {exc}") from exc


def _put_decorated(api: Client, wanted: Json, *, status_changed: bool, drop: str | None) -> None:
    """Up to two PUTs: where the status is a subresource, the one of the whole object ignores it."""
    if status_changed and api.kinds.of(wanted["apiVersion"], wanted["kind"]).status_subresource:
        version = api.update(wanted, subresource="status")["metadata"]["resourceVersion"]
        wanted = with_member(wanted, "metadata", "resourceVersion", value=version)
    left = [name for name in finalizers_of(wanted) if name != drop]
    if left != finalizers_of(wanted):
        wanted = with_member(wanted, "metadata", "finalizers", value=left)
    api.update(wanted)


def _updated(present: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    """Null deletes a key, anything else sets it."""
    merged: dict[str, str | None] = {**present, **changes}
    return {key: value for key, value in merged.items() if value is not None}
