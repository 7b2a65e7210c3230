"""Whole comparisons: outcome, differences with their effects, situations, and what may not come out."""

import json
from functools import partial

import pytest

from shadow.compare.budget import Clocks
from shadow.compare.comparison import compare
from shadow.compare.model import Candidate, EffectPair
from shadow.compare.rules import compile_rules
from shadow.redact import Redactor
from shadow.terms import Effect, Hook, Outcome, Side
from tests.compare.calls import CM, answer, config_map, encoded, observed, pair, recorded_call, request

NO_RULES = compile_rules([])
REDACTOR = Redactor(b"key")
SEEN = observed(config_map())
CHANGED = config_map(data={"a": "2"})
NONE, UPDATE, DELETE, CREATE = Effect.NONE, Effect.UPDATE, Effect.DELETE, Effect.CREATE


def compared(message, old, new, rules=NO_RULES, hook=Hook.SYNC, budget_seconds=5.0, **settings):
    return compare(pair(message, old, new, hook, **settings), rules, REDACTOR, budget_seconds)


def places(comparison):
    return [
        (str(each.object or ""), each.path, each.change.value, each.effects.old.value, each.effects.new.value)
        for each in comparison.differences
    ]


@pytest.mark.parametrize(
    "new",
    [
        pytest.param(answer(config_map(), config_map("b")), id="the-same-bytes"),
        pytest.param(answer(config_map("b"), config_map()), id="another-order"),
        pytest.param(answer(config_map(namespace="ns"), config_map("b")), id="namespace-spelled-out"),
        pytest.param(answer(CHANGED, config_map(), config_map("b")), id="duplicate-overridden"),
        pytest.param(answer(config_map(), config_map("b"), unknown=1), id="unknown-field"),
        pytest.param(
            answer(config_map(), config_map("b"), labels={}, annotations=None, status=None), id="nothing-said"
        ),
        pytest.param(
            answer(config_map(), config_map("b"), resyncAfterSeconds=-1, finalized=False), id="the-same-as-none"
        ),
    ],
)
def test_answers_that_want_the_same_match(new):
    old = answer(config_map(), config_map("b"))
    comparison = compared(request(SEEN), old, new)
    assert (comparison.outcome, comparison.differences, comparison.reason) == (Outcome.MATCHED, (), None)
    assert comparison.effects_old == comparison.effects_new
    assert [str(each.object) for each in comparison.effects_old] == ["ConfigMap/ns/b", "ConfigMap/ns/cm"]


def test_what_repeats_is_the_effect_that_is_told():
    """A delete comes once, even where the other answer would write the object again at every sync."""
    again = config_map() | {"n": 1.0}
    sides = (answer(again), answer()), (answer(), answer(again))
    found = [compared(request(SEEN), *each).differences[0] for each in sides]
    assert [(each.effects, each.repeats) for each in found] == [
        (EffectPair(UPDATE, DELETE), False),
        (EffectPair(DELETE, UPDATE), True),
    ]


def test_a_namespace_spelled_out_makes_a_difference_to_metacontroller_2_only():
    message = request(observed(config_map()), spec={"hooks": {"sync": {}}})
    comparison = compared(message, answer(config_map()), answer(config_map(namespace="ns")))
    assert [place[1] for place in places(comparison)] == ["metadata.namespace"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param([config_map()], [], [("", "removed", "none", "delete")], id="new-drops-what-is-there"),
        pytest.param([], [config_map()], [("", "added", "delete", "none")], id="old-would-delete"),
        pytest.param([config_map()], [CHANGED], [("data.a", "changed", "none", "update")], id="field"),
        pytest.param([CHANGED], [config_map()], [("data.a", "changed", "update", "none")], id="the-other-way"),
        pytest.param(
            [config_map()], [config_map(labels={"x/y": "1"})], [('metadata.labels["x/y"]', "added", "none", "update")],
            id="label",
        ),
    ],
)  # fmt: skip
def test_a_difference_has_a_place_and_an_effect_on_either_side(old, new, expected):
    comparison = compared(request(SEEN), answer(*old), answer(*new))
    assert comparison.outcome is Outcome.MISMATCHED
    assert places(comparison) == [("ConfigMap/ns/cm", *each) for each in expected]


