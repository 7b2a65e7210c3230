"""The answers of a recording give again what the proxy found when it served them, and no secret is in it."""

import asyncio
import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from shadow.compare.predictions import PATIENCE_SECONDS
from tests.hook_server import Behaviour, Exchange, HookServer, answer_json, close, hang, in_turn
from tests.hook_server import answer as bytes_answer
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import Running, running
from tests.recordings.test_scribe import shows
from tests.replay.lab import found, read, replay

PLANTED = "fake-planted-value"
KIN = {"apiVersion": "v1", "resource": "configmaps", "namespace": "team-a"}


def secret(value: str, name: str = "s", **more):
    item = config_map(name)
    return item | {"kind": "Secret", "data": {"k": base64.b64encode(value.encode()).decode()}} | more


class Scenes:
    """A proxy whose two hooks answer each call what was written for it, `old` in the composite's words if told so."""

    def __init__(self, composite: bool) -> None:
        self.composite = composite
        self.written: list[tuple[Any, Any]] = []

    def hook(self, place: int) -> Behaviour:
        def behave(exchange: Exchange) -> None:
            said = self.written[int(exchange.call.headers["x-scene"])][place]
            if self.composite and place == 0 and isinstance(said, dict):
                said = {"children" if key == "attachments" else key: value for key, value in said.items()}
            (said if callable(said) else answer_json(said))(exchange)

        return behave

    async def call(self, proxy: Running, uid: str, seen, old, new, hook: str = "sync", related: Any = None) -> None:
        self.written.append((old, new))
        body = json.loads(request(*map(observed, seen), uid=uid, name=f"team-{uid}"))
        if hook == "customize" or related is not None:
            body["controller"]["spec"]["hooks"]["customize"] = {"version": "v1", "webhook": {"url": "http://shadow"}}
            body["related"] = related
        if hook == "customize":
            body = {"controller": body["controller"], "parent": body["object"]}
        await proxy.call(json.dumps(body).encode(), hook, x_scene=str(len(self.written) - 1))


async def play(scenes: Scenes, proxy: Running) -> None:
    """Whatever can become of a call, and what takes several."""
    a, b, other = config_map("a"), config_map("b"), config_map("a", {"a": "2"})
    one, two = secret(PLANTED), secret(PLANTED + "-2")
    both = answer(a, one)
    for uid, old, new in (("lost", answer(a), answer(a)), ("drifts", answer(two), answer(two))):
        await scenes.call(proxy, uid, [one] if uid == "drifts" else [], old, new)
    await scenes.call(proxy, "same", [a, one], both, both)
    await scenes.call(proxy, "same", [a, one], both, both)  # the very same once more
    await scenes.call(proxy, "secret", [a, one], answer(a, one), answer(a, two))
    await scenes.call(proxy, "spelled", [one], answer(one), answer(one | {"data": None, "stringData": {"k": PLANTED}}))
    await scenes.call(proxy, "ignored", [a], answer(a, status={"n": 1}), answer(a, status={"n": 2}))
    await scenes.call(proxy, "held", [a, b], answer(a, b), answer(a))
    await scenes.call(proxy, "held", [a, b], answer(a, b), answer(a, b))
    await scenes.call(proxy, "fails", [a, one], both, bytes_answer(f"password {PLANTED}".encode(), 500))
    await scenes.call(proxy, "fails", [a], bytes_answer(f"<p>{PLANTED}".encode()), answer(a))
    await scenes.call(proxy, "fails", [a], bytes_answer(f'["{PLANTED}'.encode()), answer(a))
    await scenes.call(proxy, "fails", [a], answer(a), {})
    await scenes.call(proxy, "fails", [a], close, answer(a))
    await scenes.call(proxy, "tagged", [a], answer(a), bytes_answer(b"", 304))
    await scenes.call(proxy, "slow", [a], answer(a), bytes_answer(b"", 429, [("Retry-After", "3")]))
    one_rule, other_rule = ({"relatedResources": [KIN | {"names": [name]}]} for name in "ab")
    await scenes.call(proxy, "kin", [], one_rule, other_rule, "customize")
    shown = {"ConfigMap.v1": {f"team-a/{item['metadata']['name']}": observed(item) for item in (a, b)}}
    await scenes.call(proxy, "never-synced", [], one_rule, other_rule, "customize")
    await scenes.call(proxy, "kin", [a], answer(a), answer(a, b), related=shown)
    await scenes.call(proxy, "ends", [a], answer(a), answer(a), hook="finalize")
    await asyncio.sleep(PATIENCE_SECONDS + 0.05)
    await scenes.call(proxy, "lost", [], answer(a), answer(a))  # it was not created: contradicted
    await scenes.call(proxy, "drifts", [two], answer(two), answer(one))  # it was written: confirmed
    await asyncio.sleep(PATIENCE_SECONDS + 0.05)
    await scenes.call(proxy, "lost", [], answer(other), answer(a))  # and is foreseen no more: unadopted
    await scenes.call(proxy, "drifts", [two], answer(two), answer(two))


