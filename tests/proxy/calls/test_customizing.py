"""Customize calls and related objects through a whole proxy: what Metacontroller is told, who is shown what."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.hook_server import Exchange, HookServer, answer_json, hang
from tests.hook_server import answer as answering
from tests.proxy.bodies import answer, config_map, controller, observed, parent, request
from tests.proxy.running import Json, Running, running

Start = Callable[..., HookServer]
PATHS: Json = {"old__customize": "/customize", "new__customize": "/customize"}
SECRETS = {"apiVersion": "v1", "resource": "secrets", "labelSelector": {"matchLabels": {"by": "old"}}}
NAMED = {"apiVersion": "v1", "resource": "secrets", "namespace": "team-a", "names": ["s-new"]}
RELATED = {
    "Secret.v1": {
        "team-a/s-old": {**config_map("s-old", labels={"by": "old"}), "kind": "Secret"},
        "team-a/s-new": {**config_map("s-new"), "kind": "Secret"},
    }
}


def declared() -> Json:
    front = controller()
    front["spec"]["hooks"]["customize"] = {"version": "v1", "webhook": {"url": "http://shadow/m/customize"}}
    return front


CUSTOMIZE = json.dumps({"controller": declared(), "parent": parent()}).encode()


def sync(*items: Any, related: Json | None = None) -> bytes:
    """A sync call of a front that declares a customize hook."""
    body = json.loads(request(*items))
    return json.dumps({**body, "controller": declared(), "related": RELATED if related is None else related}).encode()


def finalizing(item: Any, deleted: bool) -> bytes:
    """A finalize call, nothing related in it, for a parent that is not selected any more or is being deleted."""
    body = {**json.loads(sync(item, related={"Secret.v1": {}})), "finalizing": True}
    front = declared()
    front["spec"]["hooks"]["finalize"] = {"version": "v1", "webhook": {"url": "http://shadow/m/finalize"}}
    if deleted:
        body["object"]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return json.dumps({**body, "controller": front}).encode()


def mirroring(rule: Json, **more: Any) -> Callable[[Exchange], None]:
    """A hook that wants a ConfigMap for each related Secret, called after it, and relates to what the rule selects."""

    def serve(exchange: Exchange) -> None:
        call = exchange.call
        if call.path == "/customize":
            answer_json({"relatedResources": [rule]})(exchange)
        else:
            names = [each["metadata"]["name"] for each in call.json()["related"].get("Secret.v1", {}).values()]
            ended = {"finalized": True} if call.path == "/finalize" else {}
            answer_json({**answer(*map(config_map, names), **more), **ended})(exchange)

    return serve


def shown(hook: HookServer) -> list[str]:
    """The related objects of its last sync call."""
    groups = [call for call in hook.calls if call.path == "/sync"][-1].json()["related"]
    return [key for group in groups.values() for key in group]


async def test_the_union_is_answered_and_each_is_shown_its_own(tmp_path: Path, hook_server: Start):
    old, new = hook_server(mirroring(SECRETS)), hook_server(mirroring(NAMED))
    async with running(tmp_path, old, new, sample="0%", **PATHS) as proxy:
        rules = (await proxy.call(CUSTOMIZE, "customize")).json()
        await proxy.settled()
        await proxy.reconfigured(sample="100%")
        response = await proxy.call(sync())
        counts = await proxy.settled()
    assert rules == {"relatedResources": [SECRETS, NAMED]}
    assert (shown(old), shown(new)) == (["team-a/s-old"], ["team-a/s-new"])
    assert response.json() == answer(config_map("s-old"))
    assert (counts["comparisons"]["mismatched"], counts["parents"]) == (2, 1)


async def test_until_the_rules_are_known_nothing_is_compared_and_nothing_removed(tmp_path: Path, hook_server: Start):
    """Metacontroller may still work with a customize answer from before this proxy was there."""
    old, new = hook_server(mirroring(SECRETS)), hook_server(mirroring(SECRETS))
    async with running(tmp_path, old, new, **PATHS) as proxy:
        removing = await proxy.call(sync(observed(config_map("s-gone"))))
        harmless = await proxy.call(sync())
        before = await proxy.settled()
        await proxy.call(CUSTOMIZE, "customize")
        removing_still = await proxy.call(sync(observed(config_map("s-gone"))))
        after = await proxy.settled()
    assert (removing.status_code, removing.json()["code"]) == (503, "related-unknown")
    assert (harmless.status_code, removing_still.status_code) == (200, 200)
    assert (before["comparisons"]["skipped"], after["comparisons"]["skipped"]) == (2, 2)
    assert after["comparisons"]["matched"] == 2


async def test_a_change_of_primary_within_the_20_minutes_removes_nothing(tmp_path: Path, hook_server: Start):
    """In stage off `new` was not asked for its rules, and Metacontroller goes on without them."""
    old, new = hook_server(mirroring(SECRETS)), hook_server(mirroring(NAMED))
    mirrored = [observed(config_map("s-old")), observed(config_map("s-new"))]
    only_old = {"Secret.v1": {"team-a/s-old": RELATED["Secret.v1"]["team-a/s-old"]}}
    settings: Json = {"unknown_brake": "off", "hold": [], "fallback": "off", "new__finalize": "/finalize", **PATHS}
    async with running(tmp_path, old, new, stage="off", **settings) as proxy:
        assert (await proxy.call(CUSTOMIZE, "customize")).json() == {"relatedResources": [SECRETS]}
        await proxy.reconfigured(stage="live")
        unseen = await proxy.call(sync(*mirrored, related=only_old))
        creating = await proxy.call(sync(related=only_old))
        ended = {gone: await proxy.call(finalizing(mirrored[0], gone), "finalize") for gone in (False, True)}
        assert (await proxy.call(CUSTOMIZE, "customize")).json() == {"relatedResources": [NAMED, SECRETS]}
        seen = await proxy.call(sync(mirrored[1]))
        await proxy.reconfigured(new__revision="r2")
        raised = await proxy.call(sync(mirrored[1]))
    assert (unseen.status_code, unseen.json()["code"]) == (503, "related-unknown")
    assert creating.json() == answer(), "it was not shown the Secret of `old`, so it copies none"
    assert (ended[False].status_code, ended[False].json()["code"]) == (503, "related-unknown")
    assert ended[True].json() == {**answer(), "finalized": True}, "the parent is being deleted, and all with it"
    assert raised.json() == answer(config_map("s-new")), "what is its own is told by its last known rules"
    assert seen.json() == answer(config_map("s-new"))
    async with running(tmp_path, old, new, stage="live", **settings) as proxy:
        await _after_a_restart(proxy, mirrored[0])


async def _after_a_restart(proxy: Running, gone: Any) -> None:
    """The store knows whose rules Metacontroller works with."""
    assert (await proxy.call(sync(gone))).json() == answer(config_map("s-new"))


async def test_the_last_known_rules_stand_in_and_a_failure_of_the_primary_goes_out(tmp_path: Path, hook_server: Start):
    old, new = hook_server(mirroring(SECRETS)), hook_server(mirroring(NAMED))
    async with running(tmp_path, old, new, **PATHS) as proxy:
        await proxy.call(CUSTOMIZE, "customize")
        new.behaviour = answering(b"", 500)
        standing_in = await proxy.call(CUSTOMIZE, "customize")
        old.behaviour = answering(b"sorry", 500)
        failing = await proxy.call(CUSTOMIZE, "customize")
        counts = await proxy.settled()
    assert standing_in.json() == {"relatedResources": [SECRETS, NAMED]}
    assert (failing.status_code, failing.content) == (500, b"sorry")
    assert counts["comparisons"]["failed"] == 2


async def test_one_that_hangs_holds_up_no_more_than_the_first_call(tmp_path: Path, hook_server: Start):
    """Its rules are known for the first parent; for the second one, another call has just waited in vain."""
    old, new = hook_server(mirroring(SECRETS)), hook_server(mirroring(NAMED))
    another = json.dumps({"controller": declared(), "parent": parent("uid-2", "team-b")}).encode()
    async with running(tmp_path, old, new, new__timeout="4s", **PATHS) as proxy:
        await proxy.call(CUSTOMIZE, "customize")
        new.behaviour = hang
        started = time.monotonic()
        known = await proxy.call(CUSTOMIZE, "customize")
        unknown = await proxy.call(another, "customize")
        took = time.monotonic() - started
    assert known.json() == {"relatedResources": [SECRETS, NAMED]}
    assert unknown.json() == {"relatedResources": [SECRETS]}
    assert 2 <= took < 4.8


async def test_rules_that_fail_a_whole_sync_are_kept_from_the_union(tmp_path: Path, hook_server: Start):
    """Were they in it, a mistake of `new` would stop production."""
    new = hook_server(mirroring({**NAMED, "labelSelector": {}}))
    async with running(tmp_path, hook_server(mirroring(SECRETS)), new, **PATHS) as proxy:
        response = await proxy.call(CUSTOMIZE, "customize")
        counts = await proxy.settled()
    assert response.json() == {"relatedResources": [SECRETS]}
    assert counts["comparisons"]["failed"] == 1


async def test_an_answer_with_the_rules_of_both_has_no_tag(tmp_path: Path, hook_server: Start):
    """Else Metacontroller would replay one implementation's rules as those of both."""
    body = json.dumps({"relatedResources": [SECRETS]}).encode()
    old, new = (hook_server(answering(body, headers=[("ETag", f'"{side}"')])) for side in ("old", "new"))
    async with running(tmp_path, old, new, stage="off", **PATHS) as proxy:
        alone = await proxy.call(CUSTOMIZE, "customize")
        await proxy.reconfigured(stage="shadow")
        both = await proxy.call(CUSTOMIZE, "customize", if_none_match=alone.headers["etag"])
    assert both.content == body
    assert "etag" not in both.headers
    assert "if-none-match" not in old.calls[-1].headers