def test_what_only_one_side_wants_and_nobody_sees_would_be_created():
    comparison = compared(request(), answer(config_map()), answer())
    assert places(comparison) == [("ConfigMap/ns/cm", "", "removed", "create", "none")]
    (difference,) = comparison.differences
    assert (difference.effect, difference.side, difference.has_old, difference.has_new) == (
        CREATE,
        Side.OLD,
        True,
        False,
    )
    assert difference.old == config_map()
    assert difference.new is None


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param({"status": {"a": 1}}, {"status": {"a": 2}}, ("parent.status.a", "update", "update"), id="status"),
        pytest.param(
            {"status": None}, {"status": {"a": 2}}, ("parent.status.a", "none", "update"), id="status-unchanged"
        ),
        pytest.param({"status": {"live": 1}}, {}, ("parent.status.live", "none", "none"), id="status-as-it-is"),
        pytest.param({"labels": {"tier": "dev"}}, {}, ("parent.labels.tier", "none", "none"), id="label-that-is-there"),
        pytest.param({"labels": {"tier": None}}, {}, ("parent.labels.tier", "update", "none"), id="label-removed"),
        pytest.param(
            {}, {"annotations": {"a/b": "1"}}, ('parent.annotations["a/b"]', "none", "update"), id="annotation"
        ),
        pytest.param({"resyncAfterSeconds": 5}, {}, ("resyncAfterSeconds", "none", "none"), id="resync"),
        pytest.param({}, {"finalized": True}, ("finalized", "none", "none"), id="finalized"),
    ],
)
def test_the_parents_own_fields_are_compared(old, new, expected):
    message = request(SEEN, status={"live": 1})
    comparison = compared(message, answer(config_map(), **old), answer(config_map(), **new))
    assert [(place[1], *place[3:]) for place in places(comparison)] == [expected]
    assert comparison.differences[0].object is None
    assert comparison.outcome is Outcome.MISMATCHED


def test_resync_is_compared_as_a_number():
    comparison = compared(request(), answer(resyncAfterSeconds=5), answer(resyncAfterSeconds=5.0))
    assert comparison.outcome is Outcome.MATCHED


def test_finalized_takes_the_finalizer_away_where_there_is_one():
    parent = {"finalizers": ["metacontroller.io/decoratorcontroller-dc"]}
    comparison = compared(request(parent=parent), answer(), answer(finalized=True))
    assert comparison.differences[0].effects == EffectPair(NONE, UPDATE)


def composite(*items, **fields):
    return encoded({"children": list(items)} | fields)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"status": {"a": 1}}, {"status": {"a": 1, "observedGeneration": 7}}),
        ({"status": None}, {"status": {}}),
        ({}, {"status": {"observedGeneration": 1}}),
    ],
)
def test_a_composite_front_sets_the_observed_generation_itself(old, new):
    message = request(front="composite", spec={"generateSelector": True})
    assert compared(message, composite(**old), composite(**new)).outcome is Outcome.MATCHED


@pytest.mark.parametrize(
    ("live", "effect"), [({"a": 1, "observedGeneration": 3}, NONE), ({"a": 2}, UPDATE), (None, UPDATE)]
)
def test_a_composite_front_writes_a_status_that_is_not_the_live_one(live, effect):
    message = request(front="composite", spec={"generateSelector": True}, **({"status": live} if live else {}))
    comparison = compared(message, composite(status={"a": 1}), composite(status={"a": 3}))
    (difference,) = comparison.differences
    assert difference.effects == EffectPair(effect, UPDATE)