TRANSLATED = {"old__protocol": "composite", "noise": {"ask_twice": "100%"}}


@pytest.mark.parametrize(
    ("stage", "settings"),
    [("live", {}), ("shadow", TRANSLATED)],
    ids=["live", "translated-and-asked-twice"],
)
async def test_recorded_answers_give_every_outcome_and_effect_again(tmp_path: Path, stage: str, settings: Any):
    top = {"recording": {"directory": str(tmp_path / "calls")}, "retention": {"matched": "100%"}}
    rules = {"ignore": [{"path": "status.n", "because": "a counter"}]}
    customize = {"old__customize": "/customize", "new__customize": "/customize"}
    scenes = Scenes("old__protocol" in settings)
    both = {"stage": stage, "unknown_brake": "off", "compare": rules} | customize | settings
    with HookServer(scenes.hook(0)) as old, HookServer(scenes.hook(1)) as new:
        async with running(tmp_path, old, new, top, **both) as proxy:
            await play(scenes, proxy)
            told = await proxy.settled()
    assert told["recording"]["dropped"] == 0
    passed = await replay([tmp_path / "calls"], proxy.path.read_text(), tmp_path / "replay.db")
    assert (passed.played, passed.unreadable) == (told["calls"], 0)
    live, again = (found(tmp_path / name, told["evidence_digest"]) for name in ("shadow.db", "replay.db"))
    calls, replayed = live.pop("calls"), again.pop("calls")
    assert again == live
    assert all(replayed.get(id, entry) == entry for id, entry in calls.items())
    # Of two calls that are alike the second is counted and perhaps not kept: it depends on who is faster.
    assert len(calls.keys() ^ replayed.keys()) <= 1
    counters = live["counters"]
    assert {"matched", "ignored", "mismatched", "failed"} <= {entry[7] for entry in calls.values()}
    assert counters["held"] == (stage == "live")
    assert 0 not in (counters["skipped"], counters["confirmed"], counters["contradicted"])
    effects = {effect["effect"] for entry in calls.values() for effect in entry[-1]["effects_new"]}
    assert {"create", "update", "delete", "unadopted"} <= effects
    no_secret_in(tmp_path / "calls")


async def test_what_an_answer_alone_leads_to_expect_is_expected_again(tmp_path: Path):
    s, made = secret(PLANTED), config_map("made")
    scenes = Scenes(composite=False)
    with HookServer(scenes.hook(0)) as old, HookServer(scenes.hook(1)) as new:
        top = {"recording": {"directory": str(tmp_path / "calls")}, "retention": {"matched": "100%"}}
        settings: Any = {"stage": "live", "unknown_brake": "off", "old__shadow_when": {"observed": ["Secret.v1"]}}
        async with running(tmp_path, old, new, top, **settings) as proxy:
            await scenes.call(proxy, "p", [s], answer(s), answer(s))
            await scenes.call(proxy, "p", [], answer(made), answer(made))  # `old` is not asked: nothing to compare
            await asyncio.sleep(PATIENCE_SECONDS + 0.05)
            await scenes.call(proxy, "p", [s, made], answer(s, made), answer(s, made))
            told = await proxy.settled()
    await replay([tmp_path / "calls"], proxy.path.read_text(), tmp_path / "replay.db")
    live, again = (found(tmp_path / name, told["evidence_digest"]) for name in ("shadow.db", "replay.db"))
    assert again == live
    assert (live["counters"]["skipped"], live["counters"]["confirmed"]) == (1, 1)


