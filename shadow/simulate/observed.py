"""Which objects belong to a parent, and under which keys a hook sees them."""

from collections.abc import Iterable, Sequence

from shadow.protocol.names import CONTROLLER_UID_LABEL, DECORATOR_ANNOTATION
from shadow.protocol.objects import Json
from shadow.simulate.client import Client
from shadow.simulate.controller import Controller
from shadow.simulate.errors import ApiError, SyncError
from shadow.simulate.kinds import Kind
from shadow.simulate.objects import (
    annotations_of,
    controller_reference,
    controller_uid_of,
    described,
    is_being_deleted,
    is_empty,
    labels_of,
    name_of,
    namespace_of,
    owners_of,
    selects,
    uid_of,
    with_member,
)
from shadow.simulate.values import at
from shadow.terms import HookVersion, Protocol

Groups = dict[str, list[Json]]
"""Observed objects by group key (`Deployment.apps/v1`); every declared kind is there."""


def observe(api: Client, controller: Controller, parent: Json) -> Groups:
    """The objects that this controller counts as the parent's own; a composite adopts and releases on the way.

    Raises SyncError where a composite parent has no usable selector, ApiError where an adoption is refused.
    """
    everything = {
        rule.group_key: api.list_all(rule.api_version, rule.kind.kind, namespace_of(parent))
        for rule in controller.children
    }
    if controller.protocol is Protocol.DECORATOR:
        return {
            group: [body for body in bodies if _is_attachment(body, controller, parent)]
            for group, bodies in everything.items()
        }
    selector = child_selector(controller, parent)
    return {group: _claimed(api, bodies, parent, selector) for group, bodies in everything.items()}


def _is_attachment(body: Json, controller: Controller, parent: Json) -> bool:
    marked = annotations_of(body).get(DECORATOR_ANNOTATION) == controller.name
    return marked and controller_uid_of(body) == uid_of(parent)


def child_selector(controller: Controller, parent: Json) -> Json:
    """The selector that a composite's children match. Raises SyncError for a parent without one."""
    if controller.generate_selector:
        return {"matchLabels": {CONTROLLER_UID_LABEL: uid_of(parent)}}
    selector: Json | None = at(parent, "spec", "selector")
    if selector is None or is_empty(selector):
        raise SyncError(".spec.selector must have either matchLabels, matchExpressions, or both")
    return selector


def _claimed(api: Client, all_of_kind: Iterable[Json], parent: Json, selector: Json) -> list[Json]:
    claimed = []
    for body in all_of_kind:
        owner, fits = controller_uid_of(body), selects(selector, labels_of(body))
        if owner == uid_of(parent) and fits:
            claimed.append(body)
        elif owner == uid_of(parent) and not is_being_deleted(body):
            _release(api, body, parent)
        elif owner is None and fits and not is_being_deleted(parent) and not is_being_deleted(body):
            claimed.append(_adopted(api, body, parent))
    return claimed


def _release(api: Client, body: Json, parent: Json) -> None:
    left = [owner for owner in owners_of(body) if owner.get("uid") != uid_of(parent)]
    try:
        api.update(with_member(body, "metadata", "ownerReferences", value=left))
    except ApiError as exc:
        if not exc.not_found:
            raise SyncError(f"can't release {described(body)}: {exc}") from exc


def _adopted(api: Client, body: Json, parent: Json) -> Json:
    owners = [*owners_of(body), controller_reference(parent)]
    try:
        return api.update(with_member(body, "metadata", "ownerReferences", value=owners))
    except ApiError as exc:
        raise SyncError(f"can't adopt {described(body)}: {exc}") from exc


def keyed(groups: Groups, parent: Json, parent_kind: Kind, version: HookVersion) -> Json:
    """The object maps of a request: `{"Secret.v1": {"ns/name": object}}`.

    v1 under a namespaced parent has bare names and leaves out what lies in another namespace, or in none.
    """
    return {group: _keyed_group(bodies, parent, parent_kind, version) for group, bodies in groups.items()}


def _keyed_group(bodies: Sequence[Json], parent: Json, parent_kind: Kind, version: HookVersion) -> Json:
    if version is HookVersion.V1 and parent_kind.namespaced:
        return {name_of(body): body for body in bodies if namespace_of(body) == namespace_of(parent)}
    return {"/".join(part for part in (namespace_of(body), name_of(body)) if part): body for body in bodies}
