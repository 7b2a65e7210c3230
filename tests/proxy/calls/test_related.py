"""Who is shown which related objects, and when that is known to be all: pure tables."""

import json
from typing import Any

import msgspec
import pytest

from shadow.protocol.controller import Controller, read_controller
from shadow.protocol.customize import RelatedRules
from shadow.proxy.calls.related import KEPT_SECONDS, customized, rules_known, shares, whose
from shadow.proxy.calls.related_memory import RelatedMemory
from shadow.proxy.migrations.migration import Migration
from shadow.store.base import GivenRules, RelatedState
from shadow.terms import HookVersion, Side
from tests.proxy.bodies import controller
from tests.proxy.configured import migration

A, B = b'{"apiVersion":"v1","resource":"configmaps","names":["a"]}', b'{"apiVersion": "v1", "resource": "secrets"}'
BOTH = (Side.OLD, Side.NEW)
Known = dict[Side, GivenRules]
NOW = 10_000.0


def front(version: str | None = "v1") -> Controller:
    """A front that declares a customize hook of this version, or none."""
    spec = controller()
    if version is not None:
        spec["spec"]["hooks"]["customize"] = {"version": version, "webhook": {"url": "http://shadow/m/customize"}}
    return read_controller(json.dumps(spec).encode())


def both_customize(**settings: Any) -> Migration:
    return migration(old__customize="/customize", new__customize="/customize", **settings)


def state(
    of: Migration, answered: tuple[Side, ...] = BOTH, at: float = NOW - 60, generation: int = 0, **given: bytes | None
) -> RelatedState:
    rules = {"old": A, "new": B, **given}
    known = {
        Side(side): GivenRules((rule,), generation, of.parties[Side(side)].digest)
        for side, rule in rules.items()
        if rule is not None
    }
    return RelatedState("m", "uid-1", "DecoratorController/profiles", at, known, answered)


def test_each_is_shown_what_its_own_rules_select():
    of = both_customize()
    found = shares(of, front(), state(of), 0, NOW)
    assert found is not None
    assert found.shown == {Side.OLD: RelatedRules((A,), beside=(B,)), Side.NEW: RelatedRules((B,), beside=(A,))}
    assert not found.unknown


@pytest.mark.parametrize(
    ("changed", "unknown"),
    [
        ({"answered": (Side.OLD,)}, {Side.NEW}),
        ({"answered": (Side.NEW,)}, {Side.OLD}),
        ({"answered": (Side.OLD,), "new": None}, {Side.NEW}),
        ({"at": NOW - KEPT_SECONDS - 61}, {Side.OLD, Side.NEW}),
        ({"at": NOW - KEPT_SECONDS - 1}, set()),
        ({"generation": 1}, {Side.OLD, Side.NEW}),
    ],
    ids=["only old answered", "only new answered", "never asked", "too old", "just under way", "another generation"],
)
def test_rules_count_while_metacontroller_works_with_them(changed: dict[str, Any], unknown: set[Side]):
    of = both_customize()
    found = shares(of, front(), state(of, **changed), 0, NOW)
    assert found is not None
    assert found.unknown == unknown


def test_nothing_is_known_of_a_parent_that_was_not_asked_for():
    found = shares(both_customize(), front(), None, 0, NOW)
    assert found is not None
    assert found.unknown == {Side.OLD, Side.NEW}
    assert found.shown == {Side.OLD: None, Side.NEW: None}


def test_rules_of_another_implementation_are_not_those_of_this_one():
    before = both_customize()
    found = shares(both_customize(new__url="http://other"), front(), state(before), 0, NOW)
    assert found is not None
    assert found.unknown == {Side.NEW}


