"""One sync from end to end: finalizers, the order of writes, and how a sync ends."""

from typing import Any

import httpx
import pytest

from shadow.simulate import Cluster
from shadow.simulate.record import Ending
from tests.simulate.replay import LAB
from tests.simulate.scenes import CC, DC, Json, cluster_with, composite, decorator, hooks, item, told, wanting, widget

FINALIZERS = {CC: "metacontroller.io/compositecontroller-cc", DC: "metacontroller.io/decoratorcontroller-dc"}


def live(cluster: Cluster) -> Json:
    return cluster.api.get(LAB, "Widget", "ns", "p")


@pytest.mark.parametrize("make", [composite, decorator])
async def test_what_is_wanted_is_created_once(make: Any) -> None:
    cluster = cluster_with(make(), widget(), hook=wanting(item(), status={"phase": "on"}))
    settled = await cluster.settle()
    assert settled.quiet
    assert "create ConfigMap a 201" in told(settled.writes)
    assert len(settled.rounds) == 2


async def test_a_composite_writes_the_status_after_the_objects_and_a_decorator_before() -> None:
    hook = wanting(item(), status={"phase": "on"})
    of_composite = await cluster_with(composite(), widget(), hook=hook).sync(CC, widget())
    of_decorator = await cluster_with(decorator(), widget(), hook=hook).sync(DC, widget())
    assert told(of_composite.writes) == ["create ConfigMap a 201", "update Widget p/status 200"]
    assert told(of_decorator.writes) == ["update Widget p/status 200", "update Widget p 200", "create ConfigMap a 201"]


@pytest.mark.parametrize(("make", "name"), [(composite, CC), (decorator, DC)], ids=["composite", "decorator"])
async def test_a_parent_that_nobody_selects_is_left_alone(make: Any, name: str) -> None:
    cluster = cluster_with(make(), widget(labels={}))
    record = await cluster.sync(name, widget())
    assert (record.ending, record.writes) == (Ending.IGNORED, ())


@pytest.mark.parametrize(("make", "name"), [(composite, CC), (decorator, DC)], ids=["composite", "decorator"])
async def test_a_finalizer_is_there_before_the_first_call_if_there_is_a_finalize_hook(make: Any, name: str) -> None:
    cluster = cluster_with(make(hooks=hooks("sync", "finalize")), widget(), sync=wanting(status={}), finalize=wanting())
    record = await cluster.sync(name, widget())
    assert record.writes_before_call == 1
    assert live(cluster)["metadata"]["finalizers"] == [FINALIZERS[name]]
    assert (record.request or {})["finalizing"] is False


@pytest.mark.parametrize(("make", "name"), [(composite, CC), (decorator, DC)], ids=["composite", "decorator"])
async def test_a_finalizer_is_taken_off_if_there_is_no_finalize_hook(make: Any, name: str) -> None:
    cluster = cluster_with(make(), widget(finalizers=[FINALIZERS[name]], labels={}), hook=wanting())
    record = await cluster.sync(name, widget())
    assert (record.ending, told(record.writes)) == (Ending.IGNORED, ["update Widget p 200"])


async def finalized(cluster: Cluster, controller: str) -> list[str]:
    await cluster.settle()
    cluster.api.delete(live(cluster), by="kubectl")
    record = await cluster.sync(controller, widget())
    assert record.hook == "finalize"
    assert (record.request or {})["finalizing"] is True
    return told(record.writes)


async def test_a_finalized_composite_leaves_its_children_to_the_garbage_collector() -> None:
    done = {"finalized": True, "children": []}
    cluster = cluster_with(
        composite(hooks=hooks("sync", "finalize")), widget(), sync=wanting(item(), status={}), finalize=lambda _: done
    )
    assert await finalized(cluster, CC) == ["update Widget p 200 noop"]
    assert cluster.api.collect_garbage() == 1


async def test_a_finalized_decorator_still_deletes_what_is_not_listed() -> None:
    done = {"finalized": True, "attachments": []}
    cluster = cluster_with(
        decorator(hooks=hooks("sync", "finalize")), widget(), sync=wanting(item()), finalize=lambda _: done
    )
    assert await finalized(cluster, DC) == ["update Widget p 200 noop", "delete ConfigMap a 200"]


