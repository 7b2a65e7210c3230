"""Who has met the present primary, by stage, brake, pins and silence."""

from dataclasses import dataclass, field

import pytest

from shadow.config.pins import Pins
from shadow.protocol.objects import ParentRef
from shadow.proxy.cutover.assignment import bucket
from shadow.proxy.cutover.brakes import Brakes
from shadow.proxy.cutover.convergence import Convergence, Convergences
from shadow.proxy.cutover.parents import Parents
from shadow.proxy.migrations.fronts import Fronts
from shadow.proxy.migrations.migration import Migration
from shadow.store.base import Brake, ParentState
from shadow.terms import Side, Stage
from tests.proxy.snapshots import migration

HOUR = 3600.0


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Scene:
    """A migration with parents, each last served by somebody."""

    served: dict[str, Side | None]
    brake: bool = False
    labels: dict[str, str] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        brake = Brake(self.brake, 1, 0.0, "ops", "x")
        states = [
            ParentState(
                "m", ParentRef("v1", "Namespace", "", uid, uid), Side.OLD, side, None, None,
                seen_at=self.clock.now, labels=self.labels,
            )
            for uid, side in self.served.items()
        ]  # fmt: skip
        brakes = Brakes(None, {"m": brake}, self.clock)  # type: ignore[arg-type]
        self.convergences = Convergences(Parents(states), brakes, Fronts(), self.clock)

    def of(self, found: Migration) -> Convergence:
        return self.convergences.of(found)


@pytest.mark.parametrize(
    ("stage", "brake", "served", "outstanding"),
    [
        (Stage.SHADOW, False, Side.OLD, 0),
        (Stage.LIVE, False, Side.OLD, 1),
        (Stage.LIVE, False, Side.NEW, 0),
        (Stage.LIVE, True, Side.NEW, 1),
        (Stage.LIVE, True, Side.OLD, 0),
        (Stage.COMPLETE, False, Side.OLD, 1),
        (Stage.LIVE, False, None, 1),
    ],
    ids=str,
)
def test_a_parent_is_outstanding_until_its_present_primary_has_answered(
    stage: Stage, brake: bool, served: Side | None, outstanding: int
):
    found = Scene({"a": served}, brake).of(migration(stage=stage))
    assert (found.of, len(found.outstanding), found.answered) == (1, outstanding, 1 - outstanding)


def test_in_a_canary_only_those_who_moved_are_outstanding():
    uids = [f"uid-{number}" for number in range(200)]
    found = Scene(dict.fromkeys(uids, Side.OLD)).of(migration(stage=Stage.CANARY, weight_buckets=2500))
    assert found.outstanding == {uid for uid in uids if bucket(uid) < 2500}


def test_a_pin_by_label_goes_by_the_labels_seen_last():
    pins = Pins.model_validate({"new": [{"selector": "tier=dev"}]})
    canary = migration(stage=Stage.CANARY, weight_buckets=0, pins=pins)
    assert Scene({"a": Side.OLD}, labels={"tier": "dev"}).of(canary).outstanding == {"a"}
    assert not Scene({"a": Side.OLD}, labels={"tier": "prod"}).of(canary).outstanding


def test_who_is_gone_is_not_waited_for_but_silence_counts_only_while_we_listen():
    scene = Scene({"a": Side.OLD, "b": Side.OLD})
    live = migration(stage=Stage.LIVE)
    scene.clock.now += 47 * HOUR
    assert scene.of(live).of == 2
    scene.clock.now += 2 * HOUR
    assert scene.of(live) == Convergence(0, frozenset())
    restarted = Scene({"a": Side.OLD}, clock=scene.clock)
    assert restarted.of(live).of == 1


@pytest.mark.parametrize("many", [3, 2000])
def test_a_move_shows_at_once_however_many_there_are(many: int):
    scene = Scene({f"uid-{number}": Side.OLD for number in range(many)})
    assert not scene.of(migration(stage=Stage.SHADOW)).outstanding
    assert len(scene.of(migration(stage=Stage.LIVE)).outstanding) == many
