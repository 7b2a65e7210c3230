"""Writes that come again at every sync, against recorded syncs and case by case."""

from typing import Any

import pytest

from shadow.compare.effects import RequestView, predict
from shadow.compare.stored import stored
from shadow.protocol.names import LAST_APPLIED
from shadow.protocol.objects import Identity
from shadow.terms import Effect, Hook
from tests.compare.calls import CM, answer, config_map, encoded, observed, recorded_effects, request, view

NOT_FORESEEN = {
    "cm-data-nonstring": "the API server refuses the value",
    "svc-targetport-string": "the API server refuses the value",
    "unknown-in-item": "which fields a kind has is in the cluster's schema",
    "unknown-kind": "that the cluster does not know the kind shows in no request",
    "undeclared-then-gone": "the next answer was another one",
    "fin-string": "the next answer was another one",
}
"""The exceptions of docs/effects.md, by operation."""

CASES = [case for case in recorded_effects() if case["status"] == 200 and len(case["later_syncs"] or ()) >= 2]


def written_again(case):
    root = case["request"].get("object") or case["request"]["parent"]
    parent = (root["kind"], root["metadata"]["name"])
    objects = ((write["kind"], write.get("name", "")) for write in case["later_syncs"][-1]["writes"])
    return {each for each in objects if each != parent and each[0] != "ControllerRevision"}


def foreseen(case):
    body = case["answer_raw"].encode() if case["answer_raw"] else encoded(case["answer"])
    seen = RequestView.read(encoded(case["request"]), Hook(case["hook"]))
    effects = predict(seen, body, "server-side" if case["apply_strategy"] == "server-side-apply" else "dynamic")
    return {(each.object.kind, each.object.name) for each in effects if each.repeats}


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case["id"]) for case in CASES if case["op"] not in NOT_FORESEEN]
)
def test_what_was_written_again_and_again_is_foreseen(case):
    assert foreseen(case) == written_again(case)


@pytest.mark.parametrize("operation", NOT_FORESEEN)
def test_an_exception_is_still_one(operation):
    assert any(foreseen(case) != written_again(case) for case in CASES if case["op"] == operation)


def repeats(message, item):
    found = {each.object: each.repeats for each in predict(view(message), answer(item), "dynamic")}
    return found.get(CM, any(found.values()))


SEEN = observed(config_map())


def made(**extra):
    return config_map(data={"a": "2"}) | extra


@pytest.mark.parametrize("method", ["InPlace", "Recreate"])
@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(made(), False, id="a-plain-change"),
        pytest.param(made(n=1.0), True, id="whole-float"),
        pytest.param(made(n=1.5), False, id="fraction"),
        pytest.param(made(n=None), True, id="null"),
        pytest.param(made(deep=[{"labels": {}}]), True, id="empty-map-that-is-dropped"),
        pytest.param(made(deep=[{"emptyDir": {}}]), False, id="empty-map-that-is-kept"),
        pytest.param(made(resources={"limits": {"cpu": "1000m"}}), True, id="quantity-not-canonical"),
        pytest.param(made(resources={"limits": {"cpu": "1"}}), False, id="quantity-canonical"),
        pytest.param(made(sizeLimit="1024Ki"), True, id="size-limit"),
        pytest.param(made() | {"data": {"sizeLimit": "1024Ki"}}, False, id="a-text-called-size-limit"),
        pytest.param(made(note="1000m"), False, id="no-quantity"),
        pytest.param(config_map(resourceVersion="7"), True, id="an-echo"),
    ],
)
def test_what_is_stored_in_another_way_is_written_at_every_sync(method, item, expected):
    assert repeats(request(SEEN, method=method), item) is expected
    assert not repeats(request(SEEN, method="OnDelete"), item)


@pytest.mark.parametrize(
    ("method", "metadata", "expected"),
    [
        ("InPlace", {"resourceVersion": "1"}, False),
        ("Recreate", {"resourceVersion": "1"}, True),
        ("Recreate", {"ownerReferences": [{"controller": True}]}, True),
        ("Recreate", {"ownerReferences": [{"controller": False}]}, False),
    ],
)
def test_recreating_what_is_refused_goes_on_for_ever(method, metadata, expected):
    assert repeats(request(SEEN, method=method), config_map(**metadata)) is expected


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(config_map(), False, id="declared-and-at-home"),
        pytest.param(config_map() | {"kind": "Undeclared"}, True, id="undeclared"),
        pytest.param(config_map(namespace="far"), True, id="another-namespace"),
        pytest.param(config_map(""), True, id="no-name"),
        pytest.param(config_map(resourceVersion="1"), True, id="carries-a-version"),
        pytest.param(config_map(ownerReferences=[{"controller": True}]), True, id="owned-by-another"),
        pytest.param(config_map(ownerReferences=[{}]), False, id="owned-beside"),
        pytest.param(config_map() | {"n": 1.0}, False, id="created-once-then-written"),
    ],
)
def test_a_create_that_is_never_observed_or_refused_comes_again(item, expected):
    assert repeats(request(), item) is expected


SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "b"}}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(config_map(resourceVersion="1"), {"dynamic": True, "server-side": False}, id="carries-a-version"),
        pytest.param(SECRET, {"dynamic": True, "server-side": False}, id="stored-in-another-way"),
        pytest.param(config_map(namespace="far"), {"dynamic": True, "server-side": True}, id="never-observed"),
        pytest.param(config_map(), {"dynamic": False, "server-side": False}, id="plain"),
    ],
)
def test_server_side_apply_sends_no_version_and_compares_what_it_applied(item, expected):
    seen = view(request(method="Recreate", kinds=("Secret.v1",)))
    found = {apply: predict(seen, answer(item), apply)[0].repeats for apply in expected}
    assert found == expected