@pytest.mark.parametrize(
    ("changed", "old", "new"),
    [
        ({"answered": (Side.OLD,), "new": None}, None, RelatedRules((), beside=(A,))),
        ({"answered": (Side.OLD,)}, None, RelatedRules((B,), beside=(A,))),
        ({"answered": (Side.NEW,), "old": None}, RelatedRules((), beside=(B,)), None),
        ({"answered": BOTH}, RelatedRules((A,), beside=(B,)), RelatedRules((B,), beside=(A,))),
        ({"at": NOW - 9999, "new": None}, None, RelatedRules((), beside=(A,))),
        ({"at": NOW - 9999}, RelatedRules((A,), beside=(B,)), RelatedRules((B,), beside=(A,))),
    ],
    ids=["new never asked", "only old answered", "old never asked", "another revision", "too old", "too old, both"],
)
def test_nobody_is_shown_what_only_the_other_ones_rules_select(
    changed: dict[str, Any], old: RelatedRules | None, new: RelatedRules | None
):
    """Of an earlier revision that is known the rules still tell what is its own."""
    before = both_customize()
    found = shares(both_customize(new__revision="r2"), front(), state(before, **changed), 0, NOW)
    assert found is not None
    assert found.shown == {Side.OLD: old, Side.NEW: new}
    assert Side.NEW in found.unknown


def test_whose_rules_may_be_in_the_answer_may_be_whose_objects_come():
    """Of two customize calls that were under way together nobody knows which answer Metacontroller keeps."""
    of = both_customize()
    kept = msgspec.structs.replace(state(of, answered=(Side.OLD,)), perhaps=(Side.NEW,))
    found = shares(of, front(), kept, 0, NOW)
    assert found is not None
    assert found.shown[Side.OLD] == RelatedRules((A,), beside=(B,))
    assert found.unknown == {Side.NEW}


def test_an_implementation_without_the_hook_relates_to_nothing():
    of = migration(new__customize="/customize")
    found = shares(of, front(), state(of, old=None), 0, NOW)
    assert found is not None
    assert (found.shown[Side.OLD], found.shown[Side.NEW]) == (RelatedRules((), beside=(B,)), None)
    assert not found.unknown


@pytest.mark.parametrize(
    ("of", "version"), [(migration(), "v1"), (both_customize(), None)], ids=["no hook here", "not declared"]
)
def test_where_the_proxy_has_no_part_in_it_everything_is_shown(of: Migration, version: str | None):
    assert shares(of, front(version), None, 0, NOW) is None


@pytest.mark.parametrize(
    ("version", "shown"), [("v1", None), ("v2", RelatedRules((A,), HookVersion.V1, (A,)))], ids=["same", "front v2"]
)
def test_rules_alike_show_everything_unless_the_version_hides_some(version: str, shown: RelatedRules | None):
    of = both_customize()
    found = shares(of, front(version), state(of, new=A), 0, NOW)
    assert found is not None
    assert found.shown == {Side.OLD: shown, Side.NEW: shown}


@pytest.mark.parametrize(
    ("plurals", "keys", "unknown"),
    [
        (("people", "pens"), ("Person", "Pen"), set()),
        (("mice", "people"), ("Mouse", "Person"), set()),
        (("mice", "men"), ("Mouse", "Man"), {Side.OLD, Side.NEW}),
        (("pens", "people"), ("Pen", "Person", "Pony"), {Side.NEW}),
        (("pens", "people"), (), set()),
    ],
    ids=["one irregular", "other initials", "same initial", "a kind too many", "nothing came"],
)
def test_whose_kinds_cannot_be_told_is_not_known_to_see_everything(
    plurals: tuple[str, str], keys: tuple[str, ...], unknown: set[Side]
):
    of = both_customize()
    old, new = (b'{"apiVersion":"x.io/v1","resource":"%s"}' % plural.encode() for plural in plurals)
    found = shares(of, front(), state(of, old=old, new=new), 0, NOW, [f"{kind}.x.io/v1" for kind in keys])
    assert found is not None
    assert found.unknown == unknown


def rules(*texts: bytes) -> bytes:
    return b'{ "relatedResources": [%s]}' % b", ".join(texts)


def known(of: Migration, generation: int = 0, kept: RelatedState | None = None, **bodies: bytes) -> Known:
    return rules_known(of, {Side(side): body for side, body in bodies.items()}, kept, generation)


def test_the_union_is_answered_with_each_rule_once():
    found = known(both_customize(), 3, old=rules(A, B), new=rules(B))
    body = customized(Side.NEW, rules(B), found)
    assert body == b'{"relatedResources":[%s,%s]}' % (B, A)
    assert (whose(body, found), found[Side.OLD].generation) == ((Side.NEW, Side.OLD), 3)


