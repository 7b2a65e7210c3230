"""Predicted effects against what a real Metacontroller wrote, and rule by rule."""

from typing import Any

import pytest

from shadow.compare.answer import NotAnAnswerError
from shadow.compare.effects import RequestView, harmless, predict, removals
from shadow.protocol.objects import Identity
from shadow.terms import Effect, Hook
from tests.compare.calls import (
    CM,
    answer,
    chance_effects,
    config_map,
    encoded,
    observed,
    recorded_effects,
    request,
    view,
)

VERBS = {Effect.CREATE: "create", Effect.UPDATE: "update", Effect.DELETE: "delete", Effect.RECREATE: "delete"}

NOT_IN_THE_ANSWER = {
    "http-302": "the redirect was followed; what was applied is another answer",
    "http-307": "the redirect was followed; what was applied is another answer",
    "unknown-kind": "that the cluster does not know the kind shows in no request",
}
"""The exceptions of docs/effects.md, by operation."""


def written(case):
    """(verb, kind, name) of the object writes that were recorded; trial runs and the parent's own left out."""
    root = case["request"].get("object") or case["request"]["parent"]
    parent = (root["kind"], root["metadata"]["name"])
    return {
        (_verb(write["verb"], case), write["kind"], write.get("name", ""))
        for write in case["writes"]
        if not write.get("dry_run")
        and write["kind"] != "ControllerRevision"
        and (write["kind"], write.get("name")) != parent
    }


def _verb(verb, case):
    """Server-side apply creates and updates by the same verb."""
    return "apply" if case["apply_strategy"] == "server-side-apply" and verb in ("patch", "create", "update") else verb


def foreseen(case):
    if case["status"] != 200:
        return set()
    server_side = case["apply_strategy"] == "server-side-apply"
    body = case["answer_raw"].encode() if case["answer_raw"] else encoded(case["answer"])
    effects = predict(
        RequestView.read(encoded(case["request"]), Hook(case["hook"])),
        body,
        "server-side" if server_side else "dynamic",
    )
    return {
        (_verb(VERBS[each.effect], case), each.object.kind, each.object.name)
        for each in effects
        if each.effect in VERBS
    }


@pytest.mark.parametrize("case", recorded_effects(), ids=lambda case: case["id"])
def test_every_recorded_write_is_foreseen_and_no_other(case):
    if case["op"] in NOT_IN_THE_ANSWER:
        assert foreseen(case) != written(case), "no exception any more"
    else:
        assert foreseen(case) == written(case)


@pytest.mark.parametrize("case", chance_effects(), ids=lambda case: case["id"])
def test_what_answers_made_up_by_chance_wrote_is_foreseen(case):
    """Labels and annotations that are null or no text, echoes, defaults in lists: the releases differ in them."""
    server_side = case["apply_strategy"] == "server-side-apply"
    effects = predict(
        RequestView.read(encoded(case["request"]), Hook.SYNC),
        case["answer"].encode(),
        "server-side" if server_side else "dynamic",
    )
    told = {(_verb(VERBS[each.effect], case), each.object) for each in effects if each.effect in VERBS}
    assert sorted([verb, object.kind, object.name] for verb, object in told) == case["writes"]


def effect_of(message, body, apply="dynamic", hook=Hook.SYNC):
    found = {each.object: each.effect for each in predict(view(message, hook), body, apply)}
    return found[CM]


def made(**extra):
    return config_map() | extra


SEEN = observed(config_map())
CHANGED = config_map(data={"a": "2"})


@pytest.mark.parametrize(
    ("method", "effect"),
    [
        ("OnDelete", Effect.LATENT),
        ("", Effect.LATENT),
        ("InPlace", Effect.UPDATE),
        ("RollingInPlace", Effect.UPDATE),
        ("Recreate", Effect.RECREATE),
        ("RollingRecreate", Effect.RECREATE),
    ],
)
def test_the_update_method_decides_what_a_change_does(method, effect):
    message = request(SEEN, method=method)
    assert effect_of(message, answer(CHANGED)) is effect
    assert effect_of(message, answer(config_map())) is Effect.NONE
    assert effect_of(message, answer()) is Effect.DELETE


def _with_annotation(text):
    metadata = SEEN["metadata"]
    annotations = {key: value for key, value in metadata["annotations"].items() if not key.endswith("configuration")}
    if text is not None:
        annotations["metacontroller.k8s.io/last-applied-configuration"] = text
    return SEEN | {"metadata": metadata | {"annotations": annotations}}


