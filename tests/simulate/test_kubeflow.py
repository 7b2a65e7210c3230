"""Kubeflow's own hooks: from an empty namespace the simulated cluster comes to hold what the real one held."""

import json
from typing import Any

import httpx
import pytest

from shadow.simulate import Cluster, Release, WebhookClient
from shadow.simulate.controller import reference_of
from tests.simulate.replay import DATA
from tests.simulate.test_recordings import comparable

Json = dict[str, Any]


def recording(name: str) -> Json:
    text = (DATA / "captures" / "kfp" / f"{name}.json").read_text()
    loaded: Json = json.loads(text)
    return loaded


def parent_of(request: Json) -> Json:
    parent: Json = request.get("parent") or request["object"]
    return parent


async def settled(first: Json) -> Cluster:
    """The recorded first call's namespace and controller, its answer given until nothing changes."""
    answer = httpx.Response(200, json=first["answer"])
    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer))
    cluster = Cluster(WebhookClient(client), release=Release(first["metacontroller"]))
    cluster.load(first["request"]["controller"])
    cluster.load(parent_of(first["request"]))
    await cluster.settle(max_rounds=3)
    return cluster


@pytest.mark.parametrize(
    "implementation", ["kfp-old-composite-2.6.1", "kfp-mid-decorator-4.17.2", "kfp-head-decorator-4.17.2"]
)
async def test_a_namespace_comes_to_hold_what_it_held(implementation: str) -> None:
    first, steady = (recording(f"{implementation}-{phase}") for phase in ("first", "steady"))
    assert parent_of(first["request"])["metadata"]["uid"] == parent_of(steady["request"])["metadata"]["uid"]
    cluster = await settled(first)
    record = await cluster.sync(reference_of(first["request"]["controller"]), parent_of(first["request"]))
    assert record.request is not None
    for maps in ("children", "attachments"):
        held = steady["request"].get(maps, {})
        made = record.request.get(maps, {})
        assert {group: sorted(bodies) for group, bodies in made.items()} == {g: sorted(b) for g, b in held.items()}
        for group, bodies in held.items():
            assert {key: comparable(made[group][key]) for key in bodies} == {
                k: comparable(b) for k, b in bodies.items()
            }