def test_under_recreate_what_is_stored_in_another_way_is_created_again():
    assert repeats(request(method="Recreate"), config_map() | {"n": 1.0})


def test_string_data_of_a_secret_is_stored_as_data():
    secret = Identity("v1", "Secret", "ns", "s")
    assert stored(secret, {"stringData": {"k": "fake"}, "data": {"o": "eA=="}}) == {
        "data": {"o": "eA==", "k": "ZmFrZQ=="}
    }
    assert stored(secret, {"stringData": {"k": "fake"}}) == {"data": {"k": "ZmFrZQ=="}}
    assert stored(CM, {"stringData": {"k": "fake"}}) == {"stringData": {"k": "fake"}}


_PORT = {"port": 80}
_LIMIT = {"type": "Container", "max": {"memory": "1Gi"}, "min": {"cpu": "1"}}
_FILLED = {"default": {"memory": "1Gi"}, "defaultRequest": {"cpu": "1", "memory": "1Gi"}}
_CLAIM: dict[str, Any] = {"metadata": {"name": "c"}, "spec": {"accessModes": ["ReadWriteOnce"]}}


def _pod(*sources):
    return {"template": {"spec": {"volumes": [{"name": "v", "projected": {"sources": list(sources)}}]}}}


@pytest.mark.parametrize(
    ("kind", "written", "expected"),
    [
        pytest.param(
            Identity("networking.k8s.io/v1", "NetworkPolicy", "ns", "n"),
            {"ingress": [{"ports": [_PORT, {"port": 1, "protocol": "UDP"}]}, {}]},
            {"ingress": [{"ports": [_PORT | {"protocol": "TCP"}, {"port": 1, "protocol": "UDP"}]}, {}]},
            id="protocol-of-a-policy",
        ),
        pytest.param(
            Identity("v1", "LimitRange", "ns", "n"),
            {"limits": [_LIMIT, _LIMIT | {"type": "Pod"}]},
            {"limits": [_LIMIT | _FILLED, _LIMIT | {"type": "Pod"}]},
            id="defaults-out-of-limits",
        ),
        pytest.param(
            Identity("apps/v1", "StatefulSet", "ns", "n"),
            {"volumeClaimTemplates": [_CLAIM]},
            {
                "volumeClaimTemplates": [
                    {"metadata": {"name": "c"}, "spec": _CLAIM["spec"] | {"volumeMode": "Filesystem"}}
                    | {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "status": {"phase": "Pending"}}
                ]
            },
            id="claims-of-a-stateful-set",
        ),
        pytest.param(
            Identity("apps/v1", "Deployment", "ns", "n"),
            _pod({"serviceAccountToken": {"path": "t"}}, {"secret": {"name": "s"}}),
            _pod({"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}, {"secret": {"name": "s"}}),
            id="token-of-a-projected-volume",
        ),
        pytest.param(
            Identity("lab.example.com/v1", "NetworkPolicy", "ns", "n"),
            {"ingress": [{"ports": [_PORT]}]},
            {"ingress": [{"ports": [_PORT]}]},
            id="not-of-a-custom-kind",
        ),
        pytest.param(CM, {"args": ["a", None], "mixed": [1, None]}, {"args": ["a", ""], "mixed": [1, None]}, id="null"),
    ],
)
def test_what_is_known_to_be_filled_in_is_stored(kind, written, expected):
    assert stored(kind, {"spec": written}) == {"spec": expected}


@pytest.mark.parametrize("method", ["InPlace", "Recreate"])
def test_a_last_applied_of_the_answers_own_is_stored_with_what_is_created_and_taken_out_of_what_is_applied(method):
    brought = config_map(data={"a": "2"}, annotations={LAST_APPLIED: "{}"})
    for seen in ((), (SEEN,)):
        assert repeats(request(*seen, method=method), brought) is (method == "Recreate")


def test_custom_resources_keep_nulls_empty_maps_and_notations():
    custom = Identity("lab.example.com/v1", "Gadget", "ns", "g")
    spec = {"n": None, "labels": {}, "limits": {"cpu": "1000m"}}
    written = {"metadata": {"labels": {}, "annotations": {}, "name": "g"}, "spec": spec | {"f": 2.0}}
    before = repr(written)
    assert stored(custom, written) == {"metadata": {"name": "g"}, "spec": spec | {"f": 2}}
    assert repr(written) == before


def _policy(spec, managers):
    """A NetworkPolicy that is wanted, and as it is observed after it was written so, by these and with this spec."""
    wanted = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "np"}}
    wanted |= {"spec": {"ingress": [{"ports": [{"port": 80, "protocol": "TCP", "unknown": "a"}]}]}}
    entries = [{"manager": manager, "operation": "Update", "fieldsV1": {}} for manager in managers]
    entries.append({"manager": "kubelet", "operation": "Update", "subresource": "status", "fieldsV1": {}})
    return wanted, observed(wanted, managedFields=entries) | {"spec": spec}


@pytest.mark.parametrize(
    ("managers", "expected"),
    [
        pytest.param(("metacontroller",), True, id="the-api-server-fills-it-in-each-time"),
        pytest.param(("metacontroller", "kubectl-edit"), False, id="somebody-may-have-edited-it-once"),
        pytest.param((), False, id="nobody-knows-who-wrote-it"),
    ],
)
def test_what_was_written_and_not_kept_is_written_again(managers, expected):
    wanted, seen = _policy({"ingress": [{"ports": [{"port": 80, "protocol": "TCP"}]}]}, managers)
    message = request(seen, kinds=("NetworkPolicy.networking.k8s.io/v1",))
    (found,) = [each for each in predict(view(message), answer(wanted), "dynamic") if each.object.name == "np"]
    assert (found.effect, found.repeats) == (Effect.UPDATE, expected)
