"""Making the cluster like the answer: delete what is not desired, update or recreate what differs, create the rest."""

from collections.abc import Callable
from dataclasses import dataclass, field

from shadow.compare.dynamic import read_last_applied
from shadow.compare.golang import compact_json
from shadow.compare.merge import merge
from shadow.protocol.names import LAST_APPLIED, SYSTEM_METADATA
from shadow.protocol.objects import Json
from shadow.protocol.wire import UnreadableError
from shadow.simulate.client import Client
from shadow.simulate.errors import ApiError, SyncError
from shadow.simulate.kinds import Kind
from shadow.simulate.objects import (
    annotations_of,
    api_version_of,
    controller_reference,
    described,
    is_being_deleted,
    name_of,
    namespace_of,
    owners_of,
    with_member,
    without_member,
)
from shadow.simulate.observed import Groups
from shadow.simulate.values import at, copied, same

Key = tuple[str, str, str, str]
"""(apiVersion, kind, namespace, name): what makes a desired object and an observed one the same."""


def key_of(body: Json) -> Key:
    return api_version_of(body), str(body["kind"]), namespace_of(body), name_of(body)


def desired_by_key(items: tuple[Json, ...], parent: Json, *, written: bool) -> dict[Key, Json]:
    """The answer's items, in the parent's namespace where they name none; of two the same the later one.

    `written`: whether that namespace is put into the item, and so into its last-applied configuration.
    """
    placed: dict[Key, Json] = {}
    for item in items:
        body = copied(item)
        there = namespace_of(body) or namespace_of(parent)
        if there and written:
            body = with_member(body, "metadata", "namespace", value=there)
        placed[(*key_of(body)[:2], there, name_of(body))] = body
    return placed


@dataclass(slots=True)
class Manager:
    """Applies one answer. A refused write does not stop the others; all faults come together at the end."""

    api: Client
    parent: Json
    method_of: Callable[[Kind], str]
    faults: list[str] = field(default_factory=list)

    def manage(self, observed: Groups, desired: dict[Key, Json]) -> None:
        """Deletes first, then updates and creates. Raises SyncError with every fault."""
        present = {key_of(body): body for bodies in observed.values() for body in bodies}
        for key, body in present.items():
            if key not in desired and not is_being_deleted(body):
                self._delete(body)
        for key, body in desired.items():
            self._apply(present.get(key), body, key[2])
        if self.faults:
            raise SyncError("; ".join(self.faults))

    def _apply(self, observed: Json | None, body: Json, namespace: str) -> None:
        try:
            kind = self.api.kinds.of(api_version_of(body), body["kind"])
            if observed is None:
                self._create(body, namespace)
            else:
                self._update(kind, observed, body)
        except (ApiError, SyncError) as exc:
            self.faults.append(f"{described(body)}: {exc}")

    def _create(self, body: Json, namespace: str) -> None:
        annotated = with_member(body, "metadata", "annotations", value=annotations_of(body))
        annotated["metadata"]["annotations"][LAST_APPLIED] = compact_json(body)
        owners = [*owners_of(body), controller_reference(self.parent)]
        try:
            owned = with_member(annotated, "metadata", "ownerReferences", value=owners)
            self.api.create(with_member(owned, "metadata", "namespace", value=namespace) if namespace else owned)
        except ApiError as exc:
            if not exc.already_exists:  # swallowed, so an object of somebody else is never seen
                raise

    def _update(self, kind: Kind, observed: Json, body: Json) -> None:
        new = applied(observed, body)
        if same(new, observed) or is_being_deleted(observed):
            return
        match self.method_of(kind):
            case "OnDelete":
                return
            case "Recreate" | "RollingRecreate":
                self._delete(observed)
            case "InPlace" | "RollingInPlace":
                self._put(new)
            case unknown:
                raise SyncError(f'invalid update strategy for {kind.kind}: unknown method "{unknown}"')

    def _put(self, new: Json) -> None:
        try:
            self.api.update(new)
        except ApiError as exc:
            if not (exc.not_found or exc.conflict):  # both come right by the next sync
                raise

    def _delete(self, body: Json) -> None:
        try:
            self.api.delete(body)
        except ApiError as exc:
            if not exc.not_found:
                self.faults.append(f"can't delete {described(body)}: {exc}")


def applied(observed: Json, body: Json) -> Json:
    """The object that would be PUT: merged, the system's own fields and the status as observed, last-applied anew.

    Raises SyncError where the last-applied annotation of the observed object does not parse.
    """
    wanted = without_member(body, "metadata", "annotations", LAST_APPLIED)
    new: Json = copied(merge(observed, last_applied(observed), wanted))
    for path in (*(("metadata", name) for name in sorted(SYSTEM_METADATA)), ("status",)):
        new = _reverted(new, observed, path)
    annotations = {**annotations_of(new), LAST_APPLIED: compact_json(wanted)}
    return with_member(new, "metadata", "annotations", value=annotations)


def last_applied(observed: Json) -> Json | None:
    """What was desired when the object was last written; None if nobody said."""
    text = at(observed, "metadata", "annotations", LAST_APPLIED)
    try:
        return read_last_applied(text)
    except (UnreadableError, UnicodeEncodeError) as exc:
        raise SyncError(f"can't unmarshal {LAST_APPLIED} of {described(observed)}: {exc}") from exc


def _reverted(new: Json, observed: Json, path: tuple[str, ...]) -> Json:
    holder = observed if len(path) == 1 else observed.get(path[0], {})
    if path[-1] in holder:
        return with_member(new, *path, value=holder[path[-1]])
    return without_member(new, *path)
