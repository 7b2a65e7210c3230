"""The control API and what operators do with it, on a whole proxy."""

import asyncio
import hashlib
import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from shadow.config.digest import configuration_digest
from shadow.config.load import load
from tests.hook_server import HookServer, answer_json, hang
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import Json, Running, running

Start = Callable[..., HookServer]
ONE = config_map("one")
SEES_ONE = request(observed(ONE))
LIVE: Json = {"stage": "live", "unknown_brake": "off"}


@pytest.fixture
def sides(hook_server: Start) -> tuple[HookServer, HookServer]:
    """Two hooks that agree."""
    return hook_server(answer_json(answer(ONE))), hook_server(answer_json(answer(ONE)))


async def served(proxy: Running) -> str:
    return (await proxy.call(SEES_ONE)).headers["x-shadow-served"]


async def test_a_migration_is_shown_with_everything_that_scripts_read(
    tmp_path: Path, sides: tuple[HookServer, HookServer]
):
    async with running(tmp_path, *sides) as proxy:
        await proxy.call(SEES_ONE)
        found = await proxy.settled()
        everything = (await proxy.client.get(f"{proxy.control}/api/v1/migrations")).json()
    assert [one["name"] for one in everything] == ["m"]
    assert found["stage"] == "shadow"
    assert (found["brake"]["on"], set(found["brake"])) == (False, {"on", "since", "by", "because"})
    assert found["front"]["kind"] == "DecoratorController"
    assert (found["calls"], found["parents"], found["served"]) == (1, 1, {"old": 1, "new": 0})
    assert {"evidence_digest", "configuration_digest", "dropped_by", "refused", "held", "fallbacks"} <= set(found)


@pytest.mark.parametrize(("resync", "told"), [(3600, True), (10, False)], ids=["hourly", "often"])
async def test_the_resync_of_the_controller_in_front_may_leave_the_guard_without_rates(
    tmp_path: Path, sides: tuple[HookServer, HookServer], resync: int, told: bool
):
    body = json.loads(SEES_ONE)
    body["controller"]["spec"]["resyncPeriodSeconds"] = resync
    async with running(tmp_path, *sides, guard={"window": "10m", "min_calls": 50}) as proxy:
        await proxy.call(json.dumps(body).encode())
        found = await proxy.settled()
        page = (await proxy.client.get(f"{proxy.control}/migrations/m")).text
    why = found["guard"]["out_of_reach"]
    assert (why is not None) is ("The guard cannot judge rates" in page) is told


@pytest.mark.parametrize("debug", [True, False], ids=["debug", "as usual"])
async def test_only_a_debug_log_has_a_line_for_each_call(
    tmp_path: Path,
    sides: tuple[HookServer, HookServer],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    debug: bool,
):
    monkeypatch.setenv("SHADOW_DEBUG", "1" if debug else "")
    async with running(tmp_path, *sides) as proxy:
        call = (await proxy.call(SEES_ONE)).headers["x-shadow-call"]
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    told = [(line["migration"], line["parent"], line["message"]) for line in lines if line.get("call") == call]
    assert told == ([("m", "team-a", "sync is answered 200 by old")] if debug else [])


async def test_a_faulty_file_of_tokens_is_listed_and_the_tokens_before_it_stay(
    tmp_path: Path, sides: tuple[HookServer, HookServer]
):
    file, token = tmp_path / "tokens.yaml", "fake-alice"
    file.write_text(f"alice: {{sha256: {hashlib.sha256(token.encode()).hexdigest()}, rights: [read]}}")
    async with running(tmp_path, *sides, {"server": {"tokens_file": str(file)}}) as proxy:
        proxy.client.headers["authorization"] = f"Bearer {token}"

        async def told() -> list[str]:
            return list((await proxy.client.get(f"{proxy.control}/readyz")).json()["missing_files"])

        assert await told() == []
        file.write_text("alice: {rights: everything}")
        for _ in range(100):
            if await told():
                break
            await asyncio.sleep(0.1)
        assert await told() == [str(file)]
        assert (await proxy.get())["name"] == "m"


