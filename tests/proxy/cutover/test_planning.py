"""Which parents a plan speaks of, after the controller in front has changed."""

from typing import Any

import msgspec
import pytest

from shadow.protocol.objects import ParentRef
from shadow.proxy.cutover.planning import Position, plan_move
from shadow.report.readiness import FrontFacts, Presence
from shadow.store.base import Moves, ParentState
from shadow.terms import Side, Stage
from tests.proxy.snapshots import migration

NOW = 10_000.0
ENABLED = {"matchLabels": {"enabled": "true"}}


def front(*selectors: dict[str, Any] | None, finalizes: bool = False) -> FrontFacts:
    facts = {"spec_digest": "now", "finalizes": finalizes, "label_selectors": selectors}
    return msgspec.convert(facts, FrontFacts)


def state(**changed: Any) -> ParentState:
    """Compared an hour ago, when another controller called, and not seen since."""
    last: dict[str, Any] = {"compared_at": NOW - 3600, "seen_at": NOW - 3600 + 0.1, "front_digest": "before"}
    parent = ParentRef("v1", "Namespace", "", "plain", "uid-plain")
    evidence = {"evidence_digest": migration().evidence_digest, "moves_new": Moves()}
    return ParentState("m", parent, Side.OLD, Side.OLD, None, None, **(last | evidence | changed))


@pytest.mark.parametrize(
    ("seen", "controller", "unselected", "blind"),
    [
        (state(), front(ENABLED), 1, 0),
        (state(labels={"enabled": "true"}), front(ENABLED), 0, 1),
        (state(labels={"enabled": "no"}), front(ENABLED), 1, 0),
        (state(), front(), 0, 1),
        (state(), front(None), 0, 1),
        (state(), front(ENABLED, None), 0, 1),
        (state(), front(ENABLED, {"matchExpressions": [{"key": "old", "operator": "DoesNotExist"}]}), 0, 1),
        (state(), front({"matchExpressions": [{"key": "enabled", "operator": "Like", "values": ["x"]}]}), 0, 1),
        (state(), front(ENABLED, finalizes=True), 0, 1),
        (state(seen_at=NOW - 60), front(ENABLED), 0, 1),
        (state(compared_at=None, front_digest=None, moves_new=None), front(ENABLED), 0, 1),
        (state(front_digest="now"), front(ENABLED), 0, 0),
        (state(), None, 0, 0),
    ],
    ids=[
        "left out", "selected", "another value", "an older log", "all are selected", "by one of two",
        "by what is absent", "an unknown operator", "it may have to finalize", "called since", "never compared",
        "compared for it", "unknown",
    ],
)  # fmt: skip
def test_a_parent_that_the_front_does_not_select_moves_nothing(
    seen: ParentState, controller: FrontFacts | None, unselected: int, blind: int
):
    """Whatever is not certain about it leaves it without evidence."""
    present, target = [Position(migration(stage=stage), braked=False) for stage in (Stage.SHADOW, Stage.LIVE)]
    found = plan_move([seen], present, target, Presence(controller, 0.0, NOW, 10.0))
    assert (found.unselected, found.without_evidence) == (unselected, blind)
    assert found.moving.to_new == found.known == 1 - unselected
