"""Every trap is told where it is, and nowhere else."""

import json
from pathlib import Path

import pytest

from shadow.compare.advice import CODES
from shadow.compare.comparison import compare
from shadow.compare.predictions import CODES as SEEN_LATER
from shadow.compare.rules import compile_rules
from shadow.redact import Redactor
from shadow.terms import Hook, Side
from tests.compare.calls import answer, config_map, encoded, observed, pair, recorded_call, request


def advised(message, body, other=None, hook=Hook.SYNC):
    compared = compare(
        pair(message, body, body if other is None else other, hook), compile_rules([]), Redactor(b"k"), 5
    )
    return [(each.code, each.implementation, str(each.object or "")) for each in compared.advice]


SEEN = observed(config_map())
HERE = "ConfigMap/<namespace>/cm"
FINALIZER = {"finalizers": ["metacontroller.io/decoratorcontroller-dc"]}
NAMESPACE = {"name": "team", "namespace": None}


def of_namespace(status):
    message = request(parent=NAMESPACE)
    message["object"] |= {"apiVersion": "v1", "kind": "Namespace"}
    return message, answer(status=status)


def of_parent(*managed, **fields):
    return request(parent={"managedFields": list(managed)}, **fields)


def key(value):
    return config_map("key", {"a": value}) | {"kind": "Secret"}


FINALIZED = config_map(finalizers=["mine"])


def with_finalizers(there, wanted=FINALIZED):
    """An object that was wanted so, and of which these are observed."""
    seen = observed(wanted)
    return seen | {"metadata": seen["metadata"] | {"finalizers": there}}


ROLLING = (
    request(method="RollingInPlace", front="composite", spec={"generateSelector": True}),
    encoded({"children": [], "status": {}}),
)
TRAPS = [
    ("duplicate", request(SEEN), answer(config_map(), config_map()), HERE),
    ("undeclared-kind", request(), answer(config_map() | {"kind": "Other"}), "Other/<namespace>/cm"),
    ("api-version", request(), answer(config_map() | {"apiVersion": "v2"}), HERE),
    ("outside-namespace", request(), answer(config_map(namespace="far")), "ConfigMap/far/cm"),
    ("no-namespace", request(parent=NAMESPACE), answer(config_map()), "ConfigMap/cm"),
    ("no-name", request(), answer(config_map("")), "ConfigMap/<namespace>"),
    ("echo", request(SEEN), answer(config_map(resourceVersion="7")), HERE),
    ("owned", request(), answer(config_map(ownerReferences=[{"controller": True}])), HERE),
    ("repeats", request(SEEN), answer(config_map() | {"n": 1.0}), HERE),
    ("repeats", request(method="Recreate"), answer(config_map() | {"n": 1.0}), HERE),
    ("twin-items", request(), answer(config_map() | {"l": [[{"name": "a"}, {"name": "a"}]]}), HERE),
    ("lost-items", request(with_finalizers(["mine", "theirs"])), answer(FINALIZED | {"data": {"a": "2"}}), HERE),
    ("lost-items", request(with_finalizers(["mine", "theirs"])), answer(FINALIZED), HERE),
    (
        "selector",
        request(front="composite", spec={"generateSelector": True}),
        encoded({"children": [config_map(labels={"controller-uid": "other"})]}),
        HERE,
    ),
    ("finalized-in-sync", request(parent=FINALIZER), answer(finalized=True), ""),
    ("namespace-status", *of_namespace({"ready": 1}), ""),
    ("namespace-status", *of_namespace({}), ""),
    ("status-subresource", of_parent({"fieldsV1": {"f:status": {}}}), answer(status={"ready": 1}), ""),
    ("opt-out", request(SEEN), answer(), ""),
    ("rolling-decorator", request(method="RollingInPlace"), answer(), ""),
    ("rolling-composite", *ROLLING, ""),
]


@pytest.mark.parametrize(("code", "message", "body", "about"), TRAPS, ids=[trap[0] for trap in TRAPS])
def test_a_trap_is_told_with_what_it_is_about(code, message, body, about):
    assert advised(message, body) == [(code, None, about)]


