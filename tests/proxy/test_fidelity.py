"""Both fronts, both dialects, both hook versions, every hook, either scope of the parent: one proxy, many calls.

The two implementations want the same in their own dialects, so whatever the proxy translates has to come out alike.
"""

import asyncio
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.hook_server import Exchange, HookServer, answer_json
from tests.hook_server import answer as answering
from tests.protocol.recordings import Recording, recordings
from tests.proxy.bodies import LA, config_map
from tests.proxy.running import Json, Running, running

Start = Callable[..., HookServer]
ROOT = {"composite": "parent", "decorator": "object"}
LIST = {"composite": "children", "decorator": "attachments"}
KIND = {"composite": "CompositeController", "decorator": "DecoratorController"}
RULE = {"apiVersion": "v1", "resource": "secrets", "labelSelector": {"matchLabels": {"for": "all"}}}
TABLE = list(itertools.product(KIND, ("v1", "v2"), ("v1", "v2"), (True, False), ("customize", "sync", "finalize")))
"""Front, its hook versions, the implementations' hook versions, whether the parent is namespaced, hook."""


def controller(protocol: str, version: str) -> Json:
    rules = [
        {"apiVersion": "v1", "resource": resource, "updateStrategy": {"method": "InPlace"}}
        for resource in ("configmaps", "services")
    ]
    parent = {"apiVersion": "lab.example.com/v1", "resource": "widgets"}
    spec: Json = {"hooks": {hook: {"version": version} for hook in ("sync", "finalize", "customize")}}
    if protocol == "decorator":
        spec |= {"resources": [parent], "attachments": rules}
    else:
        spec |= {"parentResource": parent, "childResources": rules}
    metadata = {"name": f"lab-{version}", "uid": f"{protocol}-{version}", "resourceVersion": "7", "generation": 2}
    api = "metacontroller.k8s.io/v1alpha1"
    return {"kind": KIND[protocol], "apiVersion": api, "metadata": metadata, "spec": spec, "status": {}}


def keyed(items: list[Json], version: str, namespaced: bool) -> Json:
    """An object map: `{key: object}` as this version calls them."""
    short = version == "v1" and namespaced
    return {f"{'' if short else each['metadata']['namespace'] + '/'}{each['metadata']['name']}": each for each in items}


def visible(items: list[Json], version: str, namespaced: bool) -> list[Json]:
    """What this version shows to the parent."""
    return [each for each in items if version == "v2" or not namespaced or each["metadata"]["namespace"] == "team-a"]


OWN = config_map("own", annotations={LA: json.dumps(config_map("own"))})
SECRETS = [
    {**config_map("near", labels={"for": "all"}), "kind": "Secret"},
    {**config_map("far", namespace="team-b", labels={"for": "all"}), "kind": "Secret"},
]


def call_of(front: str, version: str, namespaced: bool, hook: str) -> bytes:
    metadata: Json = {"name": "w", "uid": f"{front}-{version}-{namespaced}", "generation": 3}
    if namespaced:
        metadata["namespace"] = "team-a"
    api = {"apiVersion": "lab.example.com/v1", "kind": "Widget"}
    parent = {**api, "metadata": metadata, "spec": {"size": 1.0}, "status": {"phase": "here"}}
    if hook == "customize":
        return json.dumps({"controller": controller(front, version), "parent": parent}).encode()
    related = visible(SECRETS, version, namespaced)
    body = {
        "controller": controller(front, version),
        ROOT[front]: parent,
        LIST[front]: {"ConfigMap.v1": keyed([OWN], version, namespaced), "Service.v1": {}},
        "related": {"Secret.v1": keyed(related, version, namespaced)},
        "finalizing": hook == "finalize",
    }
    return json.dumps(body).encode()


def wanting(exchange: Exchange) -> None:
    """Mirrors the related Secrets; says the same in both protocols. Its path is `/composite/sync`."""
    call = exchange.call
    _, protocol, hook = call.path.split("/")
    if hook == "customize":
        answer_json({"relatedResources": [RULE]})(exchange)
    else:
        answer_json({LIST[protocol]: [config_map("own")], "status": {"phase": "there"}})(exchange)


def implementation(url: str, protocol: str, version: str) -> Json:
    paths = {hook: f"/{protocol}/{hook}" for hook in ("sync", "finalize", "customize")}
    return {"url": url, "protocol": protocol, "hook_version": version, "shadow_finalize": True, **paths}


def is_as(sent: Json, protocol: str, front_version: str, version: str, namespaced: bool, hook: str) -> None:
    """What an implementation was sent is what Metacontroller would have sent to it."""
    assert sent["controller"]["kind"] == KIND[protocol]
    assert "status" in sent["controller"]
    if hook == "customize":
        assert set(sent) == {"controller", "parent"}
        return
    assert set(sent) == {"controller", ROOT[protocol], LIST[protocol], "related", "finalizing"}
    assert sent[ROOT[protocol]]["spec"] == {"size": 1.0}
    assert sent[LIST[protocol]] == {"ConfigMap.v1": keyed([OWN], version, namespaced), "Service.v1": {}}
    both_see = visible(visible(SECRETS, front_version, namespaced), version, namespaced)
    assert sent["related"] == {"Secret.v1": keyed(both_see, version, namespaced)}
    assert sent["finalizing"] is (hook == "finalize")


