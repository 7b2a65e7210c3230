"""The API server in memory: objects by kind and name, the rules of a write, and the audit log of all of them.

Every write is made under the name of its author and recorded, the refused ones too. Nothing here waits.
"""

import itertools
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shadow.protocol.objects import Json
from shadow.simulate.audit import Audited, Write
from shadow.simulate.defaults import DEFAULTS
from shadow.simulate.errors import ApiError
from shadow.simulate.kinds import Kind, Kinds
from shadow.simulate.managed_fields import changed_fields, recorded, tracked
from shadow.simulate.objects import (
    finalizers_of,
    is_being_deleted,
    name_of,
    namespace_of,
    owners_of,
    text,
    uid_of,
    with_member,
)
from shadow.simulate.revise import SYSTEM_FIELDS, equal_but_for_versions, keep_system_fields, with_status_of
from shadow.simulate.typed import read_body
from shadow.simulate.validate import check, check_unchanged, invalid
from shadow.simulate.values import at, copied, wire, without_nulls

Key = tuple[str, str, str, str]
"""(group, kind, namespace, name): an object is the same one in every version of its kind."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def random_uid() -> str:
    return str(uuid.uuid4())


@dataclass(slots=True)
class Api:
    """Objects and their rules. Readers get copies; writers send whole objects, as PUT does.

    Namespaces need not exist before what is in them. `now` and `new_uid` are parameters so that a test is repeatable.
    """

    kinds: Kinds = field(default_factory=Kinds)
    now: Callable[[], datetime] = utc_now
    new_uid: Callable[[], str] = random_uid
    audit: list[Write] = field(default_factory=list)
    _objects: dict[Key, Json] = field(default_factory=dict)
    _versions: Iterator[int] = field(default_factory=lambda: itertools.count(100_001))
    _addresses: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    # --- reading -------------------------------------------------------------------------------------------------
    def get(self, api_version: str, kind: str, namespace: str, name: str) -> Json:
        """One object in the version asked for. Raises ApiError 404."""
        known = self.kinds.of(api_version, kind)
        return {**copied(self._live(known, namespace, name)), "apiVersion": api_version}

    def list_all(self, api_version: str, kind: str, namespace: str = "") -> list[Json]:
        """Every object of a kind, of one namespace or (empty) of all, by namespace and name."""
        known = self.kinds.of(api_version, kind)
        keys = sorted(key for key in self._objects if key[:2] == (known.group, known.kind))
        return [{**copied(self._objects[key]), "apiVersion": api_version} for key in keys if namespace in ("", key[2])]

    def everything(self) -> list[Json]:
        """A copy of all there is, by kind, namespace and name."""
        return [copied(self._objects[key]) for key in sorted(self._objects)]

    def load(self, body: Json) -> None:
        """Put an object in as it is, as if it had always been there: no defaults, no audit.

        Only nulls of built-in kinds go, which mean nothing there: servers before 1.34 spell the creationTimestamp of a
        pod template so, and the first write of such an object would else seem to change it.
        """
        kind = self.kinds.of(body["apiVersion"], body["kind"])
        stored = without_nulls(body) if kind.typed else copied(body)
        self._objects[self._key(kind, namespace_of(body), name_of(body))] = stored

    # --- writing: each returns the stored object, or raises ApiError ----------------------------------------------
    def create(self, body: Json, *, by: str) -> Json:
        """POST. Raises ApiError 409 (already exists), 400, 422, and 500 for an item that brings a resourceVersion."""
        kind = self.kinds.of(body["apiVersion"], body["kind"])
        if kind.namespaced and not namespace_of(body):
            raise ApiError(405, "an empty namespace may not be set during creation")  # never gets to the server
        with_name = self._named(body)
        with Audited(self.audit, "create", kind, body, by) as entry:
            stored = self._created(kind, with_name, by)
            entry.code = 201
        return {**copied(stored), "apiVersion": body["apiVersion"]}

    def update(self, body: Json, *, by: str, subresource: str = "") -> Json:
        """PUT of a whole object, or of its status alone. Raises ApiError 404, 409 (stale), 400, 422."""
        kind = self.kinds.of(body["apiVersion"], body["kind"])
        with Audited(self.audit, "update", kind, body, by, subresource) as entry:
            if subresource and not kind.status_subresource:
                raise ApiError(404, "the server could not find the requested resource")
            live = self._live(kind, namespace_of(body), name_of(body))
            self._check_preconditions(kind, live, body)
            new = self._admitted(kind, live, body, subresource, by)
            entry.noop = new is live or self._gone_with_last_finalizer(kind, new)
        return {**copied(new), "apiVersion": body["apiVersion"]}

    def delete(self, body: Json, *, by: str) -> None:
        """DELETE, in the background, of the object with this uid. Raises ApiError 404, 409 (another uid)."""
        kind = self.kinds.of(body["apiVersion"], body["kind"])
        with Audited(self.audit, "delete", kind, body, by):
            live = self._live(kind, namespace_of(body), name_of(body))
            self._check_uid(kind, live, body)
            self._deleted(kind, live)

    def collect_garbage(self) -> int:
        """Delete what has lost all its owners, until nothing has; returns how many. Nobody's write in the audit."""
        collected = 0
        while orphans := [body for body in self._objects.values() if self._has_lost_its_owners(body)]:
            for body in orphans:
                self._deleted(self.kinds.of(body["apiVersion"], body["kind"]), body)
            collected += len(orphans)
        return collected

    # --- the rules -------------------------------------------------------------------------------------------------
    def _created(self, kind: Kind, body: Json, by: str) -> Json:
        """Decoding and validation come first; only what is valid can already exist."""
        new = self._completed(kind, body)
        if kind.status_subresource and not kind.typed:
            new.pop("status", None)
        new["metadata"] = self._first_metadata(kind, new["metadata"])
        check(kind, new)
        key = self._key(kind, namespace_of(body), name_of(body))
        if text(at(body, "metadata", "resourceVersion")):
            raise ApiError(500, "resourceVersion should not be set on objects to be created")
        if key in self._objects:
            raise ApiError(409, f'{kind.resource} "{key[3]}" already exists', already_exists=True)
        fields = changed_fields({}, tracked(new, ""))
        self._manage(new, fields, by, "")
        self._objects[key] = new
        return new

    def _first_metadata(self, kind: Kind, written: Json) -> Json:
        metadata = {key: value for key, value in written.items() if key not in (*SYSTEM_FIELDS, "managedFields")}
        metadata |= {"uid": self.new_uid(), "creationTimestamp": self._timestamp(), "resourceVersion": self._next()}
        return {**metadata, "generation": 1} if kind.generation else metadata

    def _admitted(self, kind: Kind, live: Json, body: Json, subresource: str, by: str) -> Json:
        """What is stored after a PUT; `live` itself if the PUT changes nothing."""
        new = self._completed(kind, body if not subresource else with_status_of(live, body))
        if kind.status_subresource and not subresource:
            new = with_status_of(new, live)
        keep_system_fields(kind, live, new)
        check(kind, new)
        check_unchanged(kind, live, new)
        if equal_but_for_versions(live, new):
            return live
        fields = changed_fields(tracked(live, subresource), tracked(new, subresource))
        self._manage(new, fields, by, subresource)
        new["metadata"]["resourceVersion"] = self._next()
        self._objects[self._key(kind, namespace_of(live), name_of(live))] = new
        return new

    def _completed(self, kind: Kind, body: Json) -> Json:
        """Decoded, pruned and with its defaults."""
        new = read_body(kind, body["apiVersion"], wire(body))
        if kind.status_fields is not None and isinstance(new.get("status"), dict):
            new["status"] = {name: value for name, value in new["status"].items() if name in kind.status_fields}
        if kind.typed and kind.kind in DEFAULTS:
            DEFAULTS[kind.kind](new)
        if kind.kind == "Service" and kind.typed:
            self._give_address(new)
        return new

    def _deleted(self, kind: Kind, live: Json) -> None:
        if not finalizers_of(live):
            del self._objects[self._key(kind, namespace_of(live), name_of(live))]
            return
        if not is_being_deleted(live):
            metadata = live["metadata"]
            metadata |= {"deletionTimestamp": self._timestamp(), "deletionGracePeriodSeconds": 0}
            metadata["resourceVersion"] = self._next()
            if kind.generation:
                metadata["generation"] = metadata.get("generation", 0) + 1

    def _gone_with_last_finalizer(self, kind: Kind, new: Json) -> bool:
        if not is_being_deleted(new) or finalizers_of(new):
            return False
        del self._objects[self._key(kind, namespace_of(new), name_of(new))]
        return True

    def _has_lost_its_owners(self, body: Json) -> bool:
        if not owners_of(body) or is_being_deleted(body):
            return False
        alive = {uid_of(other) for other in self._objects.values()}
        return all(owner.get("uid") not in alive for owner in owners_of(body))

    def _check_preconditions(self, kind: Kind, live: Json, body: Json) -> None:
        self._check_uid(kind, live, body)
        sent = body["metadata"].get("resourceVersion")
        if not sent and not kind.typed:
            raise invalid(kind, body, "metadata.resourceVersion: Invalid value: 0x0: must be specified for an update")
        if sent and sent != live["metadata"].get("resourceVersion"):
            raise ApiError(
                409,
                f'Operation cannot be fulfilled on {kind.resource} "{name_of(body)}": the object has been modified; '
                "please apply your changes to the latest version and try again",
            )

    def _check_uid(self, kind: Kind, live: Json, body: Json) -> None:
        if uid_of(body) and uid_of(body) != uid_of(live):
            raise ApiError(
                409,
                f'Operation cannot be fulfilled on {kind.resource} "{name_of(body)}": Precondition failed: UID in '
                f"precondition: {uid_of(body)}, UID in object meta: {uid_of(live)}",
            )

    # --- small parts -------------------------------------------------------------------------------------------------
    def _live(self, kind: Kind, namespace: str, name: str) -> Json:
        found = self._objects.get(self._key(kind, namespace, name))
        if found is None:
            raise ApiError(404, f'{kind.resource} "{name}" not found')
        return found

    def _key(self, kind: Kind, namespace: str, name: str) -> Key:
        return kind.group, kind.kind, namespace if kind.namespaced else "", name

    def _named(self, body: Json) -> Json:
        """With a name of the server's making where only `generateName` is given."""
        prefix = text(at(body, "metadata", "generateName"))
        if name_of(body) or not prefix:
            return body
        return with_member(body, "metadata", "name", value=prefix + self.new_uid()[:5])

    def _manage(self, new: Json, fields: Json, by: str, subresource: str) -> None:
        entries = new["metadata"].get("managedFields") or []
        new["metadata"]["managedFields"] = recorded(
            entries, fields, manager=by, api_version=new["apiVersion"], subresource=subresource, now=self._timestamp()
        )

    def _give_address(self, service: Json) -> None:
        spec = service["spec"]
        if spec["type"] == "ExternalName":
            return
        if not spec.get("clusterIP"):
            number = next(self._addresses)
            spec["clusterIP"] = f"10.200.{number // 250}.{number % 250 + 1}"
        spec["clusterIPs"] = [spec["clusterIP"]]

    def _timestamp(self) -> str:
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def _next(self) -> str:
        return str(next(self._versions))