ALL = {"apiVersion": "v1", "resource": "secrets"}
DEV = {"apiVersion": "v1", "resource": "secrets", "namespaceSelector": {"matchLabels": {"tier": "dev"}}}
"""Beside other rules for the same kind nobody could tell whose Secrets are whose, so the primary's alone go out."""

UNKNOWN = (503, "related-unknown")


async def test_what_counts_is_what_went_out_also_where_the_brake_was_pulled_meanwhile(
    tmp_path: Path, hook_server: Start
):
    called, pulled = threading.Event(), threading.Event()

    def late(exchange: Exchange) -> None:
        if exchange.call.path == "/customize":
            called.set()
            pulled.wait(20)
        mirroring(ALL)(exchange)

    old, new = hook_server(late), hook_server(mirroring(DEV))
    gone = sync(observed(config_map("gone")), related={})
    settings: Json = {"unknown_brake": "off", "hold": [], "fallback": "off", "stage": "live", **PATHS}
    async with running(tmp_path, old, new, **settings) as proxy:
        under_way = asyncio.create_task(proxy.call(CUSTOMIZE, "customize"))
        assert await asyncio.to_thread(called.wait, 20)
        await proxy.post("rollback", because="a test")
        pulled.set()
        assert (await under_way).json() == {"relatedResources": [ALL]}
        assert (await proxy.call(gone)).json() == answer(), "all that `old` relates to would have come"
        await proxy.post("release", because="a test")
        released = await proxy.call(gone)
    assert (released.status_code, released.json()["code"]) == UNKNOWN