def test_a_decorator_front_stores_the_observed_generation_it_is_given():
    comparison = compared(request(), answer(status={"a": 1}), answer(status={"a": 1, "observedGeneration": 7}))
    assert places(comparison)[0][1] == "parent.status.observedGeneration"


def test_labels_of_a_composite_answer_are_inexpressible():
    message = request(front="composite", spec={"generateSelector": True})
    comparison = compared(message, composite(), composite(labels={"tier": "prod"}))
    (difference,) = comparison.differences
    assert (difference.path, difference.effects) == ("parent.labels.tier", EffectPair(NONE, Effect.INEXPRESSIBLE))


@pytest.mark.parametrize(("method", "outcome"), [("InPlace", Outcome.MATCHED), ("RollingInPlace", Outcome.MISMATCHED)])
def test_the_order_of_objects_counts_under_rolling_strategies_only(method, outcome):
    items = [config_map("a"), config_map("b")]
    comparison = compared(request(method=method), answer(*items), answer(*reversed(items)))
    assert comparison.outcome is outcome
    if outcome is Outcome.MISMATCHED:
        (difference,) = comparison.differences
        assert (difference.path, difference.old) == ("order", ["ConfigMap/ns/a", "ConfigMap/ns/b"])


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (Candidate(None, None, "timeout"), Candidate(answer(), 200), "old:timeout"),
        (Candidate(answer(), 200), Candidate(None, 500, "status-500"), "new:status-500"),
        (Candidate(None, None, "reset"), Candidate(None, 500, "status-500"), "old:reset"),
        (Candidate(None, None, None), Candidate(answer(), 200), "old:no-answer"),
        (Candidate(answer(), 200), Candidate(b'{"attachments": {}}', 200), "new:invalid"),
        (Candidate(b"[", 200), Candidate(b"[", 200), "old:invalid"),
    ],
)
def test_without_a_valid_answer_of_either_the_outcome_is_failed(old, new, reason):
    comparison = compare(pair(request(SEEN), old, new), NO_RULES, REDACTOR, 5)
    assert (comparison.outcome, comparison.reason, comparison.differences) == (Outcome.FAILED, reason, ())


def test_the_effects_of_the_one_that_answered_are_still_foreseen():
    failed = Candidate(None, None, "timeout")
    comparison = compare(pair(request(SEEN), failed, answer()), NO_RULES, REDACTOR, 5)
    assert comparison.effects_old == ()
    assert [(each.object, each.effect) for each in comparison.effects_new] == [(CM, DELETE)]
    assert comparison.old_answer is None
    assert comparison.new_answer == b'{"attachments":[]}'


RULE = {"verb": "ignore", "path": "data.a", "because": "noise"}
EXPECTED = {"verb": "expect", "object": "ConfigMap/b", "because": "intended"}


@pytest.mark.parametrize(
    ("records", "outcome"),
    [
        ([], Outcome.MISMATCHED),
        ([RULE], Outcome.MISMATCHED),
        ([EXPECTED], Outcome.MISMATCHED),
        ([RULE, EXPECTED], Outcome.IGNORED),
        ([RULE | {"until": "2000-01-01"}, EXPECTED], Outcome.MISMATCHED),
    ],
)
def test_it_is_ignored_only_if_every_difference_is_accounted_for(records, outcome):
    comparison = compared(request(SEEN), answer(config_map(), config_map("b")), answer(CHANGED), compile_rules(records))
    assert comparison.outcome is outcome
    reasons = {str(each.object): (each.ignored_because, each.expected_because) for each in comparison.differences}
    assert reasons["ConfigMap/ns/b"] == (None, "intended" if EXPECTED in records else None)
    assert reasons["ConfigMap/ns/cm"] == ("noise" if RULE in records else None, None)
    assert len(comparison.differences) == 2, "what is ignored is kept"