@pytest.mark.parametrize("text", [None, "", "{}", "null", '{"metadata":[]}', '{"data":{"a":"1"}}'])
def test_an_object_with_no_or_another_last_applied_configuration_is_written_once(text):
    assert effect_of(request(_with_annotation(text)), answer(config_map())) is Effect.UPDATE
    assert effect_of(request(_with_annotation(text), method="Recreate"), answer(config_map())) is Effect.RECREATE


def _twins(second):
    item = config_map() | {"ports": [{"name": "a", "v": 1}, {"name": "a", "v": 1}]}
    seen = observed(item)
    return item, seen | {"ports": [{"name": "a", "v": 1}, {"name": "a", "v": second}]}


@pytest.mark.parametrize(
    ("item", "seen", "effect"),
    [
        pytest.param(made(n=1.0), {"n": 1}, Effect.UPDATE, id="whole-float-is-stored-as-integer"),
        pytest.param(made(n=1.5), None, Effect.NONE, id="fraction-stays"),
        pytest.param(made(n=None), {"n": ...}, Effect.UPDATE, id="null-that-is-not-stored"),
        pytest.param(made(m={}), {"m": ...}, Effect.UPDATE, id="empty-map-that-is-not-stored"),
        pytest.param(made(l=[{"k": 1}]), {"l": [{"k": 1, "d": 2}]}, Effect.UPDATE, id="default-without-key"),
        pytest.param(
            made(l=[{"name": "x"}]),
            {"l": [{"name": "x", "d": 2}]},
            Effect.NONE,
            id="default-in-keyed-item",
        ),
        pytest.param(made(status={"a": 1}), {"status": {"b": 2}}, Effect.NONE, id="status-is-not-written"),
        pytest.param(*_twins(1), Effect.NONE, id="twins-that-are-alike"),
        pytest.param(*_twins(2), Effect.UPDATE, id="twins-become-alike"),
        pytest.param(made(v=True), {"v": 1}, Effect.UPDATE, id="true-for-one"),
    ],
)
def test_what_the_cluster_holds_against_what_is_desired(item, seen, effect):
    there = observed(item)
    for key, value in (seen or {}).items():
        if value is ...:
            del there[key]
        else:
            there[key] = value
    assert effect_of(request(there), encoded({"attachments": [item]})) is effect


GC = "foregroundDeletion"


@pytest.mark.parametrize(
    ("parent", "spec", "finalized", "effect"),
    [
        pytest.param({}, {}, False, Effect.DELETE, id="alive"),
        pytest.param({}, {}, True, Effect.DELETE, id="alive-and-finalized"),
        pytest.param({"finalizers": ["own"]}, {"finalize": {}}, False, Effect.DELETE, id="finalizing"),
        pytest.param({"finalizers": ["own"]}, {}, False, Effect.NONE, id="no-finalize-hook"),
        pytest.param({"finalizers": []}, {"finalize": {}}, False, Effect.NONE, id="finalizer-is-gone"),
        pytest.param({"finalizers": ["own", "orphan"]}, {"finalize": {}}, False, Effect.NONE, id="orphaned"),
        pytest.param({"finalizers": ["own", GC]}, {"finalize": {}}, False, Effect.NONE, id="collected"),
    ],
)
@pytest.mark.parametrize("front", ["composite", "decorator"])
def test_objects_of_a_parent_being_deleted_are_managed_only_while_finalizing(front, parent, spec, finalized, effect):
    own = f"metacontroller.io/{front}controller-dc"
    deleting = {"deletionTimestamp": "2026-01-01T00:00:00Z"} if "finalizers" in parent else {}
    metadata = {"finalizers": [own if name == "own" else name for name in parent.get("finalizers", [])]} | deleting
    hooks = {"hooks": {"sync": {"version": "v1"}} | {name: {"version": "v1"} for name in spec}}
    message = request(SEEN, front=front, parent=metadata, spec=hooks | {"generateSelector": True}, hook="finalize")
    key = "children" if front == "composite" else "attachments"
    body = encoded({key: [], "finalized": finalized})
    assert effect_of(message, body, hook=Hook.FINALIZE) is effect