def test_the_very_bytes_go_out_where_the_other_one_adds_nothing():
    body = rules(A, B)
    respelled = rules(b'{"names": ["a"], "resource":"configmaps","apiVersion":"v1"}')
    found = known(both_customize(), old=body, new=respelled)
    assert customized(Side.OLD, body, found) is body
    assert set(whose(body, found)) == set(Side)


def test_the_last_known_rules_stand_in_for_one_that_gave_none():
    of = both_customize()
    found = known(of, 2, state(of, generation=2), old=rules(A))
    body = customized(Side.OLD, rules(A), found)
    assert body == b'{"relatedResources":[%s,%s]}' % (A, B)
    assert set(whose(body, found)) == set(Side)


def test_who_has_a_namespace_selector_is_told_no_rules_of_the_other_for_that_kind():
    """Metacontroller would bring Secrets of all namespaces, and nobody could say which of them are whose."""
    some = b'{"apiVersion":"v1","resource":"secrets","namespaceSelector":{"matchLabels":{"tier":"prod"}}}'
    bodies = {Side.OLD: rules(some), Side.NEW: rules(B)}
    found = rules_known(both_customize(), bodies, None, 0)
    for primary in Side:
        body = customized(primary, bodies[primary], found)
        assert (body, whose(body, found)) == (bodies[primary], (primary,))


def test_without_any_known_rules_only_the_primarys_are_answered():
    found = known(both_customize(), old=rules(A))
    assert (customized(Side.OLD, rules(A), found), whose(rules(A), found)) == (rules(A), (Side.OLD,))


KEY = ("m", "uid-1", front().title)


def test_of_two_answers_under_way_together_only_what_both_say_counts():
    found, memory = known(both_customize(), old=rules(A), new=rules(B)), RelatedMemory()
    memory.answered(KEY, found, (Side.OLD,), began=1.0, now=3.0)
    memory.answered(KEY, found, BOTH, began=2.0, now=4.0)
    first = memory.get(KEY)
    memory.answered(KEY, found, BOTH, began=5.0, now=6.0)
    second = memory.get(KEY)
    assert first is not None
    assert second is not None
    assert (first.answered, second.answered) == ((Side.OLD,), BOTH)
    assert (first.perhaps, second.perhaps) == ((Side.NEW,), ())


def test_of_an_answer_that_may_have_been_taken_nobody_knows_whose_rules_are_in_force():
    of, memory = both_customize(), RelatedMemory()
    memory.doubted(KEY, known(of, old=rules(A)), 1.0)
    assert memory.get(KEY) is None, "what comes was never told to be anybody's"
    memory.answered(KEY, known(of, old=rules(A), new=rules(B)), BOTH, began=2.0, now=3.0)
    memory.doubted(KEY, known(of, 0, memory.get(KEY)), 4.0)
    found = shares(of, front(), memory.get(KEY), 0, 5.0)
    assert found is not None
    assert found.unknown == set(Side)
    assert found.shown[Side.NEW] == RelatedRules((B,), beside=(A,))


def test_what_changed_is_written_once_and_given_back_on_a_fault():
    memory = RelatedMemory()
    memory.answered(KEY, known(both_customize(), old=rules(A)), (Side.OLD,), 1.0, 2.0)
    changed = memory.take_changed()
    assert ([one.answered for one in changed], memory.urgent) == ([(Side.OLD,)], False)
    memory.give_back(changed)
    assert memory.urgent
    assert RelatedMemory(changed).get(KEY) == changed[0]


def test_what_was_answered_long_ago_is_forgotten_but_not_before_it_is_written():
    of = both_customize()
    old, fresh = state(of, at=NOW - 500), msgspec.structs.replace(state(of, at=NOW), uid="uid-2")
    memory = RelatedMemory([old, fresh])
    memory.forget(NOW - 100)
    keys = [("m", uid, "DecoratorController/profiles") for uid in ("uid-1", "uid-2")]
    assert [memory.get(key) for key in keys] == [None, fresh]
    memory.give_back([fresh])
    memory.forget(NOW + 1)
    assert memory.take_changed() == [fresh]
    memory.forget(NOW + 1)
    assert memory.get(keys[1]) is None
