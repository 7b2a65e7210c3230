"""Server-side apply, told from managed fields."""

from typing import Any

import pytest

from shadow.compare.effects import predict, removals
from shadow.compare.serverside import changes, writes
from shadow.protocol.names import LAST_APPLIED
from shadow.terms import Effect
from tests.compare.calls import CM, answer, request, view

OWNED: dict[str, Any] = {
    "f:data": {"f:a": {}},
    "f:metadata": {
        "f:annotations": {"f:metacontroller.k8s.io/decorator-controller": {}},
        "f:ownerReferences": {'k:{"uid":"uid-p"}': {}},
    },
    "f:l": {'k:{"name":"x"}': {".": {}, "f:name": {}, "f:v": {}}, 'k:{"name":"y"}': {".": {}, "f:name": {}}},
    "f:set": {},
}
DESIRED = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "cm"},
    "data": {"a": "1"},
    "l": [{"name": "x", "v": 1}, {"name": "y"}],
    "set": ["a", "b"],
}


STATUS = {"manager": "metacontroller", "operation": "Apply", "fieldsV1": OWNED, "subresource": "status"}


def seen(manager="metacontroller", operation="Apply", fields=OWNED, **extra):
    return DESIRED | {
        "metadata": {
            "name": "cm",
            "namespace": "ns",
            "uid": "u",
            "annotations": {"metacontroller.k8s.io/decorator-controller": "dc", "else": "1"},
            "managedFields": [
                {"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:else": {}}},
                {"manager": manager, "operation": operation, "fieldsV1": fields},
            ],
        }
        | extra,
        "l": [{"name": "x", "v": 1, "default": True}, {"name": "y"}, {"name": "z"}],
        "status": {"ready": True},
    }


def effect(item, there=None, method="InPlace"):
    (found,) = predict(view(request(there or seen(), method=method)), answer(item), "server-side")
    assert found.object == CM
    return found


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(DESIRED, Effect.NONE, id="as-applied"),
        pytest.param(DESIRED | {"status": {"ready": False}}, Effect.NONE, id="status-is-not-applied"),
        pytest.param(DESIRED | {"data": {"a": "2"}}, Effect.UPDATE, id="another-value"),
        pytest.param(DESIRED | {"data": {"a": "1", "b": "1"}}, Effect.UPDATE, id="a-field-more"),
        pytest.param({key: DESIRED[key] for key in DESIRED if key != "data"}, Effect.UPDATE, id="a-field-less"),
        pytest.param(DESIRED | {"data": {}}, Effect.UPDATE, id="emptied"),
        pytest.param(DESIRED | {"data": None}, Effect.UPDATE, id="null"),
        pytest.param(DESIRED | {"l": [{"name": "x", "v": 1.0}, {"name": "y"}]}, Effect.NONE, id="whole-float"),
        pytest.param(DESIRED | {"l": [{"name": "x", "v": 2}, {"name": "y"}]}, Effect.UPDATE, id="in-an-item"),
        pytest.param(DESIRED | {"l": [{"name": "x", "v": 1}]}, Effect.UPDATE, id="an-item-less"),
        pytest.param(DESIRED | {"l": [{"name": "x", "v": 1}, {"name": "z"}]}, Effect.UPDATE, id="another-item"),
        pytest.param(DESIRED | {"l": [{"name": "y"}, {"name": "x", "v": 1}]}, Effect.UPDATE, id="another-order"),
        pytest.param(DESIRED | {"set": ["b", "a"]}, Effect.UPDATE, id="a-list-without-key-in-another-order"),
        pytest.param(DESIRED | {"metadata": {"name": "cm", "labels": {"a": "1"}}}, Effect.UPDATE, id="label"),
        pytest.param(
            DESIRED | {"metadata": {"name": "cm", "uid": "other", "resourceVersion": "1"}}, Effect.NONE, id="system"
        ),
        pytest.param(
            DESIRED | {"metadata": {"name": "cm", "annotations": {LAST_APPLIED: "{}"}}}, Effect.NONE, id="last-applied"
        ),
        pytest.param(DESIRED | {"metadata": {"name": "cm", "annotations": {"else": "1"}}}, Effect.UPDATE, id="taken"),
        pytest.param(DESIRED | {"l": [{"name": "x", "v": 1}, "y"]}, Effect.UPDATE, id="an-item-that-is-no-object"),
    ],
)
def test_a_write_is_foreseen_where_owned_and_desired_differ(item, expected):
    assert effect(item).effect is expected