@pytest.mark.parametrize(("front", "effect"), [("composite", Effect.NONE), ("decorator", Effect.DELETE)])
def test_a_composite_that_says_finalized_leaves_the_objects_of_a_deleted_parent_to_the_collector(front, effect):
    metadata = {
        "finalizers": [f"metacontroller.io/{front}controller-dc"],
        "deletionTimestamp": "2026-01-01T00:00:00Z",
    }
    spec = {"hooks": {"sync": {"version": "v1"}, "finalize": {"version": "v1"}}, "generateSelector": True}
    message = request(SEEN, front=front, parent=metadata, spec=spec, hook="finalize")
    key = "children" if front == "composite" else "attachments"
    assert effect_of(message, encoded({key: [], "finalized": True}), hook=Hook.FINALIZE) is effect


def test_an_object_being_deleted_already_is_waited_for():
    seen = observed(config_map(), deletionTimestamp="2026-01-01T00:00:00Z")
    assert effect_of(request(seen), answer()) is Effect.NONE
    assert effect_of(request(seen, method="Recreate"), answer(CHANGED)) is Effect.NONE


@pytest.mark.parametrize(
    ("spec", "selector", "labels", "effect"),
    [
        ({"generateSelector": True}, None, {"controller-uid": "uid-p"}, Effect.DELETE),
        ({"generateSelector": True}, None, {"controller-uid": "another"}, Effect.NONE),
        ({}, {"matchLabels": {"app": "x"}}, {"app": "x"}, Effect.DELETE),
        ({}, {"matchLabels": {"app": "x"}}, {"app": "y"}, Effect.NONE),
        ({}, {"matchLabels": {"app": "x"}}, {}, Effect.NONE),
    ],
)
def test_one_item_that_the_selector_does_not_match_aborts_a_composite_sync(spec, selector, labels, effect):
    message = request(SEEN, front="composite", spec=spec, **({"own_spec": {"selector": selector}} if selector else {}))
    assert effect_of(message, encoded({"children": [config_map("other", labels=labels)]})) is effect


def test_of_duplicates_the_last_one_counts():
    assert effect_of(request(SEEN), answer(CHANGED, config_map())) is Effect.NONE
    assert effect_of(request(SEEN), answer(config_map(), CHANGED)) is Effect.UPDATE


def test_an_item_without_namespace_gets_the_parents():
    assert effect_of(request(SEEN), answer(config_map(namespace="ns"))) is Effect.NONE
    elsewhere = predict(view(request(SEEN)), answer(config_map(namespace="far")), "dynamic")
    assert [(each.object.namespace, each.effect) for each in elsewhere] == [
        ("far", Effect.CREATE),
        ("ns", Effect.DELETE),
    ]


def test_another_api_version_of_the_same_object_is_deleted_and_created():
    newer = config_map() | {"apiVersion": "v2"}
    effects = {each.object.apiVersion: each.effect for each in predict(view(request(SEEN)), answer(newer), "dynamic")}
    assert effects == {"v1": Effect.DELETE, "v2": Effect.CREATE}


UNREADABLE_BODIES = [b"", b"[]", b"{", b'{"attachments": {}}', b'{"attachments": [null]}', b'{"status": "x"}', b"\xff"]


@pytest.mark.parametrize("body", UNREADABLE_BODIES)
def test_what_metacontroller_cannot_read_has_no_effect_and_replaces_nothing(body):
    assert effect_of(request(SEEN), body) is Effect.NONE
    assert not harmless(view(request(SEEN)), body, "dynamic")
    with pytest.raises(NotAnAnswerError):
        removals(view(request(SEEN)), body, "dynamic")


@pytest.mark.parametrize("body", [b"null", b" null ", b"{}", b'{"attachments": null}', b'{"children": []}'])
def test_an_answer_without_a_list_deletes_everything_observed(body):
    assert effect_of(request(SEEN), body) is Effect.DELETE
    assert removals(view(request(SEEN)), body, "dynamic") == {CM: Effect.DELETE}


def _deep(levels):
    return b'{"attachments": [' + encoded(config_map())[:-1] + b', "x": ' + b"[" * levels + b"]" * levels + b"}]}"


@pytest.mark.parametrize("levels", [200, 900, 3000])
def test_an_object_of_any_depth_is_known_by_its_identity_and_in_doubt_differs(levels):
    assert effect_of(request(SEEN), _deep(levels)) is Effect.UPDATE
    assert removals(view(request(SEEN, method="Recreate")), _deep(levels), "dynamic") == {CM: Effect.RECREATE}
    assert removals(view(request(SEEN, method="InPlace")), _deep(levels), "dynamic") == {}