@pytest.mark.parametrize("finalizer", ["foregroundDeletion", "orphan"])
async def test_nothing_is_managed_while_the_garbage_collector_is_at_it(finalizer: str) -> None:
    cluster = cluster_with(
        decorator(hooks=hooks("sync", "finalize")),
        widget(finalizers=[finalizer]),
        sync=wanting(item()),
        finalize=wanting(),
    )
    assert await finalized(cluster, DC) == []


@pytest.mark.parametrize(("make", "name"), [(composite, CC), (decorator, DC)], ids=["composite", "decorator"])
async def test_finalize_is_asked_too_when_the_selector_does_not_match_any_more(make: Any, name: str) -> None:
    cluster = cluster_with(
        make(hooks=hooks("sync", "finalize")), widget(), sync=wanting(item(), status={}), finalize=wanting(status={})
    )
    await cluster.settle()
    cluster.apply({**live(cluster), "metadata": {**live(cluster)["metadata"], "labels": {}}})
    record = await cluster.sync(name, widget())
    assert record.hook == "finalize"
    assert told(record.writes) == ["delete ConfigMap a 200"]


async def test_one_item_against_the_selector_stops_the_whole_sync() -> None:
    stray = item("b", metadata={"name": "b", "labels": {"controller-uid": "other"}})
    record = await cluster_with(composite(), widget(), hook=wanting(item(), stray)).sync(CC, widget())
    assert (record.ending, record.writes) == (Ending.FAILED, ())


async def test_one_refused_item_does_not_stop_the_others_nor_the_status() -> None:
    unknown = {"apiVersion": "no.such/v1", "kind": "Nothing", "metadata": {"name": "x"}}
    hook = wanting(unknown, item("Bad Name"), item(), status={"phase": "on"})
    record = await cluster_with(composite(), widget(), hook=hook).sync(CC, widget())
    assert record.ending is Ending.FAILED
    assert told(record.writes) == [
        "create ConfigMap Bad Name 422",
        "create ConfigMap a 201",
        "update Widget p/status 200",
    ]
    assert "no matches for kind" in record.events[0]


async def test_an_answer_that_would_crash_metacontroller_is_told_as_that() -> None:
    null_item = cluster_with(decorator(), widget(), hook=lambda _: {"attachments": [None]})
    null_status = cluster_with(composite(method="RollingInPlace"), widget(), hook=wanting())
    for cluster, name in ((null_item, DC), (null_status, CC)):
        record = await cluster.sync(name, widget())
        assert (record.ending, record.writes) == (Ending.CRASHED, ())


async def test_a_busy_hook_is_asked_again_when_it_said_and_nobody_is_warned() -> None:
    busy = httpx.Response(429, headers={"Retry-After": "7"})
    record = await cluster_with(decorator(), widget(), hook=lambda _: busy).sync(DC, widget())
    assert (record.ending, record.again_after_seconds, record.events) == (Ending.RETRY_LATER, 7.0, ())


async def test_failures_back_off_and_a_success_forgives() -> None:
    said = [httpx.Response(500), httpx.Response(500), {"attachments": [], "resyncAfterSeconds": 3}, httpx.Response(500)]
    cluster = cluster_with(decorator(), widget(), hook=lambda _: said.pop(0))
    delays = [(await cluster.sync(DC, widget())).again_after_seconds for _ in range(4)]
    assert delays == [0.005, 0.01, 3, 0.005]


async def test_a_decorator_leaves_the_objects_alone_when_the_parent_changed_meanwhile() -> None:
    def meddling(_: Json) -> Json:
        cluster.apply({**live(cluster), "spec": {"v": 2}})
        return {"labels": {"new": "label"}, "attachments": [item()]}

    cluster = cluster_with(decorator(), widget(), hook=meddling)
    record = await cluster.sync(DC, widget())
    assert (record.ending, told(record.writes)) == (Ending.DONE, ["update Widget p 409"])


async def test_labels_and_annotations_are_merged_and_null_deletes() -> None:
    said = {"labels": {"ctl": "yes", "a": "1", "gone": None}, "annotations": {"b": "2"}, "attachments": []}
    cluster = cluster_with(decorator(), widget(labels={"ctl": "yes", "gone": "soon"}), hook=lambda _: said)
    assert told((await cluster.settle()).writes) == ["update Widget p 200"]
    metadata = live(cluster)["metadata"]
    assert (metadata["labels"], metadata["annotations"]) == ({"ctl": "yes", "a": "1"}, {"b": "2"})