async def test_rollback_takes_effect_on_the_next_call_and_release_ends_it(
    tmp_path: Path, sides: tuple[HookServer, HookServer]
):
    async with running(tmp_path, *sides, **LIVE) as proxy:
        assert await served(proxy) == "new"
        pulled = await proxy.post("rollback", because="it deletes")
        assert await served(proxy) == "old"
        shown = (await proxy.get())["brake"]
        released = await proxy.post("release", because="fixed")
        assert await served(proxy) == "new"
    replicas = {"acknowledged": 1, "of": 1, "missing": []}
    expected = {"on": True, "stored": True, "replicas": replicas}
    assert (pulled.status_code, pulled.json() | expected) == (200, pulled.json())
    assert (shown["on"], shown["because"]) == (True, "it deletes")
    assert released.json()["on"] is False


async def test_a_call_in_flight_is_not_answered_by_new_once_the_brake_is_on(tmp_path: Path, hook_server: Start):
    old = hook_server(answer_json(answer(ONE)))
    new = hook_server(answer_json(answer(ONE), delay_seconds=0.5))
    async with running(tmp_path, old, new, **LIVE) as proxy:
        call = asyncio.create_task(proxy.call(SEES_ONE))
        await asyncio.to_thread(new.wait_for_calls, 1)
        await proxy.post("rollback", because="now")
        response = await call
    assert response.headers["x-shadow-served"] == "old"


async def test_a_call_in_flight_without_olds_answer_is_refused(tmp_path: Path, hook_server: Start):
    new = hook_server(answer_json(answer(ONE), delay_seconds=0.5))
    async with running(tmp_path, hook_server(hang), new, **LIVE) as proxy:
        call = asyncio.create_task(proxy.call(SEES_ONE))
        await asyncio.to_thread(new.wait_for_calls, 1)
        await proxy.post("rollback", because="now")
        assert (await call).status_code == 503


async def test_not_one_answer_of_new_begins_after_the_rollback_returned(
    tmp_path: Path, sides: tuple[HookServer, HookServer]
):
    async with running(tmp_path, *sides, **LIVE) as proxy:
        answers: list[tuple[float, str]] = []
        stop = asyncio.Event()

        async def caller() -> None:
            while not stop.is_set():
                response = await proxy.call(SEES_ONE)
                answers.append((time.monotonic(), response.headers.get("x-shadow-served", "")))

        callers = [asyncio.create_task(caller()) for _ in range(50)]
        async with asyncio.timeout(20):
            while len(answers) < 100:  # however busy the machine is
                await asyncio.sleep(0.05)
        async with httpx.AsyncClient() as other:
            await other.post(f"{proxy.control}/api/v1/migrations/m/rollback", json={"because": "now"})
        returned = time.monotonic()
        await asyncio.sleep(0.5)
        stop.set()
        await asyncio.gather(*callers)
    # An answer that had left before may be read after; a call takes far less than this.
    late = [side for at, side in answers if at > returned + 0.2]
    assert late
    assert set(late) == {"old"}
    assert "new" in {side for at, side in answers if at < returned}


async def test_the_brake_outlives_a_restart_and_a_stale_configuration(
    tmp_path: Path, sides: tuple[HookServer, HookServer]
):
    async with running(tmp_path, *sides, **LIVE) as proxy:
        await proxy.post("rollback", because="now")
    async with running(tmp_path, *sides, **LIVE) as proxy:
        assert await served(proxy) == "old"


async def test_a_wiped_store_in_stage_live_is_not_guessed_at(tmp_path: Path, sides: tuple[HookServer, HookServer]):
    async with running(tmp_path, *sides, stage="live") as proxy:
        refused = await proxy.call(SEES_ONE)
        assert (await proxy.get())["brake"]["on"] is None
        amiss = (await proxy.client.get(f"{proxy.control}/readyz")).json()["brakes_unknown"]
        (told,) = (await proxy.get("/plan?weight=50&stage=canary"))["notes"]
        await proxy.post("release", because="first start in live, on purpose")
        assert await served(proxy) == "new"
        counts = await proxy.settled()
    assert (refused.status_code, refused.json()["code"]) == (503, "brake-unknown")
    assert counts["comparisons"]["skipped"] == 1
    assert amiss == ["m"]
    assert told.startswith("nobody knows whether it is on: until a person decides")
    for leftover in tmp_path.glob("shadow.db*"):
        leftover.unlink()
    async with running(tmp_path, *sides, stage="live") as proxy:
        assert (await proxy.call(SEES_ONE)).status_code == 503
        await proxy.post("rollback", because="safe side")
        assert await served(proxy) == "old"