@pytest.mark.parametrize("apply", ["dynamic", "server-side"])
def test_an_observed_object_too_deep_to_hold_is_in_doubt_written(apply):
    text = encoded(request(SEEN, method="Recreate")).decode()
    deep = text.replace('"data": {"a": "1"}', '"data": {"a": ' + "[" * 3000 + "]" * 3000 + "}", 1)
    assert deep != text
    seen = RequestView.read(deep.encode(), Hook.SYNC)
    assert removals(seen, answer(config_map()), apply) == {CM: Effect.RECREATE}


@pytest.mark.parametrize("case", recorded_effects(), ids=lambda case: case["id"])
def test_removals_and_harmless_agree_with_the_full_prediction(case):
    if case["status"] != 200:
        return
    apply = "server-side" if case["apply_strategy"] == "server-side-apply" else "dynamic"
    body = case["answer_raw"].encode() if case["answer_raw"] else encoded(case["answer"])
    seen = RequestView.read(encoded(case["request"]), Hook(case["hook"]))
    effects = {each.object: each.effect for each in predict(seen, body, apply, "false")}
    expected = {key: effect for key, effect in effects.items() if effect in (Effect.DELETE, Effect.RECREATE)}
    try:
        assert removals(seen, body, apply) == expected
    except NotAnAnswerError:
        assert not expected
        assert not harmless(seen, body, apply)
    if harmless(seen, body, apply):
        assert set(effects.values()) <= {Effect.NONE, Effect.LATENT}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({}, True, id="nothing-changes"),
        pytest.param({"status": {"new": 1}}, True, id="status-alone"),
        pytest.param({"labels": {"tier": "dev"}}, True, id="label-that-is-there"),
        pytest.param({"labels": {"tier": "prod"}}, False, id="label-changed"),
        pytest.param({"labels": {"tier": None}}, False, id="label-removed"),
        pytest.param({"labels": {"absent": None}}, True, id="absent-label-removed"),
        pytest.param({"annotations": {"note": "x"}}, False, id="annotation-added"),
        pytest.param({"finalized": True}, False, id="finalized"),
        pytest.param({"finalized": False}, True, id="not-finalized"),
    ],
)
def test_only_an_answer_that_would_write_nothing_but_a_status_is_harmless(fields, expected):
    assert harmless(view(request(SEEN)), answer(config_map(), **fields), "dynamic") is expected


@pytest.mark.parametrize(
    "twice",
    [
        '"labels":{"x":"y"},"labels":{}',
        '"labels":{"x":"y"},"labels":{"tier":"dev"}',
        '"annotations":{"x":"y"}, "annotations":{}',
        '"finalized":true,"finalized":null',
        '"resyncAfterSeconds":1,"resyncAfterSeconds":1',
    ],
)
def test_an_answer_with_a_field_twice_is_never_harmless(twice):
    body = answer(config_map())
    assert harmless(view(request(SEEN)), body, "dynamic")
    assert not harmless(view(request(SEEN)), body[:-1] + b"," + twice.encode() + b"}", "dynamic")


@pytest.mark.parametrize(
    ("list_twice", "expected"),
    [("LIST, null", {CM: Effect.DELETE}), ("LIST, []", {CM: Effect.DELETE}), ("null, LIST", {}), ("[], LIST", {})],
)
def test_of_a_list_that_is_there_twice_the_last_one_removes(list_twice, expected):
    listed = encoded(config_map()).decode()
    lists = [part.strip().replace("LIST", f"[{listed}]") for part in list_twice.split(",")]
    body = "{" + ",".join(f'"attachments":{each}' for each in lists) + ',"finalized":true,"finalized":null}'
    assert removals(view(request(SEEN)), body.encode(), "dynamic") == expected


@pytest.mark.parametrize(
    ("method", "items", "expected"),
    [
        ("InPlace", [CHANGED], False),
        ("OnDelete", [CHANGED], True),
        ("Recreate", [CHANGED], False),
        ("InPlace", [], False),
        ("InPlace", [config_map(), config_map("more")], False),
    ],
)
def test_an_answer_that_would_write_an_object_is_not_harmless(method, items, expected):
    assert harmless(view(request(SEEN, method=method)), answer(*items), "dynamic") is expected


