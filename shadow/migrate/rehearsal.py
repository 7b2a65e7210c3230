"""A whole migration in the simulated cluster: every way to switch, the move, the way back and out, write by write.

Each act starts from a copy of an earlier act's cluster, so that the alternatives can be compared. Hooks are called by
URL; who listens there is the caller's business.
"""

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from shadow.migrate.marks import Direction, marked, owner_uid, wanted
from shadow.migrate.scenes import Act, Cast, Scene, Way
from shadow.protocol.objects import Json
from shadow.simulate import Cluster, Release, SyncRecord, WebhookClient
from shadow.simulate.kinds import group_of
from shadow.simulate.objects import is_being_deleted, name_of, namespace_of
from shadow.simulate.record import Ending
from shadow.terms import Hook, Side

ROUNDS = 5
"""Of syncs in one act. What has not come to rest by then does not come to rest."""

Route = Callable[[Side, Way], str]
"""The address of an implementation; `/sync`, `/finalize`, `/customize` are appended."""


@dataclass(slots=True)
class Stage:
    """Plays the scenes, one cluster each."""

    cast: Cast
    route: Route
    webhooks: WebhookClient
    acts: list[Act] = field(default_factory=list)
    told: Callable[[Act], None] = lambda _act: None

    async def play(self) -> Sequence[Act]:
        """Every scene, in order; each is told as it ends."""
        today = self.cast.composite or self.cast.decorator
        start = await self._scene(Scene.STEADY, self.cast.export.objects, [self._at(today, self.cast.steady_way)])
        handed = start
        if self.cast.composite is not None:
            handed = await self._switches(start, self.cast.composite)
        await self._moves(handed)
        return self.acts

    async def _switches(self, start: list[Json], composite: Json) -> list[Json]:
        """Every way from the CompositeController to the DecoratorController; returns the one without writes."""
        direct = self._at(composite, self.cast.steady_way)
        plain, with_marks = (self._at(self.cast.decorator, way) for way in (Way.PROXY, Way.MARKED))
        await self._scene(Scene.BLIND, start, [plain])
        await self._scene(Scene.ANNOTATED, *self._handed(start, Direction.FORWARD, last_applied=False), [plain])
        handed = await self._scene(Scene.HANDED_OVER, *self._handed(start, Direction.FORWARD), [plain])
        both_marked = await self._scene(Scene.MARKS_ON, start, [self._at(composite, Way.MARKED)])
        await self._scene(Scene.MARKS_PATCHED, *self._handed(start, Direction.MARKS), [self._at(composite, Way.MARKED)])
        await self._scene(Scene.MARKED_SWITCH, both_marked, [with_marks])
        await self._scene(Scene.BOTH, start, [direct, plain])
        await self._scene(Scene.BOTH_MARKED, both_marked, [self._at(composite, Way.MARKED), with_marks])
        await self._scene(Scene.BACK_BLIND, handed, [direct])
        await self._scene(Scene.BACK_HANDED, *self._handed(handed, Direction.BACK), [direct])
        if not self.cast.release.writes_namespaces:
            await self._scene(Scene.UPGRADE, handed, [plain], release=Release())
        return handed

    async def _moves(self, start: list[Json]) -> None:
        old, new = (self._at(self.cast.decorator, Way.PROXY, side) for side in (Side.OLD, Side.NEW))
        moved = await self._scene(Scene.MOVE, start, [new])
        back = await self._scene(Scene.ROLLBACK, moved, [old])
        await self._scene(Scene.AGAIN, back, [new])
        await self._scene(Scene.OUT, moved, [self._out()])

    def _out(self) -> Json:
        direct = self._at(self.cast.decorator, Way.DIRECT, Side.NEW)
        direct["spec"]["hooks"][Hook.SYNC]["version"] = self.cast.new_version
        return direct

    async def _scene(
        self, scene: Scene, objects: list[Json], *rest: int | list[Json], release: Release | None = None
    ) -> list[Json]:
        """Let the controllers sync until the cluster is at rest; returns what it then holds."""
        *patched, controllers = rest
        assert isinstance(controllers, list)
        if scene in self.cast.skips:
            return objects
        cluster = Cluster(self.webhooks, release=release or self.cast.release)
        cluster.api.kinds = self.cast.export.kinds
        for body in objects:
            cluster.api.load(body)
        for controller in controllers:
            cluster.apply(controller)
        mark = cluster.mark()
        settled = await cluster.settle(ROUNDS)
        last = settled.rounds[-1]
        writes = cluster.since(mark)
        act = Act(
            scene,
            len(_played(settled.rounds) - self._ending()),
            tuple(write for write in writes if not write.noop),
            tuple(write for record in last for write in record.writes),
            tuple(_failures(last)),
            settled.quiet,
            *(number for number in patched if isinstance(number, int)),
        )
        self.acts.append(act)
        self.told(act)
        return cluster.api.everything()

    def _at(self, controller: Json, way: Way, side: Side = Side.OLD) -> Json:
        """The controller with every hook at an implementation's address. It keeps its identity, not its ETags."""
        pointed = copy.deepcopy(controller)
        pointed["spec"]["hooks"] = {name: hook for name, hook in pointed["spec"]["hooks"].items() if hook}
        for name, hook in pointed["spec"]["hooks"].items():
            timeout = (hook.get("webhook") or {}).get("timeout")
            mode = (hook.get("webhook") or {}).get("responseUnMarshallMode")
            kept = {"timeout": timeout, "responseUnMarshallMode": mode}
            url = f"{self.route(side, way)}/{name}"
            hook["webhook"] = {"url": url, **{key: value for key, value in kept.items() if value}}
        return pointed

    def _handed(
        self, objects: list[Json], direction: Direction, *, last_applied: bool = True
    ) -> tuple[list[Json], int]:
        """The objects after a hand-over, and how many it wrote."""
        owners = self._parent_uids(objects)
        result, patched = [], 0
        for body in objects:
            uid = owner_uid(body)
            after = body
            if uid in owners and self._is_declared(body):
                marks = wanted(direction, self.cast.names, str(uid))
                if not last_applied:  # while the CompositeController runs, its label has to stay
                    marks = type(marks)(marks.annotations, {})
                after = marked(body, marks, last_applied=last_applied)
            patched += after != body
            result.append(after)
        return result, patched

    def _parent_uids(self, objects: Iterable[Json]) -> set[str]:
        rules = self.cast.decorator["spec"]["resources"]
        found = [self.cast.export.kinds.of_resource(rule["apiVersion"], rule["resource"]) for rule in rules]
        kinds = {(kind.group, kind.kind) for kind in found}
        return {body["metadata"]["uid"] for body in objects if (group_of(body["apiVersion"]), body["kind"]) in kinds}

    def _ending(self) -> set[str]:
        """Parents that are being deleted: what their end writes says nothing of those that live on."""
        objects = self.cast.export.objects
        owners = self._parent_uids(objects)
        ending = [body for body in objects if body["metadata"]["uid"] in owners and is_being_deleted(body)]
        return {"/".join(filter(None, (namespace_of(body), name_of(body)))) for body in ending}

    def _is_declared(self, body: Json) -> bool:
        rules = self.cast.decorator["spec"].get("attachments") or []
        kind = self.cast.export.kinds.of(body["apiVersion"], body["kind"])
        return any((rule["apiVersion"] in kind.versions, rule["resource"]) == (True, kind.plural) for rule in rules)


def _played(rounds: Iterable[Iterable[SyncRecord]]) -> set[str]:
    return {record.parent for synced in rounds for record in synced if record.ending != Ending.IGNORED}


def _failures(records: Iterable[SyncRecord]) -> Iterable[tuple[str, str]]:
    for record in records:
        if record.ending not in (Ending.DONE, Ending.IGNORED):
            yield record.parent, (record.events or (str(record.ending),))[0]
