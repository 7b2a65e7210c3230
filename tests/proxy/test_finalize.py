"""The finalize hook through a whole proxy."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.hook_server import HookServer, answer_json
from tests.proxy.bodies import LA, answer, config_map, observed, request
from tests.proxy.running import Json, running

Start = Callable[..., HookServer]
ONE = config_map("one")


def ending(*items: Any, protocol: str = "decorator") -> bytes:
    """A finalize call."""
    body = json.loads(request(*items, protocol=protocol))
    body["finalizing"] = True
    body["controller"]["spec"]["hooks"]["finalize"] = {"version": "v1", "webhook": {"url": "http://shadow/m/finalize"}}
    body["object" if protocol == "decorator" else "parent"]["metadata"]["deletionTimestamp"] = "2026-11-23T11:09:45Z"
    return json.dumps(body).encode()


async def test_finalize_is_asked_in_the_shadow_only_if_configured(tmp_path: Path, hook_server: Start):
    old = hook_server(answer_json(answer(finalized=True)))
    new = hook_server(answer_json(answer(finalized=True)))
    paths: Json = {"old__finalize": "/finalize", "new__finalize": "/finalize"}
    async with running(tmp_path, old, new, **paths) as proxy:
        response = await proxy.call(ending(observed(ONE)), "finalize")
        skipped = await proxy.settled()
        await proxy.reconfigured(new__shadow_finalize=True)
        await proxy.call(ending(observed(ONE)), "finalize")
        compared = await proxy.settled()
    assert response.json() == answer(finalized=True)
    assert (skipped["comparisons"]["skipped"], compared["comparisons"]["matched"]) == (1, 1)
    assert [call.path for call in new.calls] == ["/finalize"]


async def test_an_implementation_without_the_hook_leaves_every_object_alone(tmp_path: Path, hook_server: Start):
    """`old` has none, so its answer is known without asking; `new` has one and is not asked in the shadow."""
    old, new = hook_server(answer_json(answer())), hook_server(answer_json(answer()))
    live = observed(ONE)
    async with running(tmp_path, old, new, new__finalize="/finalize") as proxy:
        response = await proxy.call(ending(live), "finalize")
        await proxy.reconfigured(new__finalize=None)
        again = await proxy.call(ending(live), "finalize")
        counts = await proxy.settled()
    applied = json.loads(live["metadata"]["annotations"][LA])
    assert response.json() == again.json() == {"attachments": [applied], "finalized": True}
    assert response.headers["x-shadow-served"] == "old"
    assert not old.calls
    assert not new.calls
    assert (counts["comparisons"]["skipped"], counts["comparisons"]["matched"]) == (1, 1)


async def test_a_failed_finalize_of_new_is_never_answered_by_old(tmp_path: Path, hook_server: Start):
    old, new = hook_server(answer_json(answer(finalized=True))), hook_server(answer_json({}))
    paths: Json = {"old__finalize": "/finalize", "new__finalize": "/finalize"}
    settings: Json = {"stage": "live", "unknown_brake": "off", "fallback": "always", "old__shadow_finalize": True}
    async with running(tmp_path, old, new, **settings, **paths) as proxy:
        response = await proxy.call(ending(observed(ONE)), "finalize")
        counts = await proxy.settled()
    assert response.status_code == 502
    assert (counts["fallbacks"], counts["fallbacks_withheld"]) == (0, 0)


async def test_a_finalize_answer_is_no_measure_of_what_the_next_sync_may_remove(tmp_path: Path, hook_server: Start):
    """`new` lists nothing when it finalizes; the hold still knows what it listed in the sync before."""
    new = hook_server(lambda exchange: answer_json(answer(ONE) if "sync" in exchange.call.path else answer())(exchange))
    old = hook_server(answer_json(answer()))
    settings: Json = {"stage": "live", "unknown_brake": "off", "new__finalize": "/finalize", "fallback": "off"}
    async with running(tmp_path, old, new, **settings) as proxy:
        assert (await proxy.call(request(observed(ONE)))).status_code == 200
        assert (await proxy.call(ending(observed(ONE)), "finalize")).status_code == 200
        new.behaviour = answer_json(answer())
        response = await proxy.call(request(observed(ONE)))
    assert response.json()["code"] == "held"


@pytest.mark.parametrize(
    ("side", "against"), [("new", True), ("old", False)], ids=["only new has one", "only old has one"]
)
async def test_a_finalize_hook_that_the_front_never_calls_is_told(
    tmp_path: Path, hook_server: Start, side: str, against: bool
):
    hook = hook_server(answer_json(answer()))
    settings: Json = {f"{side}__finalize": "/finalize"}
    async with running(tmp_path, hook, hook, **settings) as proxy:
        await proxy.call(request())
        await proxy.settled()
        report = await proxy.get("/report")
    (told,) = [line for line in report["advice"] if line["code"] == "front-lacks-hook"]
    assert (told["implementation"], told["count"]) == (side, 1)
    reasons = " ".join(report["verdict"]["reasons"])
    assert ("declares no finalize hook" in reasons) is against
