"""The cluster as a whole: coming to rest, taking in an export, syncs side by side."""

import asyncio
import json

import httpx

from shadow.simulate import Cluster, Kinds, WebhookClient
from tests.hook_server import Call, HookServer, computed
from tests.simulate.replay import LAB, lab_kinds
from tests.simulate.scenes import CC, Json, cluster_with, composite, decorator, item, told, wanting, widget


async def test_a_cluster_that_never_rests_is_told_as_that() -> None:
    numbers = iter(range(100))
    cluster = cluster_with(decorator(), widget(), hook=lambda _: wanting(item(data={"n": str(next(numbers))}))({}))
    settled = await cluster.settle(max_rounds=4)
    assert not settled.quiet
    assert len(settled.rounds) == 4


async def test_an_export_taken_in_elsewhere_is_the_same_cluster() -> None:
    first = cluster_with(composite(), widget(), hook=wanting(item(), status={}))
    await first.settle()
    exported = json.loads(json.dumps(first.export()))
    second = cluster_with(hook=wanting(item(), status={}))
    second.load(exported)
    assert second.export() == exported
    assert (await second.settle()).writes == ()


async def test_a_removed_controller_leaves_everything_where_it_is() -> None:
    cluster = cluster_with(composite(), widget(), hook=wanting(item(), status={}))
    await cluster.settle()
    cluster.remove_controller(CC)
    assert (await cluster.settle()).records == ()
    assert len(cluster.api.list_all("v1", "ConfigMap")) == 1


async def test_controllers_of_one_name_and_either_kind_run_side_by_side() -> None:
    cluster = cluster_with(composite("c"), decorator("c"), widget(), hook=wanting(item(), status={}))
    first, *_ = (await cluster.settle()).rounds
    assert {record.controller for record in first} == {"CompositeController/c", "DecoratorController/c"}


async def test_syncs_side_by_side_keep_their_writes_apart() -> None:
    async def slow(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        name = json.loads(request.content)["object"]["metadata"]["name"]
        return httpx.Response(200, json={"attachments": [item(f"of-{name}")]})

    cluster = Cluster(WebhookClient(httpx.AsyncClient(transport=httpx.MockTransport(slow))))
    cluster.api.kinds = lab_kinds()
    cluster.apply(decorator())
    names = [f"w{number}" for number in range(20)]
    for name in names:
        cluster.apply(widget(name))
    records = (await cluster.settle()).rounds[0]
    assert {record.parent: told(record.writes) for record in records} == {
        f"ns/{name}": [f"create ConfigMap of-{name} 201"] for name in names
    }


async def test_at_most_five_calls_of_a_controller_are_under_way() -> None:
    under_way = most = 0

    async def counting(_: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001)
        under_way -= 1
        return httpx.Response(200, json={"attachments": []})

    cluster = Cluster(WebhookClient(httpx.AsyncClient(transport=httpx.MockTransport(counting))))
    cluster.api.kinds = lab_kinds()
    cluster.apply(decorator())
    for number in range(20):
        cluster.apply(widget(f"w{number}"))
    await cluster.round()
    assert most == 5


async def test_a_hook_is_really_called() -> None:
    def hook(call: Call) -> Json:
        namespace = call.json()["object"]["metadata"]["name"]
        return {"attachments": [item(metadata={"name": "a", "namespace": namespace})]}

    with HookServer(computed(hook)) as server:
        cluster = Cluster()
        cluster.apply(decorator(resource="namespaces", hooks={"sync": {"webhook": {"url": f"{server.url}/sync"}}}))
        cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team", "labels": {"ctl": "yes"}}})
        async with cluster.webhooks:
            settled = await cluster.settle()
    assert told(settled.writes) == ["create ConfigMap a 201"]
    assert cluster.api.get("v1", "ConfigMap", "team", "a")["metadata"]["ownerReferences"][0]["kind"] == "Namespace"


def test_a_kind_registered_twice_is_served_in_all_its_versions() -> None:
    kinds = Kinds()
    widgets = lab_kinds().of(LAB, "Widget")
    kinds.register(widgets)
    kinds.register(type(widgets)("Widget", "widgets", ("lab.example.com/v2",)))
    assert kinds.of(LAB, "Widget") == kinds.of("lab.example.com/v2", "Widget")
    assert kinds.of_resource("lab.example.com/v2", "widgets").kind == "Widget"