@pytest.mark.parametrize(
    ("message", "hook", "situation"),
    [
        (request(), Hook.SYNC, "nothing observed"),
        (request(SEEN), Hook.SYNC, "partial"),
        (request(SEEN, observed(config_map("b"))), Hook.SYNC, "steady"),
        (request(SEEN, hook="finalize"), Hook.FINALIZE, "unselected"),
        (
            request(SEEN, hook="finalize", parent={"deletionTimestamp": "2026-01-01T00:00:00Z"}),
            Hook.FINALIZE,
            "finalizing",
        ),
    ],
)
def test_the_situation_is_told(message, hook, situation):
    assert compared(message, answer(config_map()), answer(config_map("b")), hook=hook).situation == situation


def test_an_undeclared_kind_that_is_never_observed_does_not_make_a_situation_partial():
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "r"}}
    assert compared(request(SEEN), answer(config_map(), role), answer(config_map())).situation == "steady"


def test_bodies_are_kept_redacted_of_what_mismatches_or_on_request():
    same = answer(config_map())
    assert compared(request(SEEN), same, same).old_answer is None
    kept = compared(request(SEEN), same, same, keep=True)
    assert kept.outcome is Outcome.MATCHED
    assert json.loads(kept.old_answer or b"") == json.loads(same)
    mismatched = compared(request(SEEN), same, answer(status={"x": 1}, other="kept"))
    assert json.loads(mismatched.new_answer or b"") == {"attachments": [], "status": {"x": 1}, "other": "kept"}


PLANTED = "fake-planted-value"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param({"stringData": {"k": PLANTED}}, {"stringData": {"k": "fake-other"}}, id="string-data"),
        pytest.param({"data": {"k": "ZmFrZS1wbGFudGVkLXZhbHVl"}}, {}, id="data"),
        pytest.param({"metadata": {"name": "s", "annotations": {"u": f"http://u:{PLANTED}@h"}}}, {}, id="url"),
        pytest.param({"spec": [{"name": "A_TOKEN", "value": PLANTED}, 1]}, {"spec": [1]}, id="env-in-a-mixed-list"),
    ],
)
def test_no_secret_leaves_a_comparison(old, new):
    base = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}
    comparison = compared(request(kinds=["Secret.v1"]), answer(base | old), answer(base | new), keep=True)
    assert comparison.outcome is Outcome.MISMATCHED
    text = repr(comparison)
    assert PLANTED not in text
    assert "ZmFrZS1wbGFudGVkLXZhbHVl" not in text


def test_a_secret_value_that_differs_is_still_a_difference():
    def secret(value):
        return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"k": value}}

    comparison = compared(request(), answer(secret("fake-a")), answer(secret("fake-bc")))
    (difference,) = comparison.differences
    assert difference.path == "stringData.k"
    assert difference.old != difference.new
    assert (difference.old[-3:], difference.new[-3:]) == (":6>", ":7>")


def test_the_group_of_a_difference_does_not_depend_on_values_or_the_parent():
    def group(name, old, new):
        message = request(parent={"name": name, "namespace": f"ns-{name}", "uid": f"uid-{name}"})
        found = compared(
            message, answer(config_map(f"{name}-cm", {"k": old})), answer(config_map(f"{name}-cm", {"k": new}))
        )
        (difference,) = found.differences
        return difference.group, str(difference.shown_object), difference.shown_path

    assert group("w1", "1", "2") == group("w2", "x", "y")
    assert group("w1", "1", "2")[1:] == ("ConfigMap/<namespace>/<name>-cm", "data.k")


def test_two_places_of_one_object_are_two_groups():
    found = compared(request(), answer(config_map(data={"a": "1", "b": "1"})), answer(config_map(data={"c": "1"})))
    assert [each.path for each in found.differences] == ["data.a", "data.b", "data.c"]
    assert len({each.group for each in found.differences}) == 3


def test_a_value_too_large_for_an_example_shows_its_size():
    comparison = compared(request(), answer(config_map(data={"k": "x" * 100_000})), answer(config_map(data={"k": "y"})))
    (difference,) = comparison.differences
    assert (difference.old, difference.new) == ("<100002 bytes>", "y")