def test_every_code_has_a_test_and_a_chapter():
    by_two_answers, by_two_calls = {"side-effects"}, set(SEEN_LATER)
    assert {trap[0] for trap in TRAPS} == set(CODES) - by_two_answers - by_two_calls
    chapters = (Path(__file__).parents[2] / "docs" / "advice.md").read_text()
    assert [line.removeprefix("## ") for line in chapters.splitlines() if line.startswith("## ")] == list(CODES)


@pytest.mark.parametrize(
    ("message", "body"),
    [
        pytest.param(request(SEEN), answer(config_map()), id="plain"),
        pytest.param(request(SEEN), answer(config_map(data={"a": "2"})), id="a-change"),
        pytest.param(request(), answer(config_map() | {"l": [{"name": "a"}, {"name": "b"}]}), id="items-apart"),
        pytest.param(request(), answer(config_map() | {"l": [{"x": "a"}, {"x": "a"}]}), id="items-without-key"),
        pytest.param(request(SEEN, method="OnDelete"), answer(config_map() | {"n": 1.0}), id="nothing-is-written"),
        pytest.param(request(parent=FINALIZER), answer(finalized=False), id="not-finalized"),
        pytest.param(request(), answer(finalized=True), id="no-finalizer-to-remove"),
        pytest.param(*of_namespace(None), id="no-status"),
        pytest.param(*of_namespace({"phase": "Active"}), id="the-phase-of-a-namespace"),
        pytest.param(of_parent({"fieldsV1": {"f:spec": {}}}), answer(status={"a": 1}), id="nobody-wrote-a-status"),
        pytest.param(
            of_parent({"fieldsV1": {"f:status": {}}}, {"fieldsV1": {"f:status": {}}, "subresource": "status"}),
            answer(status={"a": 1}),
            id="a-status-subresource",
        ),
        pytest.param(of_parent({"fieldsV1": {"f:status": {}}}), answer(), id="no-status-wanted"),
        pytest.param(request(), answer(), id="nothing-to-delete"),
        pytest.param(
            request(with_finalizers(["mine", "old"], config_map(finalizers=["mine", "old"]))),
            answer(FINALIZED),
            id="its-own-items-go",
        ),
        pytest.param(
            request(with_finalizers(["mine", "theirs"], config_map())),
            answer(config_map(data={"a": "2"})),
            id="a-list-that-is-not-wanted-stays",
        ),
        pytest.param(request(SEEN, parent={"deletionTimestamp": "2026-01-01T00:00:00Z"}), answer(), id="going-anyway"),
    ],
)
def test_without_a_trap_nothing_is_told(message, body):
    assert advised(message, body) == []


def test_a_hook_that_makes_up_a_secret_is_told_of():
    message = request(kinds=["Secret.v1"])
    told = [("side-effects", None, "Secret/<namespace>/key")]
    assert advised(message, answer(key("MQ==")), answer(key("Mg=="))) == told
    assert advised(message, answer(key("MQ==")), answer(key("MQ==") | {"type": "Opaque"})) == []
    assert advised(message, answer(key("MQ==")), answer()) == []
    assert advised(request(observed(key("MQ=="))), answer(key("MQ==")), answer(key("Mg=="))) == []


def test_finalized_is_in_order_while_finalizing():
    assert advised(request(hook="finalize", parent=FINALIZER), answer(finalized=True), hook=Hook.FINALIZE) == []


def test_what_only_one_implementation_does_names_it():
    twice = answer(config_map(), config_map())
    assert advised(request(SEEN), twice, answer(config_map())) == [("duplicate", Side.OLD, HERE)]
    assert advised(request(SEEN), answer(config_map()), twice) == [("duplicate", Side.NEW, HERE)]
    assert advised(request(SEEN), twice, twice + b" ") == [("duplicate", None, HERE)]


def test_the_kubeflow_hook_is_told_of_its_empty_annotations_and_its_status():
    call = recorded_call("kfp-mid-decorator-4.17.2-steady")
    assert advised(call["request"], json.dumps(call["answer"]).encode()) == [
        ("repeats", None, "Deployment.apps/<namespace>/ml-pipeline-visualizationserver"),
        ("repeats", None, "Deployment.apps/<namespace>/ml-pipeline-ui-artifact"),
        ("namespace-status", None, ""),
    ]
