"""A simulated cluster behind a whole proxy: a change of primary within the 20 minutes of a customize answer."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shadow.simulate import Cluster, WebhookClient
from shadow.simulate.controller import reference_of
from shadow.simulate.record import Ending, SyncRecord
from tests.hook_server import Exchange, HookServer, answer_json
from tests.proxy.running import Json, Running, running
from tests.simulate.replay import lab_kinds
from tests.simulate.scenes import composite, decorator, told, widget

Start = Callable[..., HookServer]
BY_LABEL = {"apiVersion": "v1", "resource": "configmaps", "labelSelector": {"matchLabels": {"rel": "old"}}}
BY_NAME = {"apiVersion": "v1", "resource": "configmaps", "namespace": "ns", "names": ["for-new"]}
PATHS: Json = dict.fromkeys(("old__customize", "new__customize"), "/customize")


def source(name: str, **labels: str) -> Json:
    metadata = {"name": name, "namespace": "ns", "labels": labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"k": "1"}}


def copying(rule: Json, name: str, key: str = "attachments") -> Callable[[Exchange], None]:
    """Wants one `copy` as long as it sees the object of this name, which its rule selects."""

    def serve(exchange: Exchange) -> None:
        call = exchange.call
        if call.path == "/customize":
            answer_json({"relatedResources": [rule]})(exchange)
            return
        seen = name in call.json()["related"].get("ConfigMap.v1", {})
        copy = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "copy", "namespace": "ns"},
            "data": {"k": "1"},
        }
        answer_json({key: [copy] if seen else [], "status": {}})(exchange)

    return serve


class Simulated:
    """A cluster of one Widget, whose time passes when it is told to."""

    def __init__(self, proxy: Running, front: Json) -> None:
        self._time = datetime(2026, 1, 1, tzinfo=UTC)
        self._controller = reference_of(front)
        hooks = {
            hook: {"version": "v1", "webhook": {"url": f"{proxy.hooks}/m/{hook}"}} for hook in ("sync", "customize")
        }
        self.webhooks = WebhookClient()
        self.cluster = Cluster(self.webhooks)
        self.cluster.api.kinds = lab_kinds()
        self.cluster.customize.now = lambda: self._time
        controller = {**front, "spec": {**front["spec"], "hooks": hooks}}
        for body in (controller, widget(), source("for-old", rel="old"), source("for-new")):
            self.cluster.apply(body)

    async def sync(self, after_minutes: int = 0) -> SyncRecord:
        self._time += timedelta(minutes=after_minutes)
        return await self.cluster.sync(self._controller, widget())


def objects(record: SyncRecord) -> list[str]:
    """The writes to objects other than the parent."""
    return [line for line in told(record.writes) if "ConfigMap" in line]


@asynccontextmanager
async def simulated(directory: Path, start: Start, front: Json, stage: str) -> AsyncIterator[tuple[Running, Simulated]]:
    old, new = start(copying(BY_LABEL, "for-old", "children")), start(copying(BY_NAME, "for-new"))
    settings: Json = {
        "unknown_brake": "off",
        "hold": [],
        "fallback": "off",
        "old__protocol": "composite",
        **PATHS,
        "stage": stage,
    }
    async with running(directory, old, new, **settings) as proxy:
        world = Simulated(proxy, front)
        async with world.webhooks:
            yield proxy, world


FRONTS = pytest.mark.parametrize("front", [decorator(), composite()], ids=["decorator", "composite"])


@FRONTS
async def test_after_a_union_every_change_of_primary_writes_nothing(tmp_path: Path, hook_server: Start, front: Json):
    async with simulated(tmp_path, hook_server, front, stage="shadow") as (proxy, world):
        assert objects(await world.sync()) == ["create ConfigMap copy 201"]
        for settings in ({"stage": "live"}, {"stage": "shadow"}, {"stage": "complete"}):
            await proxy.reconfigured(**settings)
            record = await world.sync(after_minutes=5)
            assert (record.ending, objects(record)) == (Ending.DONE, [])
        await proxy.post("rollback", because="a test")
        assert objects(await world.sync()) == []


@FRONTS
async def test_without_one_nothing_is_deleted_until_everything_is_seen(tmp_path: Path, hook_server: Start, front: Json):
    """In stage off only `old` was asked for its rules; 20 minutes later Metacontroller asks again."""
    async with simulated(tmp_path, hook_server, front, stage="off") as (proxy, world):
        assert objects(await world.sync()) == ["create ConfigMap copy 201"]
        await proxy.reconfigured(stage="live")
        early = await world.sync(after_minutes=5)
        late = await world.sync(after_minutes=16)
    assert (early.ending, objects(early)) == (Ending.FAILED, [])
    assert (late.ending, objects(late)) == (Ending.DONE, [])
