"""The customize hook: which rules select what, and for how long they are kept."""

from datetime import UTC, datetime, timedelta

import pytest

from shadow.simulate import Cluster, Release
from shadow.simulate.record import Ending
from tests.simulate.scenes import CC, CONFIG_MAP, DC, Json, cluster_with, composite, decorator, hooks, wanting, widget

YES = {"matchLabels": {"rel": "yes"}}
NO = {"matchExpressions": [{"key": "rel", "operator": "DoesNotExist"}]}
START = datetime(2026, 1, 1, tzinfo=UTC)


def config_map(name: str, namespace: str = "ns", **labels: str) -> Json:
    return {**CONFIG_MAP, "metadata": {"name": name, "namespace": namespace, "labels": labels}}


def namespace(name: str, **labels: str) -> Json:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def cluster_asking(rule: Json, *, version: str = "v1", release: Release | None = None) -> Cluster:
    return cluster_with(
        decorator(hooks=hooks("sync", "customize", version=version)),
        widget(),
        config_map("one", rel="yes"),
        config_map("two"),
        config_map("far", "elsewhere", rel="yes"),
        namespace("ns"),
        namespace("elsewhere", rel="yes"),
        release=release,
        sync=wanting(),
        customize=lambda _: {"relatedResources": [{"apiVersion": "v1", "resource": "configmaps", **rule}]},
    )


@pytest.mark.parametrize(
    ("rule", "version", "keys"),
    [
        pytest.param({"labelSelector": YES}, "v1", ["one"], id="v1 stays at home"),
        pytest.param({"labelSelector": YES}, "v2", ["elsewhere/far", "ns/one"], id="v2 looks everywhere"),
        pytest.param({"namespace": "ns"}, "v1", ["one", "two"], id="namespace"),
        pytest.param({"namespace": "ns", "names": ["two", "none"]}, "v1", ["two"], id="names"),
        pytest.param({"labelSelector": NO}, "v1", ["two"], id="expression"),
        pytest.param({"namespace": "ns", "labelSelector": YES}, "v1", ["one"], id="labels in a namespace"),
        pytest.param({"namespace": "elsewhere", "labelSelector": YES}, "v2", ["elsewhere/far"], id="in another one"),
        pytest.param({"namespaceSelector": YES}, "v2", ["elsewhere/far"], id="namespaces"),
        pytest.param({"namespaceSelector": NO, "labelSelector": YES}, "v2", ["ns/one"], id="labels in namespaces"),
        pytest.param({"names": ["far", "two"]}, "v2", ["elsewhere/far", "ns/two"], id="names everywhere"),
        pytest.param({"names": ["far", "two"]}, "v1", ["two"], id="names at home"),
        pytest.param({"resource": "namespaces", "namespace": "ns"}, "v2", ["elsewhere", "ns"], id="in no namespace"),
    ],
)
async def test_rules_select(rule: Json, version: str, keys: list[str]) -> None:
    record = await cluster_asking(rule, version=version).sync(DC, widget())
    assert record.request is not None
    (related,) = record.request["related"].values()
    assert sorted(related) == keys


@pytest.mark.parametrize(
    ("rule", "version", "keys"),
    [
        pytest.param({"namespaceSelector": YES}, "v1", ["one", "two"], id="reads over a namespace selector"),
        pytest.param({"namespace": "ns", "labelSelector": YES}, "v1", None, id="labels or a namespace"),
    ],
)
async def test_an_old_release_selects(rule: Json, version: str, keys: list[str] | None) -> None:
    record = await cluster_asking(rule, version=version, release=Release("2.6.1")).sync(DC, widget())
    assert (sorted(record.request["related"]["ConfigMap.v1"]) if record.request else None) == keys


@pytest.mark.parametrize(
    "rule",
    [
        {"namespaceSelector": YES},
        {"namespaceSelector": YES, "namespace": "ns"},
        {"namespaceSelector": YES, "resource": "namespaces"},
        {"namespace": "elsewhere"},
        {"resource": "nothings"},
        {"names": ["a"], "labelSelector": {"matchLabels": {"a": "b"}}},
        {"labelSelector": {"matchExpressions": [{"key": "a", "operator": "Near"}]}},
    ],
    ids=[
        *("a namespace selector in v1", "a namespace and a selector of them", "a selector for what is in none"),
        *("another namespace", "unknown resource", "both ways", "unknown operator"),
    ],
)
async def test_a_rule_that_cannot_be_followed_fails_the_sync(rule: Json) -> None:
    record = await cluster_asking(rule).sync(DC, widget())
    assert (record.ending, record.request) == (Ending.FAILED, None)


async def test_without_the_hook_related_is_empty_and_there() -> None:
    record = await cluster_with(composite(), widget(), hook=wanting()).sync(CC, widget())
    assert (record.request or {})["related"] == {}


async def test_rules_are_asked_for_anew_after_twenty_minutes_or_another_generation() -> None:
    asked: list[Json] = []
    now = [START]

    def customize(request: Json) -> Json:
        asked.append(request)
        return {"relatedResources": []}

    controller = decorator(hooks=hooks("sync", "customize"))
    cluster = cluster_with(controller, widget(), sync=wanting(), customize=customize)
    cluster.customize.now = lambda: now[0]
    for _ in range(2):
        await cluster.sync(DC, widget())
    assert len(asked) == 1
    assert sorted(asked[0]) == ["controller", "parent"]
    now[0] += timedelta(minutes=20)
    await cluster.sync(DC, widget())
    assert len(asked) == 2
    cluster.apply({**widget(), "spec": {"v": 2}})
    await cluster.sync(DC, widget())
    assert len(asked) == 3
