"""What the guard counts together: by state of the brake and evidence, also while two revisions answer in turn."""

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from shadow.config.judging import Guard as Settings
from shadow.proxy.calls.call import Call
from shadow.proxy.guard.guard import Guard
from shadow.proxy.migrations.migration import Migration
from shadow.store.base import Brake, Change
from shadow.terms import Side, Stage
from tests.proxy.snapshots import migration

SETTINGS = Settings(min_calls=4, max_failed=0.5)


class Scene:
    """A guard, its brake, and calls in which `new` fails."""

    def __init__(self) -> None:
        self.brake = Brake(False, 0, 0.0, "", "")
        self.pulled: list[str] = []
        self.noted: list[Change] = []
        self.now = 1000.0
        self.gone = False  # the configuration that it judges by
        self.guard = Guard(lambda _: self.brake, self.pull, self.noted.append, lambda: self.now)

    def pull(self, _: Migration, why: str, __: Mapping[str, float]) -> bool:
        """In force a little later, as with the real one."""
        if not self.gone:
            self.pulled.append(why)
        return not self.gone

    def fail(self, of: Migration, times: int = 1) -> None:
        observation = SimpleNamespace(error=None, status=500, timed_out=False, seconds=0.1)
        asking = SimpleNamespace(observation=observation, failure="status-500")
        call: Any = SimpleNamespace(migration=of, askings={Side.NEW: asking}, held={})
        for _ in range(times):
            self.guard.seen(cast("Call", call))


def live(evidence: str = "one", **more: Any) -> Migration:
    return migration(stage=Stage.LIVE, guard=SETTINGS, evidence_digest=evidence, **more)


def test_two_revisions_in_turn_do_not_blind_it():
    scene = Scene()
    for _ in range(4):
        scene.fail(live("one"))
        scene.fail(live("two"))
    assert len(scene.pulled) == 2
    assert "new failed in 4 of 4 calls" in scene.pulled[0]


def test_new_evidence_and_a_release_start_from_nothing():
    scene = Scene()
    scene.fail(live("one"), 3)
    scene.fail(live("two"), 3)
    scene.brake = replace_version(scene.brake, 2)
    scene.fail(live("one"), 3)
    assert scene.pulled == []
    assert scene.guard.totals(live("one"))["calls"] == 3


def replace_version(brake: Brake, version: int) -> Brake:
    return Brake(brake.on, version, brake.since, brake.by, brake.because)


def test_a_window_is_as_long_as_the_settings_in_force_say():
    scene, short = Scene(), SETTINGS.model_copy(update={"window": 10.0})
    scene.fail(live(), 3)
    scene.now += 60
    scene.fail(replace(live(), guard=short))
    assert scene.pulled == []
    scene.now += 60
    scene.fail(live(), 3)
    assert "new failed in 4 of 4 calls (100%) within 10m" in scene.pulled[0]


def test_a_burst_pulls_once_and_a_pull_that_came_too_late_is_none(caplog: pytest.LogCaptureFixture):
    scene = Scene()
    scene.gone = True
    scene.fail(live(), 6)
    assert caplog.messages == []
    scene.gone = False
    scene.fail(live(), 6)
    assert len(scene.pulled) == len(caplog.messages) == 1
    scene.brake = replace_version(scene.brake, 2)
    scene.fail(live(), 4)
    assert len(scene.pulled) == 2


def test_evidence_without_end_is_forgotten():
    scene = Scene()
    for number in range(50):
        scene.fail(live(f"evidence-{number}"))
    assert len(scene.guard.rises()) <= 4


def test_it_warns_once_in_an_epoch_and_again_in_the_next():
    scene = Scene()
    shadow = replace(live(), stage=Stage.SHADOW)
    scene.fail(shadow, 9)
    assert [change.kind for change in scene.noted] == ["guard"]
    assert "m" in scene.guard.warnings
    scene.fail(replace(shadow, evidence_digest="two"), 9)
    assert len(scene.noted) == 2


def test_what_could_not_be_written_is_told_again():
    scene = Scene()
    scene.fail(live(), 2)
    rises = scene.guard.rises()
    scene.guard.give_back(rises)
    assert scene.guard.rises() == rises
