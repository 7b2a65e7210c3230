"""What goes out to Metacontroller, by stage, brake, hold and fallback: real HTTP on both sides."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shadow.store.sqlite import SqliteStore
from tests.hook_server import (
    Behaviour,
    HookServer,
    answer_json,
    close,
    half,
    hang,
    http10,
    huge,
    in_turn,
    raw,
    redirect,
    reset,
)
from tests.hook_server import (
    answer as answering,
)
from tests.proxy.bodies import MARK, answer, config_map, observed, request
from tests.proxy.running import Json, running

Start = Callable[..., HookServer]

ONE = config_map("one")
TWO = config_map("two")
SEES_ONE = request(observed(ONE))
SEES_BOTH = request(observed(ONE), observed(TWO))


async def test_in_stage_shadow_the_old_answer_goes_out_byte_for_byte(tmp_path: Path, hook_server: Start):
    body = b'{ "attachments" :[], "status":{"n": 1.0, "big": 18446744073709551616, "e": 1e3}}'
    old = hook_server(answering(body, headers=[("X-Own", "kept"), ("Content-Type", "application/json")]))
    new = hook_server(answer_json(answer(ONE)))
    async with running(tmp_path, old, new) as proxy:
        response = await proxy.call(request())
        assert response.content == body
        assert (response.status_code, response.headers["x-own"]) == (200, "kept")
        assert response.headers["x-shadow-served"] == "old"
        counts = await proxy.settled()
    assert counts["comparisons"]["mismatched"] == 1
    assert new.calls[0].headers["x-shadow-role"] == "shadow"
    assert old.calls[0].headers["x-shadow-call"] == new.calls[0].headers["x-shadow-call"]
    assert old.calls[0].body == request()


@pytest.mark.parametrize(
    ("stage", "served", "asked"),
    [
        ("off", "old", {"old"}),
        ("shadow", "old", {"old", "new"}),
        ("live", "new", {"old", "new"}),
        ("complete", "new", {"new"}),
    ],
)
async def test_each_stage_asks_and_serves_whom_it_says(
    tmp_path: Path, hook_server: Start, stage: str, served: str, asked: set[str]
):
    old, new = hook_server(answer_json(answer(ONE))), hook_server(answer_json(answer(ONE)))
    async with running(tmp_path, old, new, stage=stage, unknown_brake="off") as proxy:
        response = await proxy.call(SEES_ONE)
        counts = await proxy.settled()
    assert response.headers["x-shadow-served"] == served
    assert {side for side, server in (("old", old), ("new", new)) if server.calls} == asked
    assert counts["comparisons"]["matched" if len(asked) == 2 else "skipped"] == 1


async def test_a_composite_implementation_answers_a_decorator_front(tmp_path: Path, hook_server: Start):
    old = hook_server(answer_json({"status": {"phase": "Active"}, "children": [ONE]}))
    new = hook_server(answer_json(answer(ONE, status={"phase": "Active"})))
    async with running(tmp_path, old, new, old__protocol="composite") as proxy:
        response = await proxy.call(SEES_ONE)
        await proxy.settled()
    assert response.json()["attachments"] == [ONE]
    assert "children" not in response.json()
    sent = old.calls[0].json()
    assert sent["controller"]["kind"] == "CompositeController"
    assert set(sent) >= {"parent", "children"}
    assert not set(sent) & {"object", "attachments"}


FAULTS: dict[str, tuple[Behaviour, int]] = {
    "refuses nothing but resets": (reset, 502),
    "closes without a status line": (close, 502),
    "garbage": (raw(b"\x00\x01\x02 no http\r\n\r\n"), 502),
    "half a body": (half(b'{"attachments": []}'), 502),
    "a redirect": (redirect("http://127.0.0.1:1/"), 502),
    "201": (answering(b'{"attachments": []}', 201), 502),
    "500": (answering(b"sorry", 500), 500),
    "404": (answering(b"", 404), 404),
    "an empty body": (answering(b""), 502),
    "not JSON": (answering(b"<html>"), 502),
    "{}": (answering(b"{}"), 502),
    "null": (answering(b"null"), 502),
    "the other list key": (answering(b'{"children": []}'), 502),
    "both list keys": (answering(b'{"children": [], "attachments": []}'), 502),
    "no list": (answering(b'{"status": {}}'), 502),
    "a null list": (answering(b'{"attachments": null}'), 502),
    "a null item": (answering(b'{"attachments": [null]}'), 502),
    "100 MB": (huge(100 * 2**20), 502),
    "304 without a tag": (answering(b"", 304), 502),
    "gzip": (answering(b"\x1f\x8b", headers=[("Content-Encoding", "gzip")]), 502),
}


@pytest.mark.parametrize(("behaviour", "status"), FAULTS.values(), ids=FAULTS)
async def test_what_could_delete_or_is_no_answer_is_never_served(
    tmp_path: Path, hook_server: Start, behaviour: Behaviour, status: int
):
    good = hook_server(answer_json(answer(ONE)))
    async with running(tmp_path, hook_server(behaviour), good) as proxy:
        response = await proxy.call(SEES_ONE)
        counts = await proxy.settled()
    assert response.status_code == status
    assert counts["comparisons"]["failed"] == 1


@pytest.mark.parametrize(("behaviour", "status"), FAULTS.values(), ids=FAULTS)
async def test_as_shadow_a_fault_changes_nothing_for_the_caller(
    tmp_path: Path, hook_server: Start, behaviour: Behaviour, status: int
):
    body = json.dumps(answer(ONE)).encode()
    async with running(tmp_path, hook_server(answering(body)), hook_server(behaviour)) as proxy:
        response = await proxy.call(SEES_ONE)
        counts = await proxy.settled()
    assert (response.status_code, response.content) == (200, body)
    assert counts["comparisons"]["failed"] == 1


async def test_a_time_out_of_the_primary_is_504_and_of_the_shadow_nothing(tmp_path: Path, hook_server: Start):
    good, hanging = hook_server(answer_json(answer(ONE))), hook_server(hang)
    for directory, sides, status in (("a", (hanging, good), 504), ("b", (good, hanging), 200)):
        (tmp_path / directory).mkdir()
        short: Json = {"old__timeout": "300ms", "new__timeout": "300ms"}
        async with running(tmp_path / directory, *sides, **short) as proxy:
            assert (await proxy.call(SEES_ONE)).status_code == status
            assert (await proxy.settled())["comparisons"]["failed"] == 1


async def test_nobody_listening_is_502(tmp_path: Path, hook_server: Start, refused_url: str):
    async with running(tmp_path, refused_url, hook_server(answer_json(answer(ONE)))) as proxy:
        response = await proxy.call(SEES_ONE)
    assert response.status_code == 502
    assert set(response.json()) == {"error", "code", "call"}


async def test_an_http_1_0_hook_without_a_length_is_a_good_hook(tmp_path: Path, hook_server: Start):
    body = json.dumps(answer(ONE)).encode()
    async with running(tmp_path, hook_server(http10(body)), hook_server(http10(body))) as proxy:
        assert (await proxy.call(SEES_ONE)).content == body
        assert (await proxy.settled())["comparisons"]["matched"] == 1


LIVE: Json = {"stage": "live", "unknown_brake": "off"}


async def test_a_failing_new_falls_back_to_an_old_answer_that_changes_nothing(tmp_path: Path, hook_server: Start):
    old = hook_server(answer_json(answer(ONE)))
    async with running(tmp_path, old, hook_server(answering(b"", 500)), **LIVE) as proxy:
        response = await proxy.call(SEES_ONE)
        counts = await proxy.settled()
    assert (response.status_code, response.headers["x-shadow-served"]) == (200, "old")
    assert (counts["fallbacks"], counts["fallbacks_withheld"]) == (1, 0)


HARMFUL = {
    "deletes": answer(),
    "creates": answer(ONE, TWO),
    "updates": answer(config_map("one", {"a": "2"})),
    "labels the parent": answer(ONE, labels={"x": "y"}),
    "finalizes": answer(ONE, finalized=True),
}


@pytest.mark.parametrize("harmful", HARMFUL.values(), ids=HARMFUL)
async def test_a_fallback_that_would_write_is_withheld(tmp_path: Path, hook_server: Start, harmful: Any):
    old = hook_server(answer_json(harmful))
    async with running(tmp_path, old, hook_server(answering(b"broken", 500)), **LIVE) as proxy:
        response = await proxy.call(SEES_ONE)
        counts = await proxy.settled()
    assert (response.status_code, response.content) == (500, b"broken")
    assert (counts["fallbacks"], counts["fallbacks_withheld"]) == (0, 1)


async def test_fallback_asks_old_if_the_sample_had_not(tmp_path: Path, hook_server: Start):
    old = hook_server(answer_json(answer(ONE)))
    async with running(tmp_path, old, hook_server(reset), sample="0%", **LIVE) as proxy:
        assert (await proxy.call(SEES_ONE)).headers["x-shadow-served"] == "old"


async def test_there_is_no_fallback_where_old_may_not_be_asked(tmp_path: Path, hook_server: Start):
    old = hook_server(answer_json(answer(ONE)))
    async with running(tmp_path, old, hook_server(reset), old__shadow_when="never", **LIVE) as proxy:
        assert (await proxy.call(SEES_ONE)).status_code == 502
    assert not old.calls


@pytest.mark.parametrize("status", [304, 412, 429])
async def test_a_signal_of_new_is_no_failure(tmp_path: Path, hook_server: Start, status: int):
    old = hook_server(answer_json(answer(ONE)))
    new = hook_server(
        in_turn(answering(json.dumps(answer(ONE)).encode(), headers=[("ETag", '"1"')]), answering(b"", status))
    )
    async with running(tmp_path, old, new, **LIVE) as proxy:
        first = await proxy.call(SEES_ONE)
        second = await proxy.call(SEES_ONE, if_none_match=first.headers["etag"])
        counts = await proxy.settled()
    assert second.status_code == status
    assert new.calls[1].headers["if-none-match"] == '"1"'
    assert counts["comparisons"]["skipped"] == 1
    if status == 429:
        assert second.headers["retry-after"] == "1"


async def test_an_object_that_old_wants_too_is_not_deleted_by_new(tmp_path: Path, hook_server: Start):
    old = hook_server(answer_json(answer(ONE, TWO)))
    async with running(tmp_path, old, hook_server(answer_json(answer(ONE))), **LIVE) as proxy:
        response = await proxy.call(SEES_BOTH)
        counts = await proxy.settled()
    assert response.headers["x-shadow-served"] == "old"
    assert json.loads(response.content) == answer(ONE, TWO)
    assert (counts["held"], counts["fallbacks"]) == (1, 1)


async def test_an_object_that_only_new_made_is_not_deleted_when_new_forgets_it(tmp_path: Path, hook_server: Start):
    old = hook_server(answer_json(answer(ONE)))
    new = hook_server(in_turn(answer_json(answer(ONE, TWO)), answer_json(answer(ONE))))
    async with running(tmp_path, old, new, **LIVE) as proxy:
        assert (await proxy.call(SEES_ONE)).headers["x-shadow-served"] == "new"
        response = await proxy.call(SEES_BOTH)
        counts = await proxy.settled()
    assert response.status_code == 502
    assert response.json()["code"] == "held"
    assert "x-shadow-served" not in response.headers  # nobody's answer went out
    assert (counts["held"], counts["fallbacks_withheld"]) == (1, 1)


async def test_what_new_was_served_with_is_known_after_a_restart(tmp_path: Path, hook_server: Start):
    old = hook_server(answer_json(answer(ONE)))
    new = hook_server(in_turn(answer_json(answer(ONE, TWO)), answer_json(answer(ONE))))
    async with running(tmp_path, old, new, **LIVE) as proxy:
        await proxy.call(SEES_ONE)
    async with running(tmp_path, old, new, **LIVE) as proxy:
        assert (await proxy.call(SEES_BOTH)).status_code == 502


async def test_a_delete_that_both_agree_on_is_served(tmp_path: Path, hook_server: Start):
    old, new = hook_server(answer_json(answer(ONE))), hook_server(answer_json(answer(ONE)))
    async with running(tmp_path, old, new, **LIVE) as proxy:
        assert (await proxy.call(SEES_BOTH)).headers["x-shadow-served"] == "new"
        assert (await proxy.settled())["held"] == 0


async def test_an_expected_delete_is_served(tmp_path: Path, hook_server: Start):
    old, new = hook_server(answer_json(answer(ONE, TWO))), hook_server(answer_json(answer(ONE)))
    rule = {"change": "removed", "object": "ConfigMap/two", "because": "dropped upstream"}
    async with running(tmp_path, old, new, compare={"expect": [rule]}, **LIVE) as proxy:
        assert (await proxy.call(SEES_BOTH)).headers["x-shadow-served"] == "new"
        assert (await proxy.settled())["comparisons"]["ignored"] == 1


async def test_an_ignore_rule_never_lifts_the_hold(tmp_path: Path, hook_server: Start):
    old, new = hook_server(answer_json(answer(ONE, TWO))), hook_server(answer_json(answer(ONE)))
    rule = {"object": "ConfigMap/two", "because": "noise"}
    async with running(tmp_path, old, new, compare={"ignore": [rule]}, **LIVE) as proxy:
        assert (await proxy.call(SEES_BOTH)).headers["x-shadow-served"] == "old"


async def test_a_recreate_by_new_alone_is_held(tmp_path: Path, hook_server: Start):
    old, new = hook_server(answer_json(answer(ONE))), hook_server(answer_json(answer(config_map("one", {"a": "2"}))))
    async with running(tmp_path, old, new, **LIVE) as proxy:
        response = await proxy.call(request(observed(ONE), method="Recreate"))
    assert response.headers["x-shadow-served"] == "old"


async def test_without_olds_answer_everything_unexpected_is_held(tmp_path: Path, hook_server: Start):
    async with running(tmp_path, hook_server(reset), hook_server(answer_json(answer())), **LIVE) as proxy:
        response = await proxy.call(SEES_ONE)
    assert response.status_code == 502


async def test_parents_move_by_weight_and_pin(tmp_path: Path, hook_server: Start):
    old, new = hook_server(answer_json(answer(ONE))), hook_server(answer_json(answer(ONE)))
    pins = {"new": ["team-a", {"selector": "tier=dev"}], "old": ["prod-*"]}
    canary = {"weight": 0, "pin": pins}
    async with running(tmp_path, old, new, stage="canary", canary=canary, unknown_brake="off") as proxy:
        cases = [("team-a", {}), ("team-b", {"tier": "dev"}), ("prod-1", {"tier": "dev"}), ("team-c", {})]
        served = [
            (await proxy.call(request(observed(ONE), name=name, uid=name, labels=labels))).headers["x-shadow-served"]
            for name, labels in cases
        ]
    assert served == ["new", "new", "old", "old"]


async def test_shadow_when_keeps_a_hook_with_side_effects_from_being_asked(tmp_path: Path, hook_server: Start):
    old, new = hook_server(answer_json(answer(ONE))), hook_server(answer_json(answer(ONE)))
    when = {"observed": ["Secret.v1"]}
    async with running(tmp_path, old, new, new__shadow_when=when) as proxy:
        await proxy.call(SEES_ONE)
        secret = observed(config_map("s")) | {"kind": "Secret"}
        await proxy.call(request(secret))
        counts = await proxy.settled()
    assert len(new.calls) == 1
    assert counts["comparisons"]["skipped"] == 1


async def test_the_shadow_goes_on_when_the_caller_has_hung_up(tmp_path: Path, hook_server: Start):
    old = hook_server(answer_json(answer(ONE), delay_seconds=0.3))
    new = hook_server(answer_json(answer(ONE), delay_seconds=0.6))
    async with running(tmp_path, old, new) as proxy:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(proxy.call(SEES_ONE), 0.1)
        await asyncio.sleep(0.1)
        assert (await proxy.settled())["comparisons"]["matched"] == 1


async def test_a_slow_shadow_does_not_delay_the_answer(tmp_path: Path, hook_server: Start):
    old, new = hook_server(answer_json(answer(ONE))), hook_server(hang)
    async with running(tmp_path, old, new) as proxy:
        await asyncio.wait_for(proxy.call(SEES_ONE), 2)
        await asyncio.wait_for(asyncio.to_thread(new.wait_for_calls, 1), 5)
        assert (await proxy.get())["pending"] == 1


@pytest.mark.parametrize(
    ("settings", "asked_before"),
    [pytest.param({}, 0, id="old-is-served"), pytest.param(LIVE, 1, id="old-may-stand-in-for-new")],
)
async def test_the_shadow_is_asked_beside_the_primary_only_where_it_may_decide(
    tmp_path: Path, hook_server: Start, settings: Any, asked_before: int
):
    primary, shadow = hook_server(answer_json(answer(ONE), delay_seconds=0.2)), hook_server(answer_json(answer(ONE)))
    old, new = (shadow, primary) if settings else (primary, shadow)
    async with running(tmp_path, old, new, **settings) as proxy:
        call = asyncio.create_task(proxy.call(SEES_ONE))
        await asyncio.to_thread(primary.wait_for_calls, 1)
        await asyncio.sleep(0.1)
        assert len(shadow.calls) == asked_before
        await call
        assert (await proxy.settled())["comparisons"]["matched"] == 1
    assert len(shadow.calls) == 1


async def test_one_failure_in_ten_causes_no_write(tmp_path: Path, hook_server: Start):
    """`old` and `new` want different things; a failure of `new` must not make the cluster go to and fro."""
    turn = iter(range(1_000))
    good = answer_json(answer(ONE, TWO))

    def flaky(exchange: Any) -> None:
        (reset if next(turn) % 10 == 9 else good)(exchange)

    old, new = hook_server(answer_json(answer(ONE))), hook_server(flaky)
    async with running(tmp_path, old, new, **LIVE) as proxy:
        answers = [await proxy.call(SEES_BOTH) for _ in range(30)]
        counts = await proxy.settled()
    served = [one for one in answers if one.status_code == 200]
    assert len(served) == 27
    assert all(one.json() == answer(ONE, TWO) for one in served)
    assert counts["fallbacks_withheld"] == 3


async def test_what_new_makes_is_stored_before_its_answer_goes_out(tmp_path: Path, hook_server: Start):
    old, new = hook_server(answer_json(answer(ONE))), hook_server(answer_json(answer(ONE, TWO)))
    async with running(tmp_path, old, new, **LIVE) as proxy:
        await proxy.call(SEES_ONE)
        beside = SqliteStore(tmp_path / "shadow.db", read_only=True)  # what a process killed now would leave
        beside.open(0)
        (state,) = beside.served_identities("m")
        beside.close()
    assert {identity.name for identity in state.new_identities or ()} == {"one", "two"}


async def test_one_answer_while_nothing_is_observed_does_not_make_new_forget(tmp_path: Path, hook_server: Start):
    old = hook_server(answer_json(answer(ONE)))
    new = hook_server(in_turn(answer_json(answer(ONE, TWO)), answer_json(answer(ONE))))
    async with running(tmp_path, old, new, **LIVE) as proxy:
        await proxy.call(SEES_ONE)
        assert (await proxy.call(SEES_ONE)).status_code == 200  # a cache that lags: two is not seen yet
        assert (await proxy.call(SEES_BOTH)).status_code == 502


async def test_an_object_that_both_stop_wanting_is_deleted(tmp_path: Path, hook_server: Start):
    both, one = answer_json(answer(ONE, TWO)), answer_json(answer(ONE))
    old, new = hook_server(in_turn(both, one)), hook_server(in_turn(both, one))
    async with running(tmp_path, old, new, **LIVE) as proxy:
        await proxy.call(SEES_BOTH)
        await proxy.settled()
        response = await proxy.call(SEES_BOTH)
    assert (response.status_code, response.headers["x-shadow-served"]) == (200, "new")


async def test_a_recreate_that_old_would_do_as_well_is_served(tmp_path: Path, hook_server: Start):
    changed = answer_json(answer(config_map("one", {"a": "2"})))
    old = hook_server(in_turn(answer_json(answer(ONE)), changed))
    new = hook_server(in_turn(answer_json(answer(ONE)), changed))
    sees = request(observed(ONE), method="Recreate")
    async with running(tmp_path, old, new, **LIVE) as proxy:
        await proxy.call(sees)
        assert (await proxy.call(sees)).headers["x-shadow-served"] == "new"


async def test_an_older_tag_does_not_bring_an_older_answer_back(tmp_path: Path, hook_server: Start):
    old = hook_server(answer_json(answer(ONE)))
    tagged = answering(json.dumps(answer(ONE)).encode(), headers=[("ETag", '"1"')])
    new = hook_server(in_turn(tagged, answer_json(answer(ONE, TWO))))
    async with running(tmp_path, old, new, **LIVE) as proxy:
        tag = (await proxy.call(SEES_ONE)).headers["etag"]
        await proxy.call(SEES_ONE)
        await proxy.call(SEES_BOTH, if_none_match=tag)
    assert "if-none-match" not in new.calls[2].headers


async def test_a_recreate_is_foreseen_by_the_way_the_front_applies(tmp_path: Path, hook_server: Start):
    """Server-side apply leaves no last-applied configuration, which dynamic apply would take for a change."""
    annotations = {MARK: "profiles"} | ONE["metadata"]["annotations"]
    owned = {"f:data": {"f:a": {}}, "f:metadata": {"f:annotations": {f"f:{name}": {} for name in annotations}}}
    fields = [{"manager": "metacontroller", "operation": "Apply", "fieldsV1": owned}]
    live = {"uid": "u", "annotations": annotations, "managedFields": fields}
    plain = {**ONE, "metadata": {**ONE["metadata"], **live}}
    same, changed = answer_json(answer(ONE)), answer_json(answer(config_map("one", {"a": "2"})))
    sees = request(plain, method="Recreate")
    async with running(tmp_path, hook_server(same), hook_server(same), apply="server-side", **LIVE) as proxy:
        served = [(await proxy.call(sees)).status_code for _ in range(2)]
    (tmp_path / "second").mkdir()
    two = hook_server(same), hook_server(changed)
    async with running(tmp_path / "second", *two, apply="server-side", **LIVE) as proxy:
        held = (await proxy.call(sees)).headers["x-shadow-served"]
    assert (served, held) == ([200, 200], "old")


@pytest.mark.parametrize("strict", [False, "auto"])
async def test_no_reading_of_an_answer_lets_a_delete_past_the_hold(tmp_path: Path, hook_server: Start, strict: Any):
    old = hook_server(answer_json(answer(ONE, TWO)))
    new = hook_server(answer_json(answer(ONE, bogus=1)))
    sees = json.loads(SEES_BOTH)
    sees["controller"]["spec"]["hooks"]["sync"]["version"] = "v2"
    body = json.dumps(sees).encode()
    async with running(
        tmp_path, old, new, strict=strict, old__hook_version="v2", new__hook_version="v2", **LIVE
    ) as proxy:
        response = await proxy.call(body)
    assert response.headers.get("x-shadow-served") != "new" or response.status_code != 200


async def test_a_parent_that_is_finalized_at_the_sync_path_can_go(tmp_path: Path, hook_server: Start):
    old = hook_server(answer_json(answer(ONE)))
    new = hook_server(answer_json(answer(finalized=True)))
    ending = json.loads(SEES_ONE) | {"finalizing": True}
    async with running(tmp_path, old, new, **LIVE) as proxy:
        response = await proxy.call(json.dumps(ending).encode())
    assert (response.status_code, response.headers["x-shadow-served"]) == (200, "new")
    assert not old.calls


async def test_a_slow_call_is_answered_though_the_process_is_told_to_end(tmp_path: Path, hook_server: Start):
    old = hook_server(answer_json(answer(ONE), delay_seconds=6))
    async with running(tmp_path, old, hook_server(answer_json(answer(ONE)))) as proxy:
        call = asyncio.create_task(proxy.call(SEES_ONE))
        await asyncio.to_thread(old.wait_for_calls, 1)
        proxy.end.set()
        assert (await call).status_code == 200