async def test_what_is_asked_of_todays_implementations_is_marked_and_bounded_and_obeys_their_conditions(tmp_path: Path):
    def line(number: int, seen, hook: str = "sync") -> str:
        body = json.loads(request(*map(observed, seen), uid=f"uid-{number}", name=f"team-{number}"))
        return json.dumps({"hook": hook, "request": body})

    a, b = config_map("a", annotations={}), config_map("s", annotations={}) | {"kind": "Secret"}
    lines = [line(number, [a, b]) for number in range(12)] + [line(20, [a]), line(21, [a, b], "finalize")]
    (tmp_path / "calls.jsonl").write_text("\n".join(lines) + "\n")
    with HookServer(answer_json(answer(a, b), delay_seconds=0.02)) as old, HookServer(answer_json(answer(a))) as new:
        sides = {
            name: {"protocol": "decorator", "url": side.url, "sync": "/sync", "finalize": "/finalize", **more}
            for name, side, more in (
                ("old", old, {"shadow_in_flight": 3, "shadow_finalize": True}),
                ("new", new, {"shadow_when": {"observed": ["Secret.v1"]}}),
            )
        }
        text = json.dumps({"migrations": {"m": sides}})
        passed = await replay([tmp_path / "calls.jsonl"], text, tmp_path / "replay.db", asks=True)
        again = await replay([tmp_path / "calls.jsonl"], text, tmp_path / "replay.db", asks=True)
    asked = [*old.calls, *new.calls]
    assert (passed.played, len(old.calls), len(new.calls)) == (14, 12, 12)
    assert {call.headers["x-shadow-role"] for call in asked} == {"replay"}
    assert {call.path for call in asked} == {"/sync"}
    assert old.most_in_flight == 3
    assert (again.played, again.before) == (0, 14)
    with read(tmp_path / "replay.db") as store:
        counters = store.counters("m")
    assert (counters.calls, counters.mismatched, counters.skipped) == (14, 12, 2)


async def test_a_replay_that_was_broken_off_counts_every_call_once(tmp_path: Path):
    requests = [json.loads(request(config_map("a", annotations={}), uid=f"uid-{number}")) for number in range(8)]
    (tmp_path / "calls.jsonl").write_text("".join(json.dumps({"request": each}) + "\n" for each in requests))
    with HookServer(answer_json(answer(config_map("a")))) as old, HookServer(hang) as new:
        sides = {
            name: {"protocol": "decorator", "url": url, "sync": "/sync"}
            for name, url in (("old", old.url), ("new", new.url))
        }
        text = json.dumps({"migrations": {"m": sides}})
        new.behaviour = in_turn(*[answer_json(answer(config_map("a")))] * 5, hang)
        broken = asyncio.create_task(replay([tmp_path / "calls.jsonl"], text, tmp_path / "replay.db", asks=True))
        await asyncio.to_thread(new.wait_for_calls, 6)
        await asyncio.sleep(0.2)
        broken.cancel()
        await asyncio.wait([broken])
        new.behaviour = old.behaviour
        passed = await replay([tmp_path / "calls.jsonl"], text, tmp_path / "replay.db", asks=True)
    assert broken.cancelled()
    assert passed.before + passed.played == 8
    assert passed.before > 0
    with read(tmp_path / "replay.db") as store:
        assert (store.counters("m").calls, store.counters("m").matched) == (8, 8)


def no_secret_in(directory: Path) -> None:
    for path in directory.iterdir():
        text = gzip.decompress(path.read_bytes())
        assert len(text.splitlines()) > 10
        assert not shows(text)