def revalidating(exchange: Exchange) -> None:
    """The rules never change, and are kept by their tag; all that is observed is to go."""
    if exchange.call.path == "/sync":
        answer_json(answer())(exchange)
    elif "if-none-match" in exchange.call.headers:
        answering(b"", 304)(exchange)
    else:
        answering(json.dumps({"relatedResources": [SECRETS]}).encode(), headers=[("ETag", '"one"')])(exchange)


def at_generation(number: int, body: bytes) -> bytes:
    call = json.loads(body)
    call["parent" if "parent" in call else "object"]["metadata"]["generation"] = number
    return json.dumps(call).encode()


async def test_rules_that_are_said_to_hold_still_hold_for_the_next_generation_too(tmp_path: Path, hook_server: Start):
    gone, old = sync(observed(config_map("gone"))), hook_server(revalidating)
    async with running(tmp_path, old, "http://127.0.0.1:1", stage="off", **PATHS) as proxy:
        tag = (await proxy.call(at_generation(1, CUSTOMIZE), "customize")).headers["etag"]
        same = await proxy.call(at_generation(2, CUSTOMIZE), "customize", if_none_match=tag)
        assert (same.status_code, (await proxy.call(at_generation(2, gone))).json()) == (304, answer())
        unasked = await proxy.call(at_generation(3, gone))
        strange = tag.replace("one", "two")
        another = await proxy.call(at_generation(3, CUSTOMIZE), "customize", if_none_match=strange)
    assert (unasked.status_code, unasked.json()["code"]) == UNKNOWN
    assert another.json() == {"relatedResources": [SECRETS]}, "nobody knows what Metacontroller keeps by that tag"


async def test_an_answer_that_may_have_been_taken_puts_all_rules_in_doubt(tmp_path: Path, hook_server: Start):
    """Metacontroller 2 reads over a `namespaceSelector`, so it does take what a newer one rejects."""
    old, new = hook_server(mirroring(SECRETS)), hook_server(mirroring(NAMED))
    async with running(tmp_path, old, new, **PATHS) as proxy:
        await proxy.call(CUSTOMIZE, "customize")
        odd = {"apiVersion": "v1", "resource": "secrets", "namespaceSelector": {}, "names": ["s-old"]}
        old.behaviour = mirroring(odd)
        untouched = await proxy.call(CUSTOMIZE, "customize")
        removing = await proxy.call(sync(observed(config_map("gone"))))
    assert (untouched.status_code, untouched.json()) == (200, {"relatedResources": [odd]})
    assert (removing.status_code, removing.json()["code"]) == UNKNOWN
