import json

import pytest

from shadow.protocol.adapt import adapt_answer
from shadow.protocol.dialect import Alterations, Dialect, Ownership
from shadow.protocol.messages import read_request
from shadow.terms import Hook, HookVersion, Protocol
from tests.protocol.recordings import LIST, PARENT, call

COMPOSITE, DECORATOR = Protocol
V1 = HookVersion.V1
PASS = Alterations()
WRITTEN = {"managedFields": [{"manager": "m"}, {"manager": "m", "subresource": "status"}]}
WIDGET = PARENT
WIDGET_WITH_STATUS = PARENT | {"metadata": PARENT["metadata"] | WRITTEN}
OWNED = {"manager": "m", "fieldsV1": {"f:spec": {}}}
STATUS_OWNED = {"manager": "m", "fieldsV1": {"f:spec": {}, "f:status": {}}}
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "p", "uid": "p-uid"} | WRITTEN}
OWN_NAMESPACE = NAMESPACE | {"apiVersion": "lab.example.com/v1"}


def _served(front, protocol, status, parent, alterations=PASS):
    body = f'{{{status}"{LIST[protocol]}":[]}}'.encode()
    adapted = adapt_answer(call(front, parent=parent), body, Dialect(protocol), V1, alterations)
    assert adapted.refusal is None
    return json.loads(adapted.body).get("status", "absent"), adapted


STATUSES = {"absent": "", "null": '"status":null,', "empty": '"status":{},', "some": '"status":{"a":1},'}
CASES = [
    # parent without a sign of a status subresource: nothing is added, none stays none
    (WIDGET, "absent", "absent"),
    (WIDGET, "null", None),
    (WIDGET, "empty", {}),
    (WIDGET, "some", {"a": 1}),
    # a status subresource: as Metacontroller would for a composite
    (WIDGET_WITH_STATUS, "absent", {"observedGeneration": 3}),
    (WIDGET_WITH_STATUS, "null", {"observedGeneration": 3}),
    (WIDGET_WITH_STATUS, "empty", {"observedGeneration": 3}),
    (WIDGET_WITH_STATUS, "some", {"a": 1, "observedGeneration": 3}),
    # a Namespace prunes it
    (NAMESPACE, "absent", "absent"),
    (NAMESPACE, "some", {"a": 1}),
    # only the core type is one; without a generation it is 0
    (OWN_NAMESPACE, "some", {"a": 1, "observedGeneration": 0}),
]


@pytest.mark.parametrize(("parent", "status", "expected"), CASES)
def test_a_composite_status_before_a_decorator_front(parent, status, expected):
    served, adapted = _served(DECORATOR, COMPOSITE, STATUSES[status], parent)
    assert served == expected
    added = isinstance(served, dict) and "observedGeneration" in served
    assert ("observed-generation" in {note.code for note in adapted.notes}) is not added


@pytest.mark.parametrize(
    ("api_version", "kind", "kept"),
    [
        ("apps/v1", "Deployment", True),
        ("apps/v1", "StatefulSet", True),
        ("v1", "ReplicationController", True),
        ("policy/v1", "PodDisruptionBudget", True),
        ("autoscaling/v2", "HorizontalPodAutoscaler", True),
        ("v1", "Service", False),
        ("v1", "Node", False),
        ("v1", "Pod", False),
        ("v1", "PersistentVolumeClaim", False),
        ("batch/v1", "Job", False),
        ("networking.k8s.io/v1", "Ingress", False),
        ("gateway.networking.k8s.io/v1", "Gateway", True),
        ("example.com/v1", "Service", True),
    ],
)
def test_of_kubernetes_own_kinds_few_keep_the_generation(api_version, kind, kept):
    """The others prune it: two writes without effect at each sync."""
    parent = WIDGET_WITH_STATUS | {"apiVersion": api_version, "kind": kind}
    served, adapted = _served(DECORATOR, COMPOSITE, STATUSES["some"], parent)
    assert ("observedGeneration" in served) is kept
    assert ("observed-generation" in {note.code for note in adapted.notes}) is not kept


def _parent(*managed, status=PARENT["status"], **fields):
    return PARENT | {"metadata": PARENT["metadata"] | {"managedFields": list(managed)}, "status": status} | fields


