import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shadow.config.rules import Compare
from shadow.errors import BeingReadError, StoreError
from shadow.proxy.calls.background import Background
from shadow.report.judge import judge
from shadow.report.view import MigrationView
from shadow.store.base import Brake, Counters
from shadow.terms import Stage
from shadow.web.findings import Findings, Found, _Kept
from tests.hook_server import HookServer, answer_json
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import running

KEY = ("evidence", "configuration", None)


def kept(took_seconds: float) -> _Kept:
    """Found 100 s after the clock's beginning, after one call."""
    found = Found.__new__(Found)  # what was found does not matter here
    return _Kept(KEY, None, Counters(calls=1), found, 100.0 - took_seconds, 100.0)


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
    assert kept(took).is_good(Counters(calls=calls), at) is good


class Slow:
    """A store and a recorder: what reading takes is what a test says, and every look sees one more call."""

    def __init__(self) -> None:
        self.reads = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.fails = False

    async def read(self, question: Callable[[Any], Any]) -> Any:
        await self.gate.wait()
        if self.fails:
            raise StoreError("sqlite", "it is gone")
        self.reads += 1
        return question(self)

    def groups(self, *_: Any) -> list[Any]:
        return []

    coverage = advice = groups

    def kept(self, *_: Any) -> set[str]:
        return set()

    def parents(self, *_: Any) -> tuple[list[Any], None]:
        return [], None

    async def flush(self) -> None: ...

    def counters(self, name: str) -> Counters:
        return Counters(calls=self.reads)


def view(**changed: Any) -> MigrationView:
    plain: dict[str, Any] = {"stage": Stage.SHADOW, "weight": 0.0, "brake": None, "explain": judge(Compare(), 0)}
    return MigrationView("m", **(plain | {"configuration_digest": "c", "evidence_digest": "e"} | changed))


async def test_where_it_takes_long_nobody_waits_but_the_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("shadow.web.findings._SLOW_SECONDS", -1.0)  # whatever it takes is long
    monkeypatch.setattr("shadow.web.findings._REST", 0.0)
    store, spawned = Slow(), Background()
    findings = Findings(store, store, spawned.spawn)  # type: ignore[arg-type]  # both, as far as they are asked
    first = await findings.of(view(), 0)
    store.gate.clear()
    assert await findings.of(view(), 0) is first is await findings.of(view(), 0)
    store.gate.set()
    await spawned.drain(5)
    assert store.reads == 2  # looked for once more, by whoever came first
    assert await findings.of(view(), 0) is not first
    await spawned.drain(5)
    assert await findings.of(view(evidence_digest="another"), 0) is not first
    store.fails = True
    await findings.of(view(evidence_digest="another"), 0)
    await spawned.drain(5)
    with pytest.raises(StoreError):  # a store that fails is told to the next one
        await findings.of(view(evidence_digest="another"), 0)


async def test_who_looks_first_is_told_that_it_is_being_read_and_it_is_read_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("shadow.web.findings._PATIENCE_SECONDS", 0.01)
    store, spawned = Slow(), Background()
    findings = Findings(store, store, spawned.spawn)  # type: ignore[arg-type]
    store.gate.clear()
    for _ in range(3):
        with pytest.raises(BeingReadError, match="what differs in m is being read"):
            await findings.of(view(), 0)
    store.gate.set()
    await spawned.drain(5)
    assert store.reads == 1
    monkeypatch.undo()
    await findings.of(view(), 0)


async def test_who_joins_a_look_is_shown_what_was_counted_before_he_asked():
    store, spawned = Slow(), Background()
    findings = Findings(store, store, spawned.spawn)  # type: ignore[arg-type]
    store.gate.clear()
    first = asyncio.ensure_future(findings.of(view(), 0))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second = asyncio.ensure_future(findings.of(view(), 0))
    await asyncio.sleep(0)
    store.gate.set()
    assert await second is not await first
    assert store.reads == 2


async def test_a_pull_of_the_brake_changes_the_verdict_and_looks_for_nothing():
    store = Slow()
    findings = Findings(store, store, Background().spawn)  # type: ignore[arg-type]
    store.counters = lambda name: Counters()  # type: ignore[method-assign]  # nothing happens meanwhile
    before = await findings.of(view(), 0)
    brake = Brake(True, 1, 0, "guard", "it fails", {"evidence_digest": "e"})
    after = await findings.of(view(brake=brake), 0)
    assert (before.assessment.verdict.verdict, after.assessment.verdict.verdict) == ("inconclusive", "not-ready")
    assert after.assessment.parents is before.assessment.parents
    assert await findings.of(view(brake=brake), 0) is after


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
