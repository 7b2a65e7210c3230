"""Moving a parent between the two controllers: what was watched in real clusters happens here, too."""

import json
from typing import Any

import pytest

from shadow.compare.golang import compact_json
from shadow.protocol.names import CONTROLLER_UID_LABEL, DECORATOR_ANNOTATION, LAST_APPLIED
from shadow.simulate import Cluster, Release
from tests.simulate.replay import LAB
from tests.simulate.scenes import CC, DC, Json, cluster_with, composite, decorator, item, told, wanting, widget


async def settled_under_composite(method: str = "InPlace", **options: Any) -> Cluster:
    """Everything made by a CompositeController and at rest; its successor is not there yet."""
    cluster = cluster_with(composite(method=method), widget(), hook=wanting(item()), **options)
    await cluster.settle()
    return cluster


def switch_to_decorator(cluster: Cluster, method: str = "InPlace") -> int:
    cluster.remove_controller(CC)
    cluster.apply(decorator(method=method))
    return cluster.mark()


def patch(cluster: Cluster, change: Any) -> None:
    """As `kubectl patch` does it."""
    body = cluster.api.get("v1", "ConfigMap", "ns", "a")
    change(body)
    cluster.api.update(body, by="kubectl")


def annotate(body: Json) -> None:
    body["metadata"]["annotations"][DECORATOR_ANNOTATION] = "dc"


def hand_over(body: Json) -> None:
    """Annotation and last-applied as the decorator would have written them; the composite's label gone from both."""
    annotate(body)
    del body["metadata"]["labels"]
    applied = json.loads(body["metadata"]["annotations"][LAST_APPLIED])
    del applied["metadata"]["labels"]
    applied["metadata"]["annotations"] = {DECORATOR_ANNOTATION: "dc"}
    body["metadata"]["annotations"][LAST_APPLIED] = compact_json(applied)


async def test_without_annotating_the_decorator_is_blind_and_objects_are_frozen() -> None:
    cluster = await settled_under_composite()
    mark = switch_to_decorator(cluster)
    settled = await cluster.settle()
    assert all(record.request["attachments"] == {"ConfigMap.v1": {}} for record in settled.records if record.request)
    assert set(told(cluster.since(mark))) == {"create ConfigMap a 409"}
    assert all(record.events == () for record in settled.records)


@pytest.mark.parametrize(
    ("method", "writes"),
    [
        pytest.param("InPlace", ["update ConfigMap a 200"], id="written once"),
        pytest.param("Recreate", ["delete ConfigMap a 200", "create ConfigMap a 201"], id="recreated once"),
        pytest.param("OnDelete", [], id="left alone"),
    ],
)
async def test_annotated_objects_change_hands_as_their_strategy_says(method: str, writes: list[str]) -> None:
    cluster = await settled_under_composite(method)
    patch(cluster, annotate)
    mark = switch_to_decorator(cluster, method)
    assert (await cluster.settle()).quiet
    assert told(cluster.since(mark)) == writes


@pytest.mark.parametrize("method", ["InPlace", "Recreate"])
async def test_with_last_applied_patched_too_nothing_is_written_at_all(method: str) -> None:
    cluster = await settled_under_composite(method)
    patch(cluster, hand_over)
    mark = switch_to_decorator(cluster, method)
    assert (await cluster.settle()).quiet
    assert told(cluster.since(mark)) == []


async def test_back_to_the_composite_without_relabelling_everything_is_released_and_seen_by_neither() -> None:
    cluster = await settled_under_composite()
    patch(cluster, hand_over)
    switch_to_decorator(cluster)
    await cluster.settle()
    cluster.remove_controller(DC)
    cluster.apply(composite())
    mark = cluster.mark()
    await cluster.round()
    assert told(cluster.since(mark)) == ["update ConfigMap a 200", "create ConfigMap a 409"]
    assert "ownerReferences" not in cluster.api.get("v1", "ConfigMap", "ns", "a")["metadata"]


async def test_with_both_marks_on_every_item_both_controllers_can_run_without_a_write() -> None:
    uid = ""

    def marked(request: Json) -> Any:
        metadata = {
            "name": "a",
            "labels": {CONTROLLER_UID_LABEL: uid},
            "annotations": {DECORATOR_ANNOTATION: "dc"},
        }
        return wanting(item(metadata=metadata), status={"observedGeneration": 1})(request)

    cluster = cluster_with(composite(), widget(), hook=marked)
    uid = cluster.api.get(LAB, "Widget", "ns", "p")["metadata"]["uid"]
    await cluster.settle()
    cluster.apply(decorator())
    settled = await cluster.settle()
    assert (settled.quiet, settled.writes) == (True, ())


async def test_a_newer_metacontroller_writes_objects_without_namespace_once() -> None:
    before = await settled_under_composite(release=Release("2.6.1"))
    after = cluster_with(hook=wanting(item()))
    after.load(before.export())
    settled = await after.settle()
    assert told(settled.writes) == ["update ConfigMap a 200"]
    applied = after.api.get("v1", "ConfigMap", "ns", "a")["metadata"]["annotations"][LAST_APPLIED]
    assert json.loads(applied)["metadata"]["namespace"] == "ns"
