from collections.abc import Callable
from pathlib import Path

import pytest

from shadow.store.base import Counters
from shadow.web.findings import Found, _Kept
from tests.hook_server import HookServer, answer_json
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import running

KEY = ("evidence", "configuration", None)


def kept(took_seconds: float) -> _Kept:
    """Found 100 s after the clock's beginning, after one call."""
    found = Found.__new__(Found)  # what was found does not matter here
    return _Kept(KEY, Counters(calls=1), found, 100.0 - took_seconds, 100.0)


@pytest.mark.parametrize(
    ("took", "calls", "at", "good"),
    [
        (0.1, 1, 101.0, True),
        (0.1, 1, 106.0, False),
        (0.1, 2, 100.1, False),
        (2.0, 2, 119.0, True),
        (2.0, 2, 121.0, False),
    ],
    ids=["nothing happened", "long ago", "a call was counted", "slow: still at rest", "slow: rested"],
)
def test_how_long_it_is_good_for(took: float, calls: int, at: float, good: bool):
    assert kept(took).is_good(KEY, Counters(calls=calls), at) is good


def test_another_evidence_or_configuration_is_found_anew():
    assert not kept(2.0).is_good(("evidence", "another", None), Counters(calls=1), 100.0)


async def test_what_differed_before_the_controller_changed_is_no_difference_any_more(
    tmp_path: Path, hook_server: Callable[..., HookServer]
):
    one, two = config_map("one"), config_map("two")
    old, new = hook_server(answer_json(answer(one, two))), hook_server(answer_json(answer(one)))
    async with running(tmp_path, old, new) as proxy:
        await proxy.call(request(observed(one), observed(two)))
        await proxy.settled()
        before = await proxy.get("/differences")
        new.behaviour = answer_json(answer(one, two))
        await proxy.call(request(observed(one), observed(two), method="OnDelete"))
        await proxy.settled()
        after, report = await proxy.get("/differences"), await proxy.get("/report")
    assert [line["effect"] for line in before["items"]] == ["delete"]
    assert after["items"] == report["differences"] == []