def test_beyond_its_budget_a_comparison_is_dropped():
    ticks = partial(next, iter(range(1000)))
    clocks = Clocks(ticks, ticks)
    comparison = compare(pair(request(SEEN), answer(), answer(config_map())), NO_RULES, REDACTOR, 0.5, clocks)
    assert (comparison.outcome, comparison.reason) == (Outcome.DROPPED, "budget")
    assert comparison.situation == "steady"
    assert comparison.cpu_seconds > 0


@pytest.mark.parametrize("levels", [400, 900, 2000])
def test_depth_crashes_nothing(levels):
    def deep(value):
        nest = b'{"k":' * levels + value + b"}" * levels
        return b'{"attachments":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"cm"},"x":' + nest + b"}]}"

    comparison = compared(request(SEEN), deep(b"1"), deep(b"2"))
    assert comparison.outcome is Outcome.MISMATCHED
    (difference,) = comparison.differences
    assert difference.object == CM


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'{"attachments":[],"status":{"a":1,"a":2}}', b'{"attachments":[],"status":{"a":2}}'),
        (b'{"attachments":[{"kind":"X"}],"attachments":[]}', b'{"attachments":[]}'),
    ],
)
def test_of_repeated_keys_the_last_counts(old, new):
    assert compared(request(), old, new).outcome is Outcome.MATCHED


def test_customize_answers_are_compared_as_sets_of_rules():
    message = request()
    message = {"controller": message["controller"], "parent": message["object"]}
    rules = [{"apiVersion": "v1", "resource": "secrets"}, {"apiVersion": "v1", "resource": "pods"}]
    old, reordered = encoded({"relatedResources": rules}), encoded({"relatedResources": rules[::-1]})
    assert compared(message, old, reordered, hook=Hook.CUSTOMIZE).outcome is Outcome.MATCHED
    fewer = compared(message, old, encoded({"relatedResources": rules[:1]}), hook=Hook.CUSTOMIZE)
    assert [(place[1], place[2]) for place in places(fewer)] == [("relatedResources[0]", "removed")]


KFP_OLD_TO_TODAY = [
    ("Deployment.apps", "ml-pipeline-ui-artifact", "removed", DELETE),
    ("Deployment.apps", "ml-pipeline-visualizationserver", "removed", DELETE),
    ("DestinationRule.networking.istio.io", "ml-pipeline-visualizationserver", "removed", DELETE),
    ("AuthorizationPolicy.security.istio.io", "ml-pipeline-visualizationserver", "removed", DELETE),
    ("ConfigMap", "artifact-repositories", "added", CREATE),
    ("ConfigMap", "kfp-launcher", "added", CREATE),
    ("Service", "ml-pipeline-ui-artifact", "removed", DELETE),
    ("Service", "ml-pipeline-visualizationserver", "removed", DELETE),
]


def test_the_kubeflow_hooks_differ_in_what_a_person_would_list():
    to_today = recorded_call("kfp-flip-old-to-head-first")
    before = recorded_call("kfp-flip-mid-to-old-settled")
    namespace = to_today["request"]["object"]["metadata"]["name"]
    former = json.dumps(before["answer"]).replace(before["request"]["object"]["metadata"]["name"], namespace)
    comparison = compared(to_today["request"], former.encode(), encoded(to_today["answer"]))
    whole = [each for each in comparison.differences if each.object is not None and not each.path]
    found = [
        (each.object.group_key.split("/")[0], each.object.name, each.change.value, each.effects.new)
        for each in whole
        if each.object is not None
    ]
    expected = [
        (f"{kind}.v1" if "." not in kind else kind, name, change, effect)
        for kind, name, change, effect in KFP_OLD_TO_TODAY
    ]
    assert found == expected
    assert {each.shown_object.namespace for each in whole if each.shown_object} == {"<namespace>"}
