"""Who governed a parent, from the change log alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shadow.protocol.objects import ParentRef
from shadow.proxy.cutover.governing import Governing, governing, governing_at
from shadow.store.base import Call, Change, Flush, ParentState, Store
from shadow.store.open import open_store
from shadow.terms import Hook, Side
from tests.store.records import mismatch

PARENT = ParentRef("v1", "Namespace", "", "team-a", "uid-a")
OTHER = ParentRef("v1", "Namespace", "", "team-a2", "uid-x")


def configuration(at: float, stage: str, weight: float = 0, **pin: Any) -> Change:
    details = {"migrations": {"m": {"stage": stage, "weight": weight, "pin": pin}}}
    return Change(at, None, "configuration", "file", "it changed", details)


def brake(at: float, kind: str, migration: str = "m") -> Change:
    return Change(at, migration, kind, "ops", "x")


def state(uid: str = "uid-a", at: float = 99, **fields: Any) -> ParentState:
    parent = msgspec.structs.replace(PARENT, uid=uid)
    return ParentState("m", parent, Side.OLD, Side.OLD, None, None, seen_at=at, compared_at=at, **fields)


def nothing_kept(since: float, until: float) -> Iterator[Call]:
    return iter(())


def kept(at: float, served: Side | None, hook: Hook = Hook.SYNC, primary: Side = Side.OLD) -> Call:
    call = mismatch(f"c{at:g}", at, primary=primary)
    return msgspec.structs.replace(call, migration="m", parent=PARENT, served=served, hook=hook)


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
    found = governing(LOG, "m", state(), at, nothing_kept)
    assert (found.primary, found.by) == (primary, by)
    assert (found.since.timestamp() if found.since else None) == since


def test_a_migration_that_the_file_had_no_more_governed_nobody():
    gone = Change(30, None, "configuration", "file", "it changed", {"migrations": {"other": {}}})
    assert governing([gone, configuration(1, "live")], "m", state(), 40, nothing_kept).primary is None


SELECTOR = {"selector": "tier=dev"}


@pytest.mark.parametrize(
    ("pin", "labels", "at", "primary"),
    [
        ({"new": [SELECTOR]}, {"tier": "dev"}, 100, Side.NEW),
        ({"new": [SELECTOR]}, {}, 100, Side.OLD),
        ({"new": [SELECTOR]}, {"tier": "dev"}, 50, None),
        ({"new": [SELECTOR, "team-*"]}, {}, 50, Side.NEW),
        ({"new": [SELECTOR], "old": ["team-a"]}, {"tier": "dev"}, 50, Side.OLD),
        ({"new": ["team-a"], "old": [SELECTOR]}, {}, 50, None),
        ({"new": ["team-a"]}, {}, 50, Side.NEW),
    ],
    ids=["seen since", "seen without", "labels of later", "or a glob", "a glob first", "a selector first", "globs"],
)
def test_labels_of_later_decide_nothing(pin: dict[str, Any], labels: dict[str, str], at: float, primary: Side | None):
    found = governing([configuration(1, "canary", 0, **pin)], "m", state(labels=labels), at, nothing_kept)
    assert found.primary is primary
    assert found.depends_on_labels is (primary is None)


@pytest.mark.parametrize(
    ("served", "served_at", "seen_at", "calls", "primary", "refused"),
    [
        (Side.NEW, 20, 45, [], None, True),
        (Side.NEW, 20, 25, [], None, False),
        (Side.OLD, 20, 45, [], Side.OLD, False),
        (Side.OLD, 35, 35, [], Side.OLD, False),
        (Side.OLD, 35, 35, [kept(32, None)], Side.OLD, False),
        (Side.OLD, 32, 45, [kept(35, None)], None, True),
        (Side.OLD, 45, 45, [kept(35, None)], None, True),
        (Side.OLD, 45, 45, [kept(36, Side.OLD, Hook.CUSTOMIZE), kept(35, None)], None, True),
        (Side.OLD, 45, 45, [kept(35, Side.OLD)], Side.OLD, False),
        (Side.OLD, 45, 45, [], None, False),
    ],
    ids=[
        "refused ever since",
        "silent ever since",
        "old before it",
        "old since",
        "old in the end",
        "refused in the end",
        "a kept call that was refused",
        "customize is no witness",
        "a kept call that was answered",
        "nobody knows",
    ],
)
def test_under_a_guards_brake_calls_tell_who_governed(
    served: Side, served_at: float, seen_at: float, calls: list[Call], primary: Side | None, refused: bool
):
    log = [Change(30, "m", "rollback", "guard", "1 delete"), configuration(10, "live")]
    known = msgspec.structs.replace(state(at=seen_at), served=served, served_at=served_at)
    found = governing(log, "m", known, 40, lambda _, __: iter(calls))
    assert (found.primary, found.refused, found.by) == (primary, refused, "guard")


def test_a_guards_brake_that_a_person_confirmed_is_a_brake_like_any_other():
    log = [brake(35, "rollback"), Change(30, "m", "rollback", "guard", "1 delete"), configuration(10, "live")]
    found = governing(log, "m", state(), 40, nothing_kept)
    assert (found.primary, found.by, found.refused) == (Side.OLD, "brake", False)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/shadow.db")
    opened.open(0)
    yield opened
    opened.close()


def at_store(store: Store, at: float) -> Governing:
    found = governing_at(store, "m", "team-a", at)
    assert found is not None
    return found


def test_a_call_of_then_is_the_witness(store: Store):
    calls = [kept(at, None, primary=side) for at, side in ((15, Side.NEW), (25, Side.OLD), (35, Side.NEW))]
    log = [configuration(10, "live"), configuration(20, "canary", 0, new=[SELECTOR])]
    store.flush(Flush("r", 99, {}, calls, parents=[state(labels={})], changes=log))
    assert (at_store(store, 22).primary, at_store(store, 22).call) == (None, None)  # that of before does not count
    assert (at_store(store, 30).primary, at_store(store, 30).call) == (Side.OLD, "c25")
    assert at_store(store, 35).primary is Side.NEW


def test_of_two_parents_of_a_name_the_one_that_lived_then_is_meant(store: Store):
    states = [state("first", 50), state("second", 99), msgspec.structs.replace(state("x"), parent=OTHER)]
    store.flush(Flush("r", 99, {}, [], parents=states, changes=[configuration(1, "canary", 50)]))
    assert [at_store(store, at).parent.uid for at in (40, 60, 200)] == ["first", "second", "second"]
    assert governing_at(store, "m", "team", 40) is None
