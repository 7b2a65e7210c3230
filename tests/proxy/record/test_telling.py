"""What translating costs, and what the front rejects: told to people, through a whole proxy."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.hook_server import HookServer, answer_json
from tests.hook_server import answer as answering
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import Json, Running, running

Start = Callable[..., HookServer]
ONE = config_map("one")
SEES_ONE = request(observed(ONE), protocol="composite")
CHILDREN: Json = {"children": [ONE], "status": {"phase": "Active"}}


async def differences(proxy: Running) -> list[Any]:
    await proxy.settled()
    report = (await proxy.get("/report"))["differences"]
    return [(line["path"], line["effect"], line["side"]) for line in report]


@pytest.mark.parametrize(("setting", "refused"), [("refuse", 1), ("drop", 0)])
async def test_labels_that_the_front_cannot_say_are_told(
    tmp_path: Path, hook_server: Start, setting: str, refused: int
):
    new = hook_server(answer_json(answer(ONE, labels={"tier": "prod"}, status={"phase": "Active"})))
    old = hook_server(answer_json(CHILDREN))
    settings: Json = {"old__protocol": "composite", "inexpressible": setting}
    async with running(tmp_path, old, new, **settings) as proxy:
        await proxy.call(SEES_ONE)
        counts = await proxy.settled()
        told = await differences(proxy)
        await proxy.call(request(observed(ONE), protocol="composite", labels={"tier": "prod"}))
        after = await proxy.settled()
    assert told == [("parent.labels.tier", "inexpressible", "new")]
    assert (counts["comparisons"]["mismatched"], counts["refused"]) == (1, refused)
    assert after["comparisons"]["matched"] == 1  # it is so on the parent already


async def test_notes_are_advice_and_are_logged_once(
    tmp_path: Path, hook_server: Start, capsys: pytest.CaptureFixture[str]
):
    old, new = hook_server(answer_json(CHILDREN)), hook_server(answer_json(answer(ONE)))
    async with running(tmp_path, old, new, old__protocol="composite") as proxy:
        for _ in range(2):
            await proxy.call(SEES_ONE)
        await proxy.settled()
        advice = (await proxy.get("/report"))["advice"]
    assert ("status-kept", "new", 2) in [(each["code"], each["implementation"], each["count"]) for each in advice]
    assert capsys.readouterr().err.count("m: status-kept, for `new`") == 1


async def test_what_metacontroller_would_reject_goes_out_untouched_and_counts_as_failed(
    tmp_path: Path, hook_server: Start
):
    """It stops such an answer by itself; its log then says the same as ours."""
    body = json.dumps({**answer(ONE), "finalized": "true"}).encode()
    async with running(tmp_path, hook_server(answering(body)), hook_server(answer_json(answer(ONE)))) as proxy:
        response = await proxy.call(request(observed(ONE)))
        counts = await proxy.settled()
        failures = (await proxy.get("/report"))["failures"]
    assert (response.status_code, response.content) == (200, body)
    assert counts["comparisons"]["failed"] == 1
    reason = "json: cannot unmarshal string into Go struct field DecoratorHookResponse.finalized of type bool"
    assert [(line["implementation"], line["reason"]) for line in failures] == [("old", f"rejected: {reason}")]
