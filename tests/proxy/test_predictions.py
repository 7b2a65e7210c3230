"""A whole proxy holds what it served against what the parent's next call observes."""

import asyncio

from shadow.compare.predictions import PATIENCE_SECONDS
from tests.hook_server import HookServer, answer_json
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import running

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
