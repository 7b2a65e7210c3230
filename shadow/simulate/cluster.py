"""The whole cluster: objects, controllers, and syncs of them on demand or until nothing changes any more."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from shadow.protocol.names import CONTROLLER_KIND
from shadow.protocol.objects import Json
from shadow.simulate.api import Api
from shadow.simulate.audit import Write
from shadow.simulate.client import Client
from shadow.simulate.controller import Controller, read_controller
from shadow.simulate.errors import ApiError
from shadow.simulate.objects import name_of, namespace_of, uid_of
from shadow.simulate.reconcile import Sync
from shadow.simulate.record import Ending, SyncRecord
from shadow.simulate.related import Customize
from shadow.simulate.release import Release
from shadow.simulate.webhook import WebhookClient

WORKERS = 5
"""Hook calls of one controller in flight at once, as Metacontroller's default has it."""

_FIRST_DELAY_SECONDS = 0.005
_LONGEST_DELAY_SECONDS = 1000.0
_CONTROLLERS = frozenset(CONTROLLER_KIND.values())


@dataclass(frozen=True, slots=True)
class Settled:
    """What happened until the cluster came to rest, or until the rounds were used up (`quiet` is False then)."""

    rounds: tuple[tuple[SyncRecord, ...], ...]
    quiet: bool

    @property
    def records(self) -> tuple[SyncRecord, ...]:
        return tuple(record for records in self.rounds for record in records)

    @property
    def writes(self) -> tuple[Write, ...]:
        return tuple(write for record in self.records for write in record.writes)


@dataclass(slots=True)
class Cluster:
    """An API server with Metacontroller in it."""

    webhooks: WebhookClient = field(default_factory=WebhookClient)
    api: Api = field(default_factory=Api)
    release: Release = field(default_factory=Release)
    controllers: dict[str, Controller] = field(default_factory=dict)
    customize: Customize = field(init=False)
    _failures: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def user(self) -> str:
        """Whom the audit log and managedFields name for what Metacontroller writes."""
        return self.release.user

    def __post_init__(self) -> None:
        self.customize = Customize(self.webhooks, self.api.now, self.release)

    # --- contents --------------------------------------------------------------------------------------------------
    def apply(self, body: Json, *, by: str = "kubectl") -> Json:
        """Create an object or a controller, or replace the one of that name; returns what is stored."""
        if body.get("kind") in _CONTROLLERS:
            return self._apply_controller(body)
        try:
            live = self.api.get(body["apiVersion"], body["kind"], namespace_of(body), name_of(body))
        except ApiError:
            return self.api.create(body, by=by)
        metadata = {**body["metadata"], "resourceVersion": live["metadata"]["resourceVersion"]}
        return self.api.update({**body, "metadata": metadata}, by=by)

    def _apply_controller(self, body: Json) -> Json:
        metadata = {
            "uid": self.api.new_uid(),
            "resourceVersion": "1",
            "generation": 1,
            "creationTimestamp": self.api.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        controller = read_controller(
            {**body, "metadata": {**metadata, **body["metadata"]}}, self.api.kinds, self.release
        )
        self.controllers[controller.reference] = controller
        return controller.body

    def remove_controller(self, reference: str) -> None:
        """Take a controller away. Its objects stay, and so do its finalizers, as in a real cluster."""
        del self.controllers[reference]

    def load(self, exported: Json) -> None:
        """Take in a `kubectl get -o json`, a List or one object, with uids and versions as they are there."""
        for body in exported["items"] if exported.get("kind") == "List" else [exported]:
            if body.get("kind") in _CONTROLLERS:
                self._apply_controller(body)
            else:
                self.api.load(body)

    def export(self) -> Json:
        """Everything there is as `{apiVersion: v1, kind: List, items: [...]}`, controllers first."""
        controllers = [controller.body for controller in self.controllers.values()]
        return {"apiVersion": "v1", "kind": "List", "items": [*controllers, *self.api.everything()]}

    # --- the audit log -----------------------------------------------------------------------------------------------
    def mark(self) -> int:
        """A place in the audit log, for `since`."""
        return len(self.api.audit)

    def since(self, mark: int, *, by: str | None = None) -> Sequence[Write]:
        """The writes after a mark: Metacontroller's, or those of `by`."""
        return [write for write in self.api.audit[mark:] if write.by == (by or self.user)]

    # --- syncing ---------------------------------------------------------------------------------------------------
    async def sync(self, controller: str, parent: Json) -> SyncRecord:
        """One sync of one parent by the controller `Kind/name`. Of the object given only its identity is read."""
        using = self.controllers[controller]
        try:
            live = self.api.get(parent["apiVersion"], parent["kind"], namespace_of(parent), name_of(parent))
        except ApiError:
            return SyncRecord(controller, name_of(parent), Ending.IGNORED)
        record = await Sync(Client(self.api, self.user), self.webhooks, self.customize, using, self.release).run(live)
        return self._with_back_off(record, uid_of(live))

    def _with_back_off(self, record: SyncRecord, uid: str) -> SyncRecord:
        key = (record.controller, uid)
        if record.ending is not Ending.FAILED:
            self._failures.pop(key, None)
            return record
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        delay = min(_FIRST_DELAY_SECONDS * 2.0 ** min(failures, 30), _LONGEST_DELAY_SECONDS)
        return replace(record, again_after_seconds=delay)

    def parents_of(self, controller: str) -> list[Json]:
        """The parents that a controller cares about: those it selects, and those that carry its finalizer."""
        using = self.controllers[controller]
        of_kind = [body for rule in using.parents for body in self.api.list_all(rule.api_version, rule.kind.kind)]
        finalizer = using.finalizer
        return [
            body for body in of_kind if using.selects(body) or finalizer in (body["metadata"].get("finalizers") or [])
        ]

    async def round(self, controllers: Iterable[str] | None = None) -> tuple[SyncRecord, ...]:
        """Every parent of every controller once, at most five hook calls of a controller at a time."""
        every = await asyncio.gather(*map(self._round_of, controllers or list(self.controllers)))
        self.api.collect_garbage()
        return tuple(record for records in every for record in records)

    async def _round_of(self, controller: str) -> list[SyncRecord]:
        room = asyncio.Semaphore(WORKERS)

        async def one(parent: Json) -> SyncRecord:
            async with room:
                return await self.sync(controller, parent)

        return await asyncio.gather(*map(one, self.parents_of(controller)))

    async def settle(self, max_rounds: int = 10) -> Settled:
        """Rounds until one changes nothing and fails nowhere."""
        rounds: list[tuple[SyncRecord, ...]] = []
        while len(rounds) < max_rounds:
            rounds.append(await self.round())
            if all(not record.changed and record.ending in (Ending.DONE, Ending.IGNORED) for record in rounds[-1]):
                return Settled(tuple(rounds), quiet=True)
        return Settled(tuple(rounds), quiet=False)
