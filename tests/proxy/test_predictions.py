"""A whole proxy holds what it served against what the parent's next call observes."""

import asyncio

import pytest

from shadow.compare.predictions import PATIENCE_SECONDS
from shadow.simulate import Cluster, WebhookClient
from tests.hook_server import HookServer, answer_json
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import running
from tests.simulate.replay import lab_kinds
from tests.simulate.scenes import decorator, widget

WANTED = config_map("a")


async def test_what_was_served_is_confirmed_or_contradicted_by_the_next_call(tmp_path):
    with HookServer(answer_json(answer(WANTED))) as old, HookServer(answer_json(answer(WANTED))) as new:
        async with running(tmp_path, old, new) as proxy:
            await proxy.call(request())
            await proxy.call(request(observed(WANTED)))
            await proxy.call(request(uid="uid-2", name="team-b"))
            await asyncio.sleep(PATIENCE_SECONDS + 0.05)
            await proxy.call(request(uid="uid-2", name="team-b"))
            found = await proxy.settled()
            report = await proxy.get("/report?format=json")
    assert found["predictions"] == {"confirmed": 1, "contradicted": 1}
    assert report["predictions"]["contradicted"] == 1
    assert [line["code"] for line in report["predictions"]["examples"]] == ["create-not-seen"]


COPY = config_map("copy", {"k": "1"}, namespace="ns")


@pytest.mark.parametrize(
    ("changed", "taken", "expected"),
    [
        pytest.param(False, False, {"confirmed": 1, "contradicted": 0}, id="created"),
        pytest.param(True, False, {"confirmed": 2, "contradicted": 0}, id="created-then-updated"),
        pytest.param(False, True, {"confirmed": 0, "contradicted": 1}, id="the-name-is-taken"),
    ],
)
async def test_a_cluster_does_what_was_predicted(tmp_path, changed, taken, expected):
    front = decorator()
    with HookServer(answer_json(answer(COPY))) as old, HookServer(answer_json(answer(COPY))) as new:
        async with running(tmp_path, old, new) as proxy:
            webhooks = WebhookClient()
            cluster = Cluster(webhooks)
            cluster.api.kinds = lab_kinds()
            hooks = {"sync": {"version": "v1", "webhook": {"url": f"{proxy.hooks}/m/sync"}}}
            for body in ({**front, "spec": {**front["spec"], "hooks": hooks}}, widget(), *([COPY] if taken else [])):
                cluster.apply(body)
            async with webhooks:
                await cluster.sync(f"DecoratorController/{front['metadata']['name']}", widget())
                if changed:
                    old.behaviour = new.behaviour = answer_json(answer(config_map("copy", {"k": "2"}, namespace="ns")))
                for _ in range(2):
                    await asyncio.sleep(PATIENCE_SECONDS + 0.05)
                    await cluster.sync(f"DecoratorController/{front['metadata']['name']}", widget())
            assert (await proxy.settled())["predictions"] == expected
