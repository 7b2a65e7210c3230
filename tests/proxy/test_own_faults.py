"""A fault of our own, wherever it strikes: an error or the right answer goes out, and the call is counted once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.hook_server import HookServer, answer_json
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import running

ONE = config_map("one")
PLACES = {
    "shadow.proxy.dispatch.why_not_asked": 500,
    "shadow.proxy.dispatch.decide": 500,
    "shadow.proxy.dispatch.seeing": 500,
    "shadow.proxy.cutover.parents.Parents.served": 500,
    "shadow.proxy.dispatch.settle": 200,
    "shadow.proxy.record.tally.Tally.replied": 200,
    "shadow.proxy.record.recorder.settle": 200,
    "shadow.proxy.record.recorder.pair_of": 200,
    "shadow.worker.reuse.Reuse.submit": 200,
    "shadow.proxy.guard.guard.Guard.seen": 200,
    "shadow.proxy.guard.guard.Guard.compared": 200,
    "shadow.proxy.record.instruments.Instruments.ended": 200,
    "shadow.proxy.record.recorder.record_of": 200,
    "shadow.proxy.record.recorder.parent_state": 200,
}
COUNTED_FIRST = ("instruments", "record_of", "parent_state")
"""Faults behind the count: the outcome stands."""


def fails(*args: Any, **kwargs: Any) -> None:
    raise RuntimeError("a fault of ours")


async def test_a_call_in_which_we_fail_is_answered_and_counted_once(
    tmp_path: Path, hook_server: Callable[..., HookServer]
):
    old, new = hook_server(answer_json(answer(ONE))), hook_server(answer_json(answer(ONE, config_map("two"))))
    async with running(tmp_path, old, new, noise={"ask_twice": "100%"}) as proxy:
        for number, (place, status) in enumerate(PLACES.items()):
            before = await proxy.settled()
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(place, fails)
                response = await proxy.call(request(observed(ONE), uid=f"uid-{number}"))
                after = await proxy.settled()
            assert (place, response.status_code) == (place, status)
            assert (place, after["calls"]) == (place, before["calls"] + 1)
            dropped = after["dropped_by"].get("internal", 0) - before["dropped_by"].get("internal", 0)
            assert (place, dropped) == (place, 0 if any(word in place for word in COUNTED_FIRST) else 1)
        assert (await proxy.call(request(observed(ONE)))).status_code == 200
        assert (await proxy.settled())["comparisons"]["mismatched"] == 1 + len(COUNTED_FIRST)