def test_labels_of_a_composite_answer_cannot_be_expressed():
    message = request(front="composite", spec={"generateSelector": True})
    body = encoded({"children": [], "labels": {"tier": "prod"}})
    (effect,) = predict(view(message), body, "dynamic")
    assert (effect.effect, effect.object) == (Effect.INEXPRESSIBLE, Identity("lab.example.com/v1", "Widget", "ns", "p"))
    assert not harmless(view(message), body, "dynamic")
    assert harmless(view(message), encoded({"children": [], "labels": {"tier": "dev"}}), "dynamic")


@pytest.mark.parametrize("method", ["InPlace", "Recreate", "OnDelete"])
@pytest.mark.parametrize("text", ["not json", "{", "[]", "1", '{"a":NaN}', '{"a":1e400}', "{} {}"])
def test_where_the_last_applied_configuration_cannot_be_read_applying_fails(text, method):
    message = request(_with_annotation(text), method=method)
    assert effect_of(message, answer(config_map(data={"a": "2"}))) is Effect.NONE
    assert effect_of(message, answer()) is Effect.DELETE


def test_a_last_applied_configuration_that_is_too_deep_for_us_alone_stops_nothing():
    text = '{"a":' * 5000 + "1" + "}" * 5000
    assert effect_of(request(_with_annotation(text)), answer(config_map())) is Effect.UPDATE


def test_a_veto_does_not_trust_to_a_last_applied_configuration_that_cannot_be_read():
    seen = view(request(_with_annotation("{"), method="Recreate"))
    assert removals(seen, answer(config_map()), "dynamic") == {CM: Effect.RECREATE}
    assert not harmless(seen, answer(config_map()), "dynamic")


@pytest.mark.parametrize("status", [{}, {"status": None}], ids=["absent", "null"])
@pytest.mark.parametrize(
    ("front", "method", "effect"),
    [
        pytest.param("composite", "RollingInPlace", Effect.NONE, id="rolling-in-place"),
        pytest.param("composite", "RollingRecreate", Effect.NONE, id="rolling-recreate"),
        pytest.param("composite", "Recreate", Effect.DELETE, id="not-rolling"),
        pytest.param("decorator", "RollingRecreate", Effect.DELETE, id="a-decorator-does-not-roll"),
    ],
)
def test_without_a_status_a_rolling_composite_crashes_and_writes_nothing(status, front, method, effect):
    message = request(observed(config_map()), front=front, method=method, spec={"generateSelector": True})
    body = encoded({"children" if front == "composite" else "attachments": []} | status)
    assert effect_of(message, body) is effect
    assert harmless(view(message), body, "dynamic") is False


@pytest.mark.parametrize(
    ("kind", "version", "seen", "effect"),
    [
        pytest.param("NetworkPolicy", "networking.k8s.io/v1", False, Effect.NONE, id="built-in"),
        pytest.param("Role", "rbac.authorization.k8s.io/v1", False, Effect.NONE, id="rbac"),
        pytest.param("ClusterRole", "rbac.authorization.k8s.io/v1", False, Effect.CREATE, id="cluster-scoped"),
        pytest.param("DestinationRule", "networking.istio.io/v1", True, Effect.NONE, id="custom-and-observed"),
        pytest.param("DestinationRule", "networking.istio.io/v1", False, Effect.CREATE, id="custom-and-unknown"),
    ],
)
def test_which_kinds_need_a_namespace_is_known_or_seen(kind, version, seen, effect):
    item = {"apiVersion": version, "kind": kind, "metadata": {"name": "x"}}
    others = [observed({**item, "metadata": {"name": "y"}})] if seen else []
    message = request(*others, kinds=(f"{kind}.{version}",))
    message["object"]["metadata"].pop("namespace")
    found = {each.object.name: each.effect for each in predict(view(message), answer(item), "dynamic")}
    assert found["x"] is effect


def test_a_namespaced_item_without_namespace_under_a_cluster_scoped_parent_is_refused():
    message = request(parent={"namespace": None})
    effects = {each.object.kind: each.effect for each in predict(view(message), answer(config_map()), "dynamic")}
    assert effects == {"ConfigMap": Effect.NONE}
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "r"}}
    assert [each.effect for each in predict(view(message), answer(role), "dynamic")] == [Effect.CREATE]


