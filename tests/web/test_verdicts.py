"""Verdict, convergence and plan on a whole proxy."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hook_server import HookServer, answer_json
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import Json, Running, running

Start = Callable[..., HookServer]
ONE, TWO = config_map("one"), config_map("two")
WAIVE = [{"situation": name, "because": "a test"} for name in ("nothing observed", "partial")]
ENOUGH: Json = {"min_comparisons": 1, "waive": WAIVE}


async def verdict(proxy: Running) -> tuple[int, str, list[str]]:
    response = await proxy.client.get(f"{proxy.control}/api/v1/migrations/m/verdict?as=status")
    body = response.json()
    assert (await proxy.get("/verdict")) | {"since": ""} == body | {"since": ""}
    return response.status_code, body["verdict"], body["reasons"]


async def test_from_no_data_to_ready_to_not_ready(tmp_path: Path, hook_server: Start):
    old, new = hook_server(answer_json(answer(ONE))), hook_server(answer_json(answer(ONE)))
    async with running(tmp_path, old, new, verdict=ENOUGH) as proxy:
        status, word, reasons = await verdict(proxy)
        assert (status, word, reasons[0]) == (425, "inconclusive", "no parent has called yet")
        await proxy.call(request(observed(ONE)))
        await proxy.settled()
        assert await verdict(proxy) == (200, "ready", [])
        new.behaviour = answer_json(answer())
        await proxy.call(request(observed(ONE)))
        summary = await proxy.settled()
        status, word, reasons = await verdict(proxy)
        report = await proxy.get("/report")
    assert (status, word) == (409, "not-ready")
    assert "1 of 1 namespace differ" in reasons[0]
    assert summary["verdict"] == {"verdict": word, "reasons": reasons}
    assert (report["verdict"]["verdict"], report["parents"][0]["readiness"]) == (word, "not-ready")


async def test_a_move_converges_call_by_call_and_a_rollback_is_waited_for(tmp_path: Path, hook_server: Start):
    sides = hook_server(answer_json(answer(ONE))), hook_server(answer_json(answer(ONE)))
    async with running(tmp_path, *sides) as proxy:
        for uid in ("a", "b"):
            await proxy.call(request(observed(ONE), uid=uid, name=uid))
        assert (await proxy.get())["convergence"] == {"answered": 2, "of": 2, "outstanding": 0}
        proxy.configure(stage="live")
        moved = await proxy.taken_over(stage="live")
        assert moved["convergence"] == {"answered": 0, "of": 2, "outstanding": 2}
        await proxy.call(request(observed(ONE), uid="a", name="a"))
        assert (await proxy.get())["convergence"]["outstanding"] == 1
        await proxy.post("rollback", because="back")
        found = await proxy.get()
        assert found["convergence"]["outstanding"] == 1
        assert found["removable"]["removable"] is False
        assert found["removable"]["reasons"]


MOVES = [
    ("?stage=live", "to_new", [("create", "ConfigMap", 1)]),
    ("?weight=100", "to_new", [("create", "ConfigMap", 1)]),
    ("?weight=0", None, []),
    ("?brake=true", None, []),
]


@pytest.mark.parametrize(("query", "direction", "writes"), MOVES, ids=[move[0] for move in MOVES])
async def test_a_plan_tells_the_writes_before_the_move(
    tmp_path: Path, hook_server: Start, query: str, direction: str | None, writes: list[tuple[str, str, int]]
):
    old, new = hook_server(answer_json(answer(ONE))), hook_server(answer_json(answer(ONE, TWO)))
    async with running(tmp_path, old, new) as proxy:
        await proxy.call(request(observed(ONE)))
        await proxy.settled()
        plan = await proxy.get(f"/plan{query}")
    assert plan["moving"] == {"to_new": int(direction == "to_new"), "to_old": 0}
    assert [(line["verb"], line["kind"], line["count"]) for line in plan["writes"]] == writes
    assert plan["without_evidence"] == 0


async def test_who_the_new_front_does_not_select_needs_no_evidence(tmp_path: Path, hook_server: Start):
    def called(name: str, labels: Json, selector: Json | None) -> bytes:
        body = json.loads(request(observed(ONE), uid=name, name=name, labels=labels))
        body["controller"]["spec"]["resources"][0]["labelSelector"] = selector
        return json.dumps(body).encode()

    sides = hook_server(answer_json(answer(ONE))), hook_server(answer_json(answer(ONE)))
    async with running(tmp_path, *sides) as proxy:
        for _ in range(2):  # the second is told from the first
            await proxy.call(called("plain", {}, None))
            await proxy.call(called("team", {"enabled": "true"}, None))
        await proxy.settled()
        await proxy.call(called("team", {"enabled": "true"}, {"matchLabels": {"enabled": "true"}}))
        await proxy.settled()
        plan, found = await proxy.get("/plan?stage=live"), await proxy.get()
        gone = (await proxy.get("/parents?state=gone"))["items"]
        contradictory = await proxy.client.get(f"{proxy.control}/api/v1/migrations/m/plan?brake=true&release=true")
        released = await proxy.get("/plan?release=true")
    assert (plan["known"], plan["unselected"], plan["without_evidence"]) == (1, 1, 0)
    assert (found["convergence"]["of"], [each["parent"]["name"] for each in gone]) == (1, ["plain"])
    assert (released["brake"], contradictory.status_code) == (False, 400)
    assert [line["parent"]["name"] for line in plan["parents"]] == ["team"]


async def test_a_plan_for_a_file_with_another_new_has_no_evidence(tmp_path: Path, hook_server: Start):
    sides = hook_server(answer_json(answer(ONE))), hook_server(answer_json(answer(ONE)))
    async with running(tmp_path, *sides) as proxy:
        await proxy.call(request(observed(ONE)))
        await proxy.settled()
        proxy.migration["stage"] = "live"
        same = json.dumps(proxy.top | {"migrations": {"m": proxy.migration}})
        proxy.migration["new"]["revision"] = "2"
        other = json.dumps(proxy.top | {"migrations": {"m": proxy.migration}})
        known, blind = [(await proxy.post("plan", configuration=text)).json() for text in (same, other)]
        refused = await proxy.post("plan", configuration="migrations: {}")
    assert (known["moving"]["to_new"], known["without_evidence"]) == (1, 0)
    assert (blind["moving"]["to_new"], blind["without_evidence"]) == (1, 1)
    assert blind["parents"][0]["writes"] is None
    assert refused.status_code == 400


async def test_parents_are_asked_back_sooner_until_everybody_has_met(tmp_path: Path, hook_server: Start):
    hurried, unhurried = answer(ONE, resyncAfterSeconds=5), answer(ONE, resyncAfterSeconds=3600)
    old, new = hook_server(answer_json(unhurried)), hook_server(answer_json(unhurried))

    async def told(uid: str) -> float:
        response = await proxy.call(request(observed(ONE), uid=uid, name=uid))
        assert response.headers["x-shadow-served"] == ("new" if moved else "old")
        seconds: float = response.json()["resyncAfterSeconds"]
        return seconds

    moved = False
    async with running(tmp_path, old, new, resync={"after": "60s"}) as proxy:
        assert [await told(uid) for uid in ("a", "b", "c")] == [3600, 3600, 3600]
        proxy.configure(stage="live")
        await proxy.taken_over(stage="live")
        moved = True
        assert await told("a") == 60
        new.behaviour = answer_json(hurried)
        assert await told("b") == 5
        new.behaviour = answer_json(unhurried)
        assert await told("c") == 60
        assert await told("c") == 3600
        await proxy.settled()
        advice = (await proxy.get("/report"))["advice"]
    assert "resync-lowered" in {line["code"] for line in advice}
