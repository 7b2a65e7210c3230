"""Held calls can be found: in the report, and in the log when a parent begins or ends to be held."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hook_server import HookServer, answer_json, in_turn
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import running

ONE, TWO = config_map("one"), config_map("two")


async def test_a_held_parent_is_reported_and_said_once(
    tmp_path: Path, hook_server: Callable[..., HookServer], capsys: pytest.CaptureFixture[str]
):
    forgetful, whole = answer_json(answer(ONE)), answer_json(answer(ONE, TWO))
    new = hook_server(in_turn(forgetful, forgetful, whole))
    sees = request(observed(ONE), observed(TWO))
    async with running(tmp_path, hook_server(whole), new, stage="live", unknown_brake="off") as proxy:
        for _ in range(3):
            await proxy.call(sees)
        await proxy.settled()
        report = await proxy.get("/report")
    (line,) = report["held"]
    assert (line["parent"]["name"], line["count"]) == ("team-a", 2)
    assert [(each["object"]["name"], each["effect"]) for each in line["objects"]] == [("two", "delete")]
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    begins, ends = [line["message"] for line in lines if line["logger"] == "shadow.proxy.record.holding"]
    assert "for team-a is held: it would delete ConfigMap/team-a/two; `old`'s answer is served instead" in begins
    assert ends == "m: team-a is not held any more: `new` asks for nothing of the kind"
