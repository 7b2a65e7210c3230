"""The guard on a whole proxy: each thing that goes wrong trips it or does not, once, and its brake removes nothing."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hook_server import Behaviour, HookServer, answer_json, hang, in_turn
from tests.hook_server import answer as answering
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import Json, Running, running

Start = Callable[..., HookServer]
ONE, TWO = config_map("one"), config_map("two")
SEES_ONE, SEES_BOTH = request(observed(ONE)), request(observed(ONE), observed(TWO))
LIVE: Json = {"stage": "live", "unknown_brake": "off", "hold": []}
SMALL: Json = {"min_calls": 5, "max_failed": "10%", "window": "5m"}
GOOD, BROKEN = answer_json(answer(ONE)), answering(b"sorry", 500)


async def calls(proxy: Running, count: int, body: bytes = SEES_ONE) -> Json:
    for _ in range(count):
        await proxy.call(body)
    return await proxy.settled()


async def braked(proxy: Running, seconds: float = 0.3) -> Json:
    """The brake, once what is under way has been looked at."""
    deadline = time.monotonic() + seconds
    while True:
        found: Json = (await proxy.get())["brake"]
        if found["on"] or time.monotonic() > deadline:
            return found
        await asyncio.sleep(0.03)


async def tripped(proxy: Running) -> Json:
    """The brake that the guard pulls, however busy the machine is."""
    return await braked(proxy, 10.0)


async def pulls(proxy: Running) -> list[Json]:
    lines: list[Json] = (await proxy.get("/history"))["items"]
    return [line for line in lines if line["kind"] in ("rollback", "guard")]


Sides = tuple[Behaviour, Behaviour]
SCENARIOS: dict[str, tuple[Sides, Json, str | None]] = {
    "new fails": ((GOOD, BROKEN), {}, "new failed in 5 of 5 calls (100%)"),
    "new fails as often as it may": ((GOOD, in_turn(BROKEN, GOOD)), {"guard": SMALL | {"max_failed": "20%"}}, None),
    "new is slow": (
        (GOOD, answer_json(answer(ONE), delay_seconds=0.06)),
        {"guard": SMALL | {"max_latency_ratio": 2}},
        "times as long as old",
    ),
    "new is refused": ((GOOD, answering(b"{}")), {}, "new failed in 5 of 5"),
    "old fails": ((BROKEN, GOOD), {}, None),
    "both agree": ((GOOD, GOOD), {}, None),
    "a difference that writes nothing": ((GOOD, answer_json(answer(ONE, status={"a": 1}))), {}, None),
    "held answers": ((GOOD, answer_json(answer())), {"hold": ["delete"], "fallback": "off"}, "new failed in 5 of 5"),
}


@pytest.mark.parametrize(("sides", "settings", "told"), SCENARIOS.values(), ids=SCENARIOS)
async def test_it_trips_for_what_new_does_and_for_nothing_else(
    tmp_path: Path, hook_server: Start, sides: Sides, settings: Json, told: str | None
):
    old, new = map(hook_server, sides)
    async with running(tmp_path, old, new, **LIVE | {"guard": SMALL} | settings) as proxy:
        await calls(proxy, 5)
        brake = await (braked if told is None else tripped)(proxy)
        await calls(proxy, 2)
        logged = await pulls(proxy)
    if told is None:
        assert (bool(brake["on"]), logged) == (False, [])
        return
    assert (brake["on"], brake["by"]) == (True, "guard")
    assert told in brake["because"]
    assert [line["because"] for line in logged] == [brake["because"]]
    assert logged[0]["details"]["guard"]


async def test_one_delete_that_old_would_not_have_had_trips_it_at_once(tmp_path: Path, hook_server: Start):
    old = hook_server(answer_json(answer(ONE, TWO)))
    new = hook_server(in_turn(*[answer_json(answer(ONE, TWO))] * 9, answer_json(answer(ONE))))
    async with running(tmp_path, old, new, **LIVE) as proxy:
        await calls(proxy, 9, SEES_BOTH)
        assert not (await braked(proxy))["on"]
        await calls(proxy, 1, SEES_BOTH)
        brake = await tripped(proxy)
        # What new was served with last is kept: old's answer would create `two` again, which removes nothing.
        again = await proxy.call(request(observed(ONE)))
    assert "1 delete that old's had not" in brake["because"]
    assert again.headers["x-shadow-served"] == "old"


def compare_process() -> int:
    """The only child that this process has beside what the test runner started: the one that compares."""
    found = [
        int(pid)
        for task in Path("/proc/self/task").iterdir()
        for pid in (task / "children").read_text().split()
        if b"shadow.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    (pid,) = found
    return pid


async def test_a_compare_process_that_dies_is_no_fault_of_new_and_blinds_nobody_for_long(
    tmp_path: Path, hook_server: Start
):
    old, new = hook_server(answer_json(answer(ONE, TWO))), hook_server(answer_json(answer(ONE, TWO)))
    async with running(tmp_path, old, new, **LIVE, guard=SMALL | {"min_calls": 1, "max_failed": "0%"}) as proxy:
        await calls(proxy, 1, SEES_BOTH)
        dying = compare_process()
        os.kill(dying, signal.SIGSTOP)
        for number in range(6):
            await proxy.call(request(observed(ONE), observed(TWO), uid=f"uid-{number}", name=f"team-{number}"))
        await asyncio.sleep(0.3)  # until some of them are with it
        os.kill(dying, signal.SIGKILL)
        counts = await proxy.settled()
        assert not (await braked(proxy))["on"]
        assert await pulls(proxy) == []
        new.behaviour = answer_json(answer(ONE))
        await proxy.call(SEES_BOTH)
        brake = await tripped(proxy)
    assert counts["dropped_by"].keys() == {"worker"}
    assert 0 < counts["dropped"] <= 6
    assert counts["comparisons"]["matched"] == 7 - counts["dropped"]
    assert "1 delete that old's had not" in brake["because"]


async def test_in_complete_every_delete_counts_but_expected_ones(tmp_path: Path, hook_server: Start):
    new = hook_server(answer_json(answer(ONE)))
    rule = {"object": "ConfigMap/two", "change": "removed", "because": "dropped"}
    complete = LIVE | {"stage": "complete"}
    async with running(tmp_path, hook_server(GOOD), new, **complete, compare={"expect": [rule]}) as proxy:
        await calls(proxy, 1, SEES_BOTH)
        assert not (await braked(proxy))["on"]
        new.behaviour = answer_json(answer(TWO))
        counts = await calls(proxy, 1, SEES_BOTH)
        brake = await tripped(proxy)
    assert "1 delete" in brake["because"]
    assert (counts["comparisons"]["skipped"], counts["calls"]) == (2, 2)


UNASKED: dict[str, Json] = {"sample": {"sample": 0}, "shadow_when": {"old__shadow_when": "never"}}


@pytest.mark.parametrize("settings", UNASKED.values(), ids=UNASKED)
async def test_where_old_is_not_asked_every_delete_counts(tmp_path: Path, hook_server: Start, settings: Json):
    async with running(tmp_path, hook_server(GOOD), hook_server(GOOD), **LIVE | settings) as proxy:
        await calls(proxy, 1, SEES_BOTH)
        brake = await tripped(proxy)
    assert "1 delete that no rule expects" in brake["because"]


async def test_a_finalize_answer_counts_as_well(tmp_path: Path, hook_server: Start):
    old = hook_server(answer_json(answer(ONE, finalized=False)))
    new = hook_server(answer_json(answer(finalized=False)))
    hooks = {"old__finalize": "/sync", "old__shadow_finalize": True, "new__finalize": "/sync"}
    body = json.loads(SEES_ONE) | {"finalizing": True}
    body["object"]["metadata"]["deletionTimestamp"] = "2027-01-15T08:00:00Z"
    body["object"]["metadata"]["finalizers"] = ["metacontroller.io/decoratorcontroller-profiles"]
    body["controller"]["spec"]["hooks"]["finalize"] = {"version": "v1", "webhook": {"url": "http://shadow/m/finalize"}}
    async with running(tmp_path, old, new, **LIVE | hooks) as proxy:
        served = await proxy.call(json.dumps(body).encode(), hook="finalize")
        assert (served.status_code, served.headers.get("x-shadow-served")) == (200, "new"), served.text
        brake = await tripped(proxy)
    assert "1 delete that old's had not" in brake["because"]


async def test_in_shadow_it_warns_once(tmp_path: Path, hook_server: Start):
    async with running(tmp_path, hook_server(GOOD), hook_server(BROKEN), guard=SMALL) as proxy:
        await calls(proxy, 8)
        logged = await pulls(proxy)
        assert not (await braked(proxy))["on"]
    assert [line["kind"] for line in logged] == ["guard"]
    async with running(tmp_path, hook_server(GOOD), hook_server(BROKEN), guard=SMALL) as proxy:
        await calls(proxy, 3)
        assert len(await pulls(proxy)) == 1


async def test_its_brake_deletes_nothing_until_a_person_confirms_it(tmp_path: Path, hook_server: Start):
    old, new = hook_server(GOOD), hook_server(answer_json(answer(ONE, TWO)))
    async with running(tmp_path, old, new, **LIVE, guard=SMALL) as proxy:
        await proxy.call(SEES_BOTH)
        new.behaviour = BROKEN
        await calls(proxy, 5, SEES_BOTH)
        assert (await tripped(proxy))["by"] == "guard"
        counted = (await proxy.get())["guard"]["at_pull"]
        refused = await proxy.call(SEES_BOTH)
        for stage in ("shadow", "off"):  # no file lifts what a person has to decide
            await proxy.reconfigured(stage=stage)
            assert (await proxy.call(SEES_BOTH)).json()["code"] == "guard-brake"
        other = await proxy.call(request(observed(ONE), uid="uid-2", name="team-b"))
        governed = [await proxy.get(f"/history/governing?parent={name}") for name in ("team-a", "team-b")]
        await proxy.post("rollback", because="two may go")
        confirmed = await braked(proxy)
        served = await proxy.call(SEES_BOTH)
    assert (refused.status_code, refused.json()["code"]) == (503, "guard-brake")
    assert "delete ConfigMap/team-a/two" in refused.json()["error"]
    assert (other.status_code, other.headers["x-shadow-served"]) == (200, "old")
    assert (counted["failed"], counted["calls"]) == (4, 5)
    assert [(each["primary"], each["refused"], each["by"]) for each in governed] == [
        (None, True, "guard"),
        ("old", False, "guard"),
    ]
    assert (confirmed["on"], confirmed["because"]) == (True, "two may go")
    assert (served.status_code, served.headers["x-shadow-served"]) == (200, "old")


async def test_a_release_starts_an_empty_window_and_a_restart_does_not(tmp_path: Path, hook_server: Start):
    old, new = hook_server(GOOD), hook_server(BROKEN)
    async with running(tmp_path, old, new, **LIVE, guard=SMALL) as proxy:
        await calls(proxy, 4)
    async with running(tmp_path, old, new, **LIVE, guard=SMALL) as proxy:
        assert not (await braked(proxy))["on"]
        await calls(proxy, 1)
        assert (await tripped(proxy))["on"] is True
        await proxy.post("release", because="again")
        await calls(proxy, 4)
        assert not (await braked(proxy))["on"]
        await calls(proxy, 1)
        assert (await tripped(proxy))["on"] is True


async def test_a_time_out_is_news_fault_and_a_full_queue_is_not(tmp_path: Path, hook_server: Start):
    old, new = hook_server(GOOD), hook_server(answer_json(answer()))
    async with running(tmp_path, old, new, top={"compare": {"queue": "1KiB"}}, **LIVE, guard=SMALL) as proxy:
        counts = await calls(proxy, 6)
        assert counts["dropped_by"] == {"queue": 6}
        assert not (await braked(proxy))["on"]
        new.behaviour = hang
        proxy.configure(new__timeout="100ms", guard=SMALL | {"max_failed": "0%"})
        await proxy.taken_over()
        await asyncio.sleep(2.0)
        await calls(proxy, 5)
        assert (await tripped(proxy))["on"] is True