async def test_climbing_from_shadow_to_live_needs_no_release(tmp_path: Path, sides: tuple[HookServer, HookServer]):
    async with running(tmp_path, *sides) as proxy:
        assert await served(proxy) == "old"
        proxy.configure(stage="live")
        await proxy.taken_over(stage="live")
        assert await served(proxy) == "new"


async def test_release_is_refused_if_what_it_releases_to_has_changed(
    tmp_path: Path, sides: tuple[HookServer, HookServer]
):
    async with running(tmp_path, *sides, stage="canary", canary={"weight": 10}, unknown_brake="off") as proxy:
        await proxy.post("rollback", because="now")
        proxy.configure(canary={"weight": 100})
        shown = await proxy.taken_over(weight=100)
        refused = await proxy.post("release", because="fixed")
        wrong = await proxy.post("release", because="fixed", accept_digest="sha256:0")
        accepted = await proxy.post("release", because="fixed", accept_digest=shown["configuration_digest"])
    assert [one.status_code for one in (refused, wrong, accepted)] == [409, 409, 200]
    assert refused.headers["content-type"] == "application/problem+json"
    assert shown["configuration_digest"] in refused.json()["detail"]


async def test_the_configuration_pulls_the_brake_and_never_releases_it(
    tmp_path: Path, sides: tuple[HookServer, HookServer]
):
    async with running(tmp_path, *sides, **LIVE) as proxy:
        proxy.configure(brake={"because": "from Git"})
        for _ in range(500):
            if (await proxy.get())["brake"]["on"]:
                break
            await asyncio.sleep(0.01)
        await proxy.post("release", because="perhaps just before that configuration comes into force")
        await proxy.taken_over(configuration_digest=configuration_digest(load(proxy.path)))
        assert await served(proxy) == "old"
        assert (await proxy.post("release", because="no")).status_code == 409
        proxy.configure(brake=None)
        await asyncio.sleep(1.5)
        assert await served(proxy) == "old"
        assert (await proxy.post("release", because="yes")).status_code == 200


async def test_a_bad_configuration_is_refused_and_the_old_one_stays(
    tmp_path: Path, sides: tuple[HookServer, HookServer]
):
    async with running(tmp_path, *sides) as proxy:
        proxy.configure(stage="everything", password="fake-password")
        await asyncio.sleep(1.5)
        refused = (await proxy.get("/history"))["items"][0]
        ready = (await proxy.client.get(f"{proxy.control}/readyz")).json()
        assert await served(proxy) == "old"
        del proxy.migration["password"]
        proxy.configure(stage="live")
        await proxy.taken_over(stage="live")
        mended = (await proxy.client.get(f"{proxy.control}/readyz")).json()
    assert "migrations.m.stage" in ready["refused_configuration"]
    told = {each["path"]: (each["from"], each["to"]) for each in refused["details"]["changes"]}
    assert refused["kind"] == "refused-configuration"
    assert told["migrations.m.stage"] == (None, "everything")
    assert told["migrations.m.password"][1].startswith("<redacted:")
    assert mended["refused_configuration"] is None


async def test_a_process_that_starts_with_a_bad_file_serves_the_last_accepted_one(
    tmp_path: Path, sides: tuple[HookServer, HookServer]
):
    async with running(tmp_path, *sides, **LIVE) as proxy:
        assert await served(proxy) == "new"
        hooks, control = proxy.hooks, proxy.control
    path = tmp_path / "shadow.yaml"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"nonsense": 1}))
    process = subprocess.Popen(
        [sys.executable, "-m", "shadow", "serve", "--config", str(path)], stderr=subprocess.DEVNULL
    )
    try:
        async with httpx.AsyncClient() as client:
            ready = await _ready(client, control)
            response = await client.post(f"{hooks}/m/sync", content=SEES_ONE)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert "nonsense" in ready["refused_configuration"]
    assert response.headers["x-shadow-served"] == "new"