@pytest.mark.parametrize(
    ("parent", "shown"),
    [
        pytest.param(WIDGET_WITH_STATUS, True, id="an-entry-of-the-subresource"),
        pytest.param(_parent(OWNED), True, id="a-decorator-controller-removed-the-entry"),
        pytest.param(_parent(OWNED, STATUS_OWNED), False, id="written-with-the-rest"),
        pytest.param(_parent(OWNED, status={}), False, id="no-status-yet"),
        pytest.param(_parent(OWNED, status=None), False, id="null"),
        pytest.param(_parent(OWNED, {"manager": "m"}), False, id="a-writer-that-does-not-say-what"),
        pytest.param(_parent(), False, id="no-writers"),
        pytest.param(_parent(OWNED, apiVersion="v1"), False, id="a-core-kind-has-a-status-of-its-own"),
        pytest.param(_parent(OWNED, apiVersion="apps/v1"), False, id="a-kind-of-kubernetes"),
        pytest.param(_parent("m"), False, id="no-entry"),
        pytest.param(_parent(OWNED, status="up"), False, id="no-status-object"),
    ],
)
def test_the_signs_of_a_status_subresource(parent, shown):
    expected = {"a": 1, "observedGeneration": 3} if shown else {"a": 1}
    assert _served(DECORATOR, COMPOSITE, STATUSES["some"], parent)[0] == expected


@pytest.mark.parametrize(
    ("setting", "parent", "expected"),
    [
        ("true", NAMESPACE, {"a": 1, "observedGeneration": 0}),
        ("true", WIDGET, {"a": 1, "observedGeneration": 3}),
        ("false", WIDGET_WITH_STATUS, {"a": 1}),
        ("auto", WIDGET_WITH_STATUS, {"a": 1, "observedGeneration": 3}),
        ("auto", NAMESPACE, {"a": 1}),
    ],
)
@pytest.mark.parametrize("protocol", Protocol)
def test_observed_generation_can_be_configured_with_the_ownership(setting, parent, expected, protocol):
    alterations = Alterations(ownership=Ownership("dc", observed_generation=setting))
    assert _served(DECORATOR, protocol, STATUSES["some"], parent, alterations)[0] == expected


def test_a_decorator_that_leaves_the_status_unchanged_gets_no_observed_generation():
    alterations = Alterations(ownership=Ownership("dc", observed_generation="true"))
    assert _served(DECORATOR, DECORATOR, STATUSES["null"], WIDGET, alterations)[0] is None
    assert _served(DECORATOR, DECORATOR, "", WIDGET, alterations)[0] == "absent"


def test_metacontrollers_observed_generation_replaces_the_hooks_own():
    status = '"status":{"observedGeneration":1.0,"a":1},'
    assert _served(DECORATOR, COMPOSITE, status, WIDGET_WITH_STATUS)[0] == {"observedGeneration": 3, "a": 1}


@pytest.mark.parametrize(
    ("status", "parent", "expected"),
    [
        ("absent", WIDGET, {"phase": "before"}),
        ("null", WIDGET, {"phase": "before"}),
        ("null", WIDGET | {"status": None}, {}),
        ("absent", {key: value for key, value in WIDGET.items() if key != "status"}, {}),
        ("empty", WIDGET, {}),
        ("some", WIDGET, {"a": 1}),
    ],
)
def test_a_decorator_status_before_a_composite_front(status, parent, expected):
    assert _served(COMPOSITE, DECORATOR, STATUSES[status], parent)[0] == expected


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("protocol", Protocol)
def test_drop_leaves_the_parents_status_alone_before_a_composite_front(status, protocol):
    served, _ = _served(COMPOSITE, protocol, STATUSES[status], WIDGET, Alterations(status="drop"))
    assert served == {"phase": "before"}


@pytest.mark.parametrize(
    ("status", "expected"), [("absent", "absent"), ("null", None), ("empty", None), ("some", None)]
)
@pytest.mark.parametrize("protocol", Protocol)
@pytest.mark.parametrize("parent", [WIDGET_WITH_STATUS, NAMESPACE], ids=["widget", "namespace"])
def test_drop_says_no_status_before_a_decorator_front(status, expected, protocol, parent):
    alterations = Alterations(status="drop", ownership=Ownership("dc", observed_generation="true"))
    assert _served(DECORATOR, protocol, STATUSES[status], parent, alterations)[0] == expected


def test_drop_does_not_touch_an_answer_without_a_status():
    body = b'{"attachments": []}'
    assert adapt_answer(call(DECORATOR), body, Dialect(DECORATOR), V1, Alterations(status="drop")).body is body


def test_a_parents_status_keeps_its_spelling():
    body = call(COMPOSITE).body.replace(b'{"phase":"before"}', rb'{"n": 1.0,"t":"\ud800"}')
    adapted = adapt_answer(read_request(body, Hook.SYNC), b'{"attachments":[]}', Dialect(DECORATOR), V1, Alterations())
    assert adapted.body == rb'{"children":[],"status":{"n": 1.0,"t":"\ud800"}}'