@pytest.mark.parametrize(
    "there",
    [
        pytest.param(seen(manager="kubectl"), id="applied-by-another"),
        pytest.param(seen(operation="Update"), id="written-by-dynamic-apply"),
        pytest.param(seen(managedFields=[]), id="no-managed-fields"),
        pytest.param(seen(managedFields=None), id="null-managed-fields"),
        pytest.param(seen(fields=None), id="no-fields"),
        pytest.param(seen(fields={"f:data": {"f:a": {}}}), id="less-than-is-wanted"),
        pytest.param(seen(fields=OWNED | {"f:l": {"k:nonsense": {}, 'k:{"name":"y"}': {}}}), id="a-key-nobody-reads"),
        pytest.param(seen(managedFields=[STATUS, "x", {"operation": "Apply"}]), id="a-subresource-only"),
        pytest.param(seen(fields=OWNED | {"f:more": {}}), id="more-than-is-wanted"),
    ],
)
def test_what_metacontroller_never_applied_is_written(there):
    assert effect(DESIRED, there).effect is Effect.UPDATE


@pytest.mark.parametrize(
    ("method", "generation", "expected", "repeats"),
    [
        ("OnDelete", None, Effect.LATENT, False),
        ("InPlace", 3, Effect.UPDATE, False),
        ("Recreate", None, Effect.RECREATE, False),
        ("Recreate", 3, Effect.LATENT, True),
    ],
)
def test_recreating_never_succeeds_for_kinds_with_a_generation(method, generation, expected, repeats):
    extra = {} if generation is None else {"generation": generation}
    found = effect(DESIRED | {"data": {"a": "2"}}, seen(**extra), method)
    assert (found.effect, found.repeats) == (expected, repeats)


TAKEN_OVER = {"metadata": {"name": "cm", "annotations": {"else": "1"}}}


@pytest.mark.parametrize(
    ("change", "there", "expected"),
    [
        pytest.param({}, {}, Effect.NONE, id="as-applied"),
        pytest.param(TAKEN_OVER, {}, Effect.NONE, id="taken-over-as-it-is"),
        pytest.param({"metadata": {"name": "cm", "labels": None}}, {}, Effect.NONE, id="null-where-nothing-is"),
        pytest.param(
            {"metadata": {"name": "cm", "annotations": {"x": None}}}, {}, Effect.RECREATE, id="null-is-a-text"
        ),
        pytest.param({"metadata": {"name": "cm", "annotations": {"else": "2"}}}, {}, Effect.RECREATE, id="other-value"),
        pytest.param({"set": None}, {}, Effect.RECREATE, id="given-up"),
        pytest.param({"type": "Opaque"}, {"type": "Opaque"}, Effect.NONE, id="taken-over-default"),
        pytest.param(TAKEN_OVER, {"metadata": {"generation": 3}}, Effect.NONE, id="kind-with-a-generation"),
        pytest.param(
            TAKEN_OVER | {"metadata": {"name": "cm", "labels": {"a": "b"}}, "more": 1},
            {"metadata": {"generation": 3}, "more": 1},
            Effect.RECREATE,
            id="only-metadata-changes-beside-what-is-taken-over",
        ),
    ],
)
def test_an_object_is_recreated_only_where_the_dry_run_shows_a_change(change, there, expected):
    metadata = seen()["metadata"] | there.get("metadata", {})
    assert effect(DESIRED | change, seen() | there | {"metadata": metadata}, "Recreate").effect is expected


