"""A plan against the writes that then happen: simulated Metacontroller, a whole proxy, every direction of a move."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from shadow.simulate import Cluster
from tests.hook_server import Behaviour, Exchange, HookServer, answer_json
from tests.proxy.running import Json, Running, running

Start = Callable[..., HookServer]
NAMESPACES = [f"team-{letter}" for letter in "abcdef"]
KINDS = [("v1", "configmaps", "InPlace"), ("v1", "secrets", "Recreate"), ("v1", "services", "OnDelete")]


def item(kind: str, name: str, value: str = "1") -> Json:
    data: Json = {"data": {"k": {"1": "MQ==", "2": "Mg=="}[value]}}
    if kind == "Service":
        data = {"spec": {"ports": [{"port": int(value)}]}}
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **data}


def wanting(*items: Json) -> Behaviour:
    """These objects, in the namespace that is asked about."""

    def behave(exchange: Exchange) -> None:
        name = exchange.call.json()["object"]["metadata"]["name"]
        placed = [{**each, "metadata": {**each["metadata"], "namespace": name}} for each in items]
        answer_json({"attachments": placed})(exchange)

    return behave


WARN: Json = {"then": "warn"}
SHARED = item("ConfigMap", "shared")
OLD = [
    SHARED,
    item("ConfigMap", "changed"),
    item("ConfigMap", "dropped"),
    item("Secret", "key"),
    item("Service", "ui"),
]
NEW = [SHARED, item("ConfigMap", "changed", "2"), item("ConfigMap", "added"), item("Secret", "key", "2"),
       item("Service", "ui", "2")]  # fmt: skip


@asynccontextmanager
async def cluster_of(proxy: Running) -> AsyncIterator[Cluster]:
    """Namespaces, and a controller that calls the proxy."""
    cluster = Cluster()
    for name in NAMESPACES:
        metadata = {"name": name, "uid": f"uid-{name}", "labels": {"x": "y"}}
        cluster.load({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata, "status": {"phase": "Active"}})
    rules = [
        {"apiVersion": version, "resource": resource, "updateStrategy": {"method": method}}
        for version, resource, method in KINDS
    ]
    cluster.apply(
        {
            "apiVersion": "metacontroller.k8s.io/v1alpha1",
            "kind": "DecoratorController",
            "metadata": {"name": "profiles"},
            "spec": {
                "resources": [{"apiVersion": "v1", "resource": "namespaces"}],
                "attachments": rules,
                "hooks": {"sync": {"webhook": {"url": f"{proxy.hooks}/m/sync"}}},
            },
        }
    )
    try:
        yield cluster
    finally:
        await cluster.webhooks.client.aclose()


async def settled(cluster: Cluster, proxy: Running) -> None:
    assert (await cluster.settle(max_rounds=5)).quiet
    await proxy.settled()


def planned(plan: Json) -> Counter[tuple[str, str]]:
    return Counter({(line["verb"], line["kind"]): line["count"] for line in plan["writes"]})


async def comes_true(proxy: Running, cluster: Cluster, query: str, move: Any) -> Json:
    """Ask for the plan, move, let Metacontroller sync until it is quiet, and compare."""
    plan: Json = await proxy.get(f"/plan?{query}")
    mark = cluster.mark()
    await move()
    await settled(cluster, proxy)
    writes = [write for write in cluster.since(mark) if write.changes]
    assert Counter((write.verb, write.kind) for write in writes) == planned(plan)
    moved = {line["parent"]["name"] for line in plan["parents"] if line["writes"]}
    assert {write.namespace for write in writes} == moved
    return plan


@pytest.mark.parametrize("first", ["settled", "amid creation"])
async def test_every_move_writes_what_its_plan_says(tmp_path: Path, hook_server: Start, first: str):
    old, new = hook_server(wanting(*OLD)), hook_server(wanting(*NEW))
    async with running(tmp_path, old, new, hold=[], guard=WARN) as proxy, cluster_of(proxy) as cluster:
        if first == "settled":
            await settled(cluster, proxy)
        else:
            await cluster.round()  # every parent was compared once, with nothing observed
            await proxy.settled()

        async def weight(percent: int) -> None:
            proxy.configure(stage="canary", canary={"weight": percent})
            await proxy.taken_over(stage="canary", weight=percent)

        async def brake(path: str) -> None:
            assert (await proxy.post(path, because="a test")).status_code == 200

        up = await comes_true(proxy, cluster, "weight=50", lambda: weight(50))
        assert 0 < up["moving"]["to_new"] < len(NAMESPACES)
        all_new = await comes_true(proxy, cluster, "weight=100", lambda: weight(100))
        assert up["moving"]["to_new"] + all_new["moving"]["to_new"] == len(NAMESPACES)
        pulled = await comes_true(proxy, cluster, "brake=true", lambda: brake("rollback"))
        assert pulled["moving"]["to_old"] == len(NAMESPACES)
        await comes_true(proxy, cluster, "brake=false", lambda: brake("release"))
        down = await comes_true(proxy, cluster, "weight=0", lambda: weight(0))
        assert {(line["verb"], line["kind"]) for line in down["writes"]} == {
            ("create", "ConfigMap"), ("create", "Secret"), ("delete", "ConfigMap"), ("delete", "Secret"),
            ("update", "ConfigMap"),
        }  # fmt: skip


async def test_what_would_be_held_is_planned_as_held(tmp_path: Path, hook_server: Start):
    old, new = hook_server(wanting(*OLD)), hook_server(wanting(*NEW))
    async with running(tmp_path, old, new, fallback="off", guard=WARN) as proxy, cluster_of(proxy) as cluster:
        await settled(cluster, proxy)
        plan = await proxy.get("/plan?stage=live")
        mark = cluster.mark()
        proxy.configure(stage="live")
        await proxy.taken_over(stage="live")
        await cluster.round()
        held = (await proxy.settled())["held"]
    assert (plan["held"], plan["writes"]) == (len(NAMESPACES), [])
    assert held == len(NAMESPACES)
    assert not [write for write in cluster.since(mark) if write.changes]


async def test_confirming_a_guards_brake_writes_what_its_plan_says(tmp_path: Path, hook_server: Start):
    """Until then nothing is written: where `old` would remove something, an error goes out."""
    in_place = [[each for each in wanted if each["kind"] != "Secret"] for wanted in (OLD, NEW)]
    old, new = [hook_server(wanting(*wanted)) for wanted in in_place]
    async with running(tmp_path, old, new, hold=[]) as proxy, cluster_of(proxy) as cluster:
        await settled(cluster, proxy)
        proxy.configure(stage="live")
        await proxy.taken_over(stage="live")
        for _ in range(2):  # the first has `new` delete, the second shows what `old` would delete in turn
            await cluster.round()
            facts = await proxy.settled()
        assert facts["brake"]["by"] == "guard"
        page = (await proxy.client.get(f"{proxy.control}/migrations/m/brake")).text
        confirming, _, releasing = page.partition("Confirm the rollback")

        async def confirm() -> None:
            assert (await proxy.post("rollback", because="a test")).status_code == 200

        assert (await proxy.get("/plan?stage=shadow"))["moving"] == {"to_new": 0, "to_old": 0}
        plan = await comes_true(proxy, cluster, "brake=true", confirm)
        moving = plan["moving"]["to_old"]
        assert planned(plan)["delete", "ConfigMap"] == moving > 0
        assert f"{moving} of 6 parents change primary, {moving} to old" in confirming
        assert f"{len(NAMESPACES) - moving} of 6 parents change primary" in releasing
        assert (await proxy.get("/plan?brake=true"))["moving"] == {"to_new": 0, "to_old": 0}