async def test_whatever_is_translated_comes_out_alike(tmp_path: Path, hook_server: Start):
    old, new = hook_server(wanting), hook_server(wanting)
    others = {
        version: {
            "old": implementation(old.url, "composite", version),
            "new": implementation(new.url, "decorator", version),
        }
        for version in ("v1", "v2")
    }
    async with running(tmp_path, old, new, others=others) as proxy:
        for front, front_version, version, namespaced, hook in TABLE:
            before = len(new.calls)
            call = call_of(front, front_version, namespaced, hook)
            response = await proxy.call(call, hook, to=version)
            assert response.status_code == 200, (front, front_version, version, namespaced, hook, response.text)
            said: Json = {"relatedResources": [RULE]}
            if hook != "customize":
                said = {LIST[front]: [config_map("own")], "status": {"phase": "there"}}
            assert response.json() == said
            new.wait_for_calls(before + 1)
            is_as(old.calls[-1].json(), "composite", front_version, version, namespaced, hook)
            is_as(new.calls[-1].json(), "decorator", front_version, version, namespaced, hook)
            mine = {"composite": old, "decorator": new}[front].calls[-1].body
            if front_version == version or hook == "customize" or not namespaced:
                assert mine == call  # nothing to translate: the very bytes
        counts = [await _settled(proxy, name) for name in others]
    assert [count["matched"] for count in counts] == [len(TABLE) // 2] * 2


async def _settled(proxy: Running, name: str) -> Json:
    """The counts of one migration once nothing is pending."""
    while True:
        response = await proxy.client.get(f"{proxy.control}/api/v1/migrations/{name}")
        found: Json = response.json()
        if not found["pending"]:
            counts: Json = found["comparisons"]
            return counts


def recorded(exchange: Exchange) -> None:
    """Answers what was recorded under the name that the caller forwards."""
    name = exchange.call.headers["x-recording"]
    found = next(each for each in recordings() if each.name == name)
    answering(_spelled(found.answer), found.status or 500, headers=[("Content-Type", "application/json")])(exchange)


def _spelled(answer: Any) -> bytes:
    """With blanks, so that a body that was written anew would show."""
    return json.dumps(answer, indent=1).encode()


async def test_recorded_calls_pass_byte_for_byte(tmp_path: Path, hook_server: Start):
    """Implementations that speak what Metacontroller spoke: it cannot tell the proxy from them."""
    hook = hook_server(recorded)
    others = {
        f"{protocol}-{version}-{'customize' if customizing else 'sync'}": {
            "stage": "off",
            "old": _plain(hook.url, protocol, version, customizing),
            "new": _plain(hook.url, protocol, version, customizing),
        }
        for protocol, version, customizing in itertools.product(KIND, ("v1", "v2"), (True, False))
    }
    changed: dict[str, Any] = {}
    async with running(tmp_path, hook, hook, others=others) as proxy:
        for each in recordings():
            if each.status == 200:
                changed |= await _difference(proxy, hook, each)
    assert not changed


def _plain(url: str, protocol: str, version: str, customizing: bool) -> Json:
    hooks = ("sync", "customize") if customizing else ("sync", "finalize")
    return {"url": url, "protocol": protocol, "hook_version": version, **{hook: f"/{hook}" for hook in hooks}}


async def _difference(proxy: Running, hook: HookServer, each: Recording) -> dict[str, Any]:
    """What Metacontroller or the hook sees otherwise than without a proxy."""
    to = f"{each.front}-{each.version}-{'customize' if each.hook == 'customize' else 'sync'}"
    response = await proxy.call(each.request_body, each.hook, to=to, x_recording=each.name)
    if hook.calls[-1].body != each.request_body:
        return {each.name: "another request"}
    if (response.status_code, response.content) != (200, _spelled(each.answer)):
        return {each.name: (response.status_code, response.text[:200])}
    return {}


async def test_the_calls_of_a_rolling_update_are_routed_alike_and_compared_each_with_its_own(
    tmp_path: Path, hook_server: Start
):
    """One parent, one call for each revision of it, at the same time."""
    rolling = [each for each in recordings() if each.name.startswith("made-roll-com-rollinginplace")]
    body = {each.name: json.loads(each.request_body)["parent"] for each in rolling}
    hook = hook_server(recorded)
    to = {"canary": {"weight": 50}, "stage": "canary", "unknown_brake": "off"}
    sides = {side: _plain(hook.url, "composite", rolling[0].version, customizing=False) for side in ("old", "new")}
    async with running(tmp_path, hook, hook, others={"rolling": {**sides, **to}}) as proxy:
        answers = await asyncio.gather(
            *(proxy.call(each.request_body, each.hook, to="rolling", x_recording=each.name) for each in rolling)
        )
        counts = await _settled(proxy, "rolling")
    assert len(rolling) == 2
    assert len({parent["metadata"]["uid"] for parent in body.values()}) == 1
    assert len({json.dumps(parent["spec"]) for parent in body.values()}) == 2
    assert [answer.content for answer in answers] == [_spelled(each.answer) for each in rolling]
    assert len({answer.headers["x-shadow-served"] for answer in answers}) == 1
    assert counts["matched"] == 2