@pytest.mark.parametrize(("default", "expected"), [("Opaque", Effect.NONE), ("other", Effect.RECREATE)])
def test_giving_up_a_field_that_holds_its_default_changes_nothing(default, expected):
    there = seen(fields=OWNED | {"f:type": {}}) | {"kind": "Secret", "type": default}
    wanted = DESIRED | {"kind": "Secret"}
    message = request(there, method="Recreate", kinds=("Secret.v1",))
    (found,) = [each for each in predict(view(message), answer(wanted), "server-side") if each.object.kind == "Secret"]
    assert found.effect is expected


def test_what_was_applied_and_dropped_is_owned_and_not_applied_again():
    wanted = DESIRED | {"metadata": {"name": "cm", "generateName": None}}
    fields = OWNED | {"f:metadata": {**OWNED["f:metadata"], "f:generateName": {}}}
    assert effect(wanted, seen(fields=fields)).effect is Effect.NONE
    assert effect(wanted, seen()).effect is Effect.UPDATE


@pytest.mark.parametrize(
    ("kind", "change", "expected"),
    [
        ("ConfigMap", {"labels": {"a": "b"}}, Effect.RECREATE),
        ("ConfigMap", {"annotations": {"a": "b"}}, Effect.RECREATE),
        ("Deployment", {"labels": {"a": "b"}}, Effect.RECREATE),
        ("Deployment", {"annotations": {"a": "b"}}, Effect.LATENT),
    ],
)
def test_recreating_succeeds_where_metadata_alone_changes(kind, change, expected):
    """Seen on a real cluster: the dry run counts no generation for that, and the object is deleted."""
    there = seen(generation=3) | {"kind": kind}
    wanted = DESIRED | {"kind": kind, "metadata": {"name": "cm", **change}}
    message = request(there, method="Recreate", kinds=(f"{kind}.v1",))
    (found,) = [each for each in predict(view(message), answer(wanted), "server-side") if each.object.kind == kind]
    assert found.effect is expected


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ({"port": 80, "protocol": "TCP"}, Effect.NONE),
        ({"port": 80, "protocol": "UDP"}, Effect.UPDATE),
        ({"port": 80, "endPort": 90}, Effect.UPDATE),
    ],
)
def test_a_default_in_a_list_that_is_owned_as_a_whole_was_applied_by_nobody(stored, expected):
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "np"}}
    fields = {"f:metadata": OWNED["f:metadata"], "f:spec": {"f:ingress": {}}}
    metadata = seen(fields=fields)["metadata"] | {"name": "np"}
    there = policy | {"metadata": metadata, "spec": {"ingress": [{"ports": [stored]}]}}
    wanted = policy | {"spec": {"ingress": [{"ports": [{"port": 80}]}]}}
    message = request(there, kinds=("NetworkPolicy.networking.k8s.io/v1",))
    (found,) = [each for each in predict(view(message), answer(wanted), "server-side") if each.object.name == "np"]
    assert found.effect is expected


def test_the_first_entry_that_metacontroller_applied_counts():
    entries = [STATUS, seen()["metadata"]["managedFields"][1], STATUS | {"subresource": "", "fieldsV1": {}}]
    assert effect(DESIRED, seen(managedFields=entries)).effect is Effect.NONE
    assert effect(DESIRED, seen(managedFields=entries[::-1])).effect is Effect.UPDATE


def test_quantities_in_another_notation_are_held():
    assert effect(DESIRED | {"data": {"a": "1000m"}}).effect is Effect.NONE


def _applied(item, fields):
    """As it is observed after it was applied so."""
    entry = {"manager": "metacontroller", "operation": "Apply", "fieldsV1": fields}
    return item | {"metadata": item["metadata"] | {"managedFields": [entry]}}


