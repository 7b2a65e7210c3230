"""The new hook of the story: one bug in one namespace, and none once it is mended."""

import json

import httpx
import pytest

from shadow.cli.demo.hooks import NewHook, serving
from shadow.cli.demo.scenery import (
    FORGOTTEN,
    FORGOTTEN_IN,
    NEW_TAG,
    OBJECTS_PER_NAMESPACE,
    UPDATED,
    controller,
    namespace,
)
from shadow.profile.hook import decode
from shadow.simulate import Cluster
from shadow.terms import Protocol


def objects(hook: NewHook, name: str) -> dict[tuple[str, str], str]:
    """What the hook wants in a namespace, by kind and name."""
    declared = ("Secret.v1", "ConfigMap.v1", "Deployment.apps/v1", "Service.v1")
    istio = ("DestinationRule.networking.istio.io/v1alpha3", "AuthorizationPolicy.security.istio.io/v1beta1")
    call = {"object": namespace(name, 1), "attachments": {group: {} for group in (*declared, *istio)}}
    content = decode(Protocol.DECORATOR, json.dumps(call).encode())
    said = json.loads(hook.respond(Protocol.DECORATOR, content))
    return {(item["kind"], item["metadata"]["name"]): json.dumps(item) for item in said["attachments"]}


@pytest.mark.parametrize(
    ("name", "mended", "count"),
    [
        (FORGOTTEN_IN, False, OBJECTS_PER_NAMESPACE - 1),
        (FORGOTTEN_IN, True, OBJECTS_PER_NAMESPACE),
        ("team-ads", False, OBJECTS_PER_NAMESPACE),
    ],
    ids=["bug", "mended", "elsewhere"],
)
def test_one_service_is_forgotten_in_one_namespace_until_it_is_mended(name: str, mended: bool, count: int) -> None:
    hook = NewHook()
    hook.mended = mended
    wanted = objects(hook, name)
    assert len(wanted) == count
    assert (("Service", FORGOTTEN) in wanted) == (count == OBJECTS_PER_NAMESPACE)
    assert f":{NEW_TAG}" in wanted[("Deployment", UPDATED)]


async def test_it_answers_over_http() -> None:
    hook = NewHook()
    with serving(hook) as url:
        cluster = Cluster()
        cluster.load(namespace("team-ads", 1))
        cluster.apply(controller(f"{url}/decorator/sync"))
        async with cluster.webhooks:
            assert (await cluster.settle()).quiet
        with httpx.Client() as client:
            assert client.get(f"{url}/livez").status_code == 200
    assert len(cluster.api.everything()) == 1 + OBJECTS_PER_NAMESPACE