async def _ready(client: httpx.AsyncClient, control: str) -> dict[str, str]:
    for _ in range(200):
        try:
            response = await client.get(f"{control}/readyz")
            if response.status_code == 200:
                found: dict[str, str] = response.json()
                return found
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.05)
    raise AssertionError("not ready")


async def test_kill_9_loses_no_count_and_no_brake(tmp_path: Path, hook_server: Start):
    old, new = hook_server(answer_json(answer(ONE))), hook_server(hang)
    proxy = Running(tmp_path, old, new, {"new__timeout": "5s"})
    process = subprocess.Popen(
        [sys.executable, "-m", "shadow", "serve", "--config", str(proxy.path)], stderr=subprocess.DEVNULL
    )
    await _ready(proxy.client, proxy.control)
    for _ in range(5):
        await proxy.call(SEES_ONE)
    assert (await proxy.post("rollback", because="now")).json()["stored"]
    await asyncio.sleep(1.2)  # a batch is written every half second
    process.kill()
    process.wait()
    async with running(tmp_path, old, new, new__timeout="5s", stage="live") as again:
        found = await again.settled()
        assert await served(again) == "old"
    await proxy.client.aclose()
    assert (found["calls"], found["dropped"], found["dropped_by"]) == (5, 5, {"crash": 5})


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/m/sync", b"", 405),
        ("POST", "/other/sync", SEES_ONE, 404),
        ("POST", "/m/other", SEES_ONE, 404),
        ("POST", "/m/sync", b"", 400),
        ("POST", "/m/sync", b"<html>", 400),
        ("POST", "/m/sync", b"[]", 400),
        ("POST", "/m/sync", b"{}", 400),
        ("POST", "/m/sync", b'{"parent": {}}', 400),
        ("POST", "/m/sync", b" " * (2**20 + 1), 413),
    ],
)
async def test_what_is_no_call_gets_a_clear_error_and_is_not_counted(
    tmp_path: Path, sides: tuple[HookServer, HookServer], method: str, path: str, body: bytes, status: int
):
    async with running(tmp_path, *sides, top={"server": {"max_body": "1MiB"}}) as proxy:
        response = await proxy.client.request(method, proxy.hooks + path, content=body)
        assert (await proxy.get())["calls"] == 0
    assert response.status_code == status
    assert set(response.json()) == {"error", "code", "call"}


async def test_a_wiped_store_is_not_settled_by_going_through_stage_shadow(
    tmp_path: Path, sides: tuple[HookServer, HookServer]
):
    async with running(tmp_path, *sides, stage="live") as proxy:
        assert (await proxy.call(SEES_ONE)).status_code == 503
        proxy.configure(stage="shadow")
        await proxy.taken_over(stage="shadow")
        assert await served(proxy) == "old"
        proxy.configure(stage="live")
        await proxy.taken_over(stage="live")
        assert (await proxy.call(SEES_ONE)).status_code == 503


async def test_calls_go_on_and_a_failing_store_is_counted_and_told(
    tmp_path: Path, sides: tuple[HookServer, HookServer]
):
    async with running(tmp_path, *sides) as proxy:
        with sqlite3.connect(tmp_path / "shadow.db") as damage:
            damage.execute("ALTER TABLE parents RENAME TO gone")
        assert await served(proxy) == "old"
        await asyncio.sleep(1.2)  # a batch is written every half second
        failing = (await proxy.client.get(f"{proxy.control}/readyz")).json()
        with sqlite3.connect(tmp_path / "shadow.db") as repair:
            repair.execute("ALTER TABLE gone RENAME TO parents")
        await asyncio.sleep(1.2)
        mended = (await proxy.client.get(f"{proxy.control}/readyz")).json()
    assert (failing["store_failing"], failing["store_failures"] > 0) == (True, True)
    assert (mended["store_failing"], mended["records_lost"]) == (False, 0)
