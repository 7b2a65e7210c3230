"""Who governed a parent, from the change log alone."""

from typing import Any

import pytest

from shadow.protocol.objects import ParentRef
from shadow.proxy.cutover.governing import governing
from shadow.store.base import Change
from shadow.terms import Side

PARENT = ParentRef("v1", "Namespace", "", "team-a", "uid-a")


def configuration(at: float, stage: str, weight: float = 0, **pin: Any) -> Change:
    details = {"migrations": {"m": {"stage": stage, "weight": weight, "pin": pin}}}
    return Change(at, None, "configuration", "file", "it changed", details)


def brake(at: float, kind: str, migration: str = "m") -> Change:
    return Change(at, migration, kind, "ops", "x")


LOG = [
    configuration(60, "live"),
    brake(50, "release"),
    configuration(40, "canary", 0, new=["team-a"]),
    brake(35, "rollback", "other"),
    brake(30, "rollback"),
    configuration(20, "live"),
    Change(15, None, "start", "process", "it started"),
    configuration(10, "shadow"),
]


@pytest.mark.parametrize(
    ("at", "primary", "by", "since"),
    [
        (5, None, None, None),
        (12, Side.OLD, "stage", 10),
        (25, Side.NEW, "stage", 20),
        (30, Side.OLD, "brake", 30),
        (45, Side.OLD, "brake", 40),
        (55, Side.NEW, "pin", 50),
        (99, Side.NEW, "stage", 60),
    ],
    ids=str,
)
def test_the_log_tells_who_governed(at: float, primary: Side | None, by: str | None, since: float | None):
    found = governing(LOG, "m", PARENT, {}, at)
    assert (found.primary, found.by) == (primary, by)
    assert (found.since.timestamp() if found.since else None) == since


def test_a_pin_by_label_needs_the_labels():
    log = [configuration(1, "canary", 0, new=[{"selector": "tier=dev"}])]
    assert governing(log, "m", PARENT, {"tier": "dev"}, 2).primary is Side.NEW
    assert governing(log, "m", PARENT, {}, 2).primary is Side.OLD
