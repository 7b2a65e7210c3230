"""Who sees what: adoption and release, attachments, and the keys under which hooks see objects."""

from typing import Any

import pytest

from shadow.protocol.names import DECORATOR_ANNOTATION
from shadow.simulate import Cluster
from shadow.simulate.record import Ending
from tests.simulate.replay import LAB
from tests.simulate.scenes import (
    CC,
    CONFIG_MAP,
    DC,
    Json,
    cluster_with,
    composite,
    decorator,
    hooks,
    told,
    wanting,
    widget,
)


def owned_by(parent: Json, name: str = "a", namespace: str = "ns", **metadata: Any) -> Json:
    owner = {"apiVersion": LAB, "kind": "Widget", "name": "p", "uid": parent["metadata"]["uid"], "controller": True}
    return {**CONFIG_MAP, "metadata": {"name": name, "namespace": namespace, "ownerReferences": [owner], **metadata}}


def parent_of(cluster: Cluster) -> Json:
    return cluster.api.get(LAB, "Widget", "ns", "p")


async def observed(cluster: Cluster, controller: str) -> Json:
    record = await cluster.sync(controller, widget())
    assert record.request is not None
    groups: Json = record.request.get("children") or record.request["attachments"]
    return groups


async def test_a_composite_releases_what_does_not_match_any_more() -> None:
    cluster = cluster_with(composite(), widget(), hook=wanting())
    cluster.apply(owned_by(parent_of(cluster)))
    mark = cluster.mark()
    assert await observed(cluster, CC) == {"ConfigMap.v1": {}}
    assert told(cluster.since(mark))[0] == "update ConfigMap a 200"
    assert "ownerReferences" not in cluster.api.get("v1", "ConfigMap", "ns", "a")["metadata"]


async def test_a_composite_adopts_a_matching_orphan() -> None:
    cluster = cluster_with(composite(), widget(), hook=wanting())
    labels = {"controller-uid": parent_of(cluster)["metadata"]["uid"]}
    cluster.apply({**CONFIG_MAP, "metadata": {"name": "a", "namespace": "ns", "labels": labels}})
    record = await cluster.sync(CC, widget())
    assert record.writes_before_call == 1
    assert list((record.request or {})["children"]["ConfigMap.v1"]) == ["a"]


async def test_a_composite_uses_the_parents_own_selector_where_none_is_generated() -> None:
    body = {**widget(), "spec": {"selector": {"matchLabels": {"app": "x"}}}}
    cluster = cluster_with(composite(generateSelector=False), body, hook=wanting())
    cluster.apply(owned_by(parent_of(cluster), "mine", labels={"app": "x"}))
    assert list((await observed(cluster, CC))["ConfigMap.v1"]) == ["mine"]


async def test_a_composite_parent_without_selector_is_an_error_before_the_hook_is_asked() -> None:
    cluster = cluster_with(composite(generateSelector=False), widget(), hook=wanting())
    record = await cluster.sync(CC, widget())
    assert (record.ending, record.request) == (Ending.FAILED, None)


async def test_a_decorator_sees_only_what_it_made_and_never_adopts_or_releases() -> None:
    cluster = cluster_with(decorator(), widget(), hook=wanting())
    parent = parent_of(cluster)
    cluster.apply(owned_by(parent, "mine", annotations={DECORATOR_ANNOTATION: "dc"}))
    cluster.apply(owned_by(parent, "unmarked"))
    cluster.apply(owned_by(parent, "another", annotations={DECORATOR_ANNOTATION: "other"}))
    cluster.apply(
        {**CONFIG_MAP, "metadata": {"name": "orphan", "namespace": "ns", "annotations": {DECORATOR_ANNOTATION: "dc"}}}
    )
    mark = cluster.mark()
    assert list((await observed(cluster, DC))["ConfigMap.v1"]) == ["mine"]
    assert told(cluster.since(mark)) == ["delete ConfigMap mine 200"]


@pytest.mark.parametrize(
    ("version", "resource", "keys"),
    [("v1", "widgets", ["a"]), ("v2", "widgets", ["ns/a"]), ("v1", "tenants", ["ns/a"]), ("v2", "tenants", ["ns/a"])],
)
async def test_keys_depend_on_the_hook_version_and_the_parents_scope(
    version: str, resource: str, keys: list[str]
) -> None:
    kind = {"widgets": "Widget", "tenants": "Tenant"}[resource]
    parent = {**widget(), "kind": kind}
    if kind == "Tenant":
        parent["metadata"] = {"name": "p", "labels": {"ctl": "yes"}}
    cluster = cluster_with(decorator(resource=resource, hooks=hooks("sync", version=version)), parent, hook=wanting())
    live = cluster.api.list_all(LAB, kind)[0]
    body = owned_by(live, annotations={DECORATOR_ANNOTATION: "dc"})
    body["metadata"]["ownerReferences"][0]["kind"] = kind
    cluster.apply(body)
    record = await cluster.sync(DC, live)
    assert list((record.request or {})["attachments"]["ConfigMap.v1"]) == keys