def test_a_number_of_a_custom_kind_is_no_notation_of_a_text():
    gadget = {"apiVersion": "lab.example.com/v1", "kind": "Gadget", "metadata": {"name": "g"}}
    there = _applied(gadget | {"spec": {"n": "2"}}, {"f:spec": {"f:n": {}}})
    assert writes(there, gadget | {"spec": {"n": 2}})
    assert not writes(there, gadget | {"spec": {"n": "2"}})


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        pytest.param({"type": "Container", "max": {"cpu": "1"}}, False, id="filled-in-from-the-maximum"),
        pytest.param({"type": "Container", "max": {"cpu": "2"}}, True, id="another-maximum"),
        pytest.param({"type": "Pod", "max": {"cpu": "1"}}, True, id="nothing-is-filled-in-for-pods"),
    ],
)
def test_the_defaults_of_a_limit_were_applied_by_nobody(limit, expected):
    limits = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l"}}
    kept = {"type": "Container", "max": {"cpu": "1"}, "default": {"cpu": "1"}, "defaultRequest": {"cpu": "1000m"}}
    there = _applied(limits | {"spec": {"limits": [kept]}}, {"f:spec": {"f:limits": {}}})
    assert writes(there, limits | {"spec": {"limits": [limit]}}) is expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"data": {"a": {}}}, Effect.LATENT, id="a-map-among-the-data"),
        pytest.param({"data": ["a"]}, Effect.LATENT, id="data-that-is-a-list"),
        pytest.param({"binaryData": {"a": 1}}, Effect.LATENT, id="a-number-among-binary-data"),
        pytest.param({"data": {"a": None, "b": "2"}}, Effect.RECREATE, id="null-is-an-empty-text"),
        pytest.param({"l": ["a"]}, Effect.RECREATE, id="what-takes-the-schema-to-know"),
    ],
)
def test_what_no_schema_allows_is_refused_by_the_dry_run(change, expected):
    found = effect(DESIRED | change, method="Recreate")
    assert (found.effect, found.repeats) == (expected, expected is Effect.LATENT)
    assert removals(view(request(seen(), method="Recreate")), answer(DESIRED | change), "server-side"), "not for a veto"


def _secret(**fields):
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}} | fields


def test_giving_up_string_data_changes_nothing():
    fields: dict[str, Any] = {"f:stringData": {"f:t": {}, "f:u": {}}, "f:type": {}}
    there = _applied(_secret(data={"t": "eA==", "u": "eQ=="}, type="Opaque"), fields)
    assert not changes(there, _secret(type="Opaque"))
    assert not changes(there, _secret(stringData={"t": "x"}, type="Opaque"))
    assert changes(there, _secret(stringData={"t": "z"}, type="Opaque"))


@pytest.mark.parametrize(
    ("data", "texts", "expected"),
    [
        pytest.param({"t": "eA=="}, {"t": "x"}, False, id="as-stored"),
        pytest.param({"t": "eA==", "u": "eQ=="}, {"t": "x"}, False, id="beside-another"),
        pytest.param({"t": "eA=="}, {"t": "y"}, True, id="another-text"),
        pytest.param({"t": "eA=="}, {"t": "x", "u": "y"}, True, id="one-more"),
        pytest.param({}, {"t": "x"}, True, id="taken-out"),
    ],
)
def test_string_data_is_held_where_the_data_is_that(data, texts, expected):
    applied = {"manager": "metacontroller", "operation": "Apply", "fieldsV1": {"f:stringData": {"f:t": {}}}}
    there = _secret(data=data, metadata={"name": "s", "managedFields": [applied]})
    assert writes(there, _secret(stringData=texts)) is expected


@pytest.mark.parametrize(("wanted", "there", "expected"), [(1, "1", False), ("1", 1, True), ("1000m", "1", False)])
def test_a_text_is_no_notation_of_a_stored_number(wanted, there, expected):
    applied = {"manager": "metacontroller", "operation": "Apply", "fieldsV1": {"f:amount": {}}}
    observed = DESIRED | {"amount": there, "metadata": {"name": "cm", "managedFields": [applied]}}
    desired = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cm"}, "amount": wanted}
    assert writes(observed, desired) is expected