def _people(method, **spec):
    """A kind whose plural tells nothing, beside one that is only ever deleted by hand."""
    rules = [
        {"apiVersion": "lab/v1", "resource": "people", "updateStrategy": {"method": method}},
        {"apiVersion": "lab/v1", "resource": "personas"},
    ]
    person = config_map("p") | {"apiVersion": "lab/v1", "kind": "Person"}
    message = request(observed(person), kinds=["Persona.lab/v1"], spec={"attachments": rules} | spec)
    return view(message), answer(person | {"data": {"a": "2"}}), Identity("lab/v1", "Person", "ns", "p")


def test_a_kind_whose_method_is_a_guess_may_be_recreated():
    seen, changed, person = _people("Recreate")
    assert removals(seen, changed, "dynamic") == {person: Effect.RECREATE}
    assert not harmless(seen, changed, "dynamic")


def test_a_guess_among_harmless_methods_removes_nothing():
    seen, changed, _ = _people("InPlace")
    assert removals(seen, changed, "dynamic") == {}
    assert not harmless(seen, changed, "dynamic")


STRICT = {"hooks": {"sync": {"version": "v2"}}}


def test_an_unknown_field_stops_no_removal_whatever_the_front_is_said_to_do():
    assert removals(view(request(SEEN, spec=STRICT)), answer(debug=1), "dynamic") == {CM: Effect.DELETE}


@pytest.mark.parametrize(("strict", "effect"), [("auto", Effect.NONE), ("true", Effect.NONE), ("false", Effect.DELETE)])
def test_a_prediction_reads_an_answer_as_configured(strict, effect):
    effects = predict(view(request(SEEN, spec=STRICT)), answer(debug=1), "dynamic", strict)
    assert [each.effect for each in effects] == [effect]


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        pytest.param({}, {"data": {"a": "1", "b": "drifted"}}, {}, id="a-field-more-is-no-drift"),
        pytest.param({}, {"data": {"a": "drifted"}}, {CM: Effect.RECREATE}, id="drifted"),
        pytest.param({}, {"data": {}}, {CM: Effect.RECREATE}, id="a-field-less"),
        pytest.param({"data": {"a": 1}}, {"data": {"a": True}}, {CM: Effect.RECREATE}, id="another-type"),
        pytest.param({"data": {"a": "2"}}, {}, {CM: Effect.RECREATE}, id="wanted-otherwise"),
        pytest.param({}, {}, {}, id="as-it-is"),
    ],
)
def test_an_object_that_drifted_is_recreated_as_one_that_is_wanted_otherwise(left, right, found):
    seen = observed(config_map() | {"data": left.get("data", {"a": "1"})} if "data" in right else config_map())
    item = config_map() | left
    assert removals(view(request(seen | right, method="Recreate")), answer(item), "dynamic") == found


OF_2: dict[str, Any] = {"hooks": {"sync": {}}}
"""Metacontroller 2 fills in no version of a hook."""
FAR = Identity("v1", "ConfigMap", "far", "cm")


@pytest.mark.parametrize(
    ("items", "spec", "expected"),
    [
        pytest.param(("far",), OF_2, {FAR: Effect.NONE, CM: Effect.NONE}, id="taken-for-the-observed-one"),
        pytest.param(("far",), {}, {FAR: Effect.CREATE, CM: Effect.DELETE}, id="told-apart-by-4"),
        pytest.param(("ns", "far"), OF_2, {FAR: Effect.NONE, CM: Effect.NONE}, id="the-last-counts-and-is-far"),
        pytest.param(("far", "ns"), OF_2, {FAR: Effect.NONE, CM: Effect.UPDATE}, id="the-last-counts-and-is-at-home"),
    ],
)
def test_metacontroller_2_confuses_objects_of_two_namespaces(items, spec, expected):
    seen_by = view(request(observed(config_map()), spec=spec))
    body = answer(*(config_map(data={"a": "2"}, namespace=namespace) for namespace in items))
    assert {each.object: each.effect for each in predict(seen_by, body, "dynamic")} == expected


def test_an_object_of_another_namespace_is_created_by_metacontroller_2_where_none_has_its_name():
    seen_by = view(request(observed(config_map("other")), spec=OF_2))
    body = answer(config_map(namespace="far"), config_map("other"))
    found = {each.object: each.effect for each in predict(seen_by, body, "dynamic")}
    assert found[FAR] is Effect.CREATE
