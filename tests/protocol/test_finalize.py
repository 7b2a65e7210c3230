import json
from typing import Any

import pytest

from shadow.protocol.adapt import adapt_answer
from shadow.protocol.answers import Answer, read_answer, refuse
from shadow.protocol.dialect import Alterations, Dialect, Ownership
from shadow.protocol.finalize import answer_without_finalize_hook, as_applied
from shadow.protocol.messages import read_request
from shadow.protocol.names import LAST_APPLIED
from shadow.terms import Hook, HookVersion, Protocol
from tests.protocol.recordings import LIST, PARENT, call, config_map, recording

COMPOSITE, DECORATOR = Protocol
V1 = HookVersion.V1
DELETED = PARENT | {"metadata": PARENT["metadata"] | {"deletionTimestamp": "2026-11-23T11:09:45Z"}}
APPLIED = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"n": "1"}}
SYSTEM: dict[str, Any] = {
    "uid": "u",
    "resourceVersion": "5",
    "generation": 1,
    "managedFields": [],
    "creationTimestamp": "t",
}
OWNER: dict[str, Any] = {"ownerReferences": [{"uid": "p-uid"}]}


def _listed(observed):
    return json.loads(bytes(as_applied(call(DECORATOR, observed={"ConfigMap.v1": {"a": observed}, "Secret.v1": {}}))))


def test_an_observed_object_is_listed_as_it_was_applied():
    assert _listed(config_map("a", last_applied=APPLIED, **SYSTEM)) == [APPLIED]


HEAD: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap"}


@pytest.mark.parametrize(
    "text",
    [
        None,
        "nope",
        "[]",
        "{}",
        "",
        '{"metadata":{"name":"a"}',
        json.dumps(HEAD | {"metadata": {"name": "original"}}),
        json.dumps(HEAD | {"metadata": {"name": "a", "namespace": "other"}}),
        json.dumps(HEAD | {"apiVersion": "v1beta1", "metadata": {"name": "a"}}),
        json.dumps(HEAD | {"kind": "Secret", "metadata": {"name": "a"}}),
        json.dumps({"apiVersion": "v1", "metadata": {"name": "a"}}),
        json.dumps(HEAD | {"metadata": None}),
        json.dumps(HEAD | {"metadata": {}}),
        '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"n":1e999}',
    ],
    ids=[
        "none",
        "no-json",
        "list",
        "empty",
        "no-text",
        "broken",
        "of-the-original",
        "other-namespace",
        "other-version",
        "other-kind",
        "no-kind",
        "null-metadata",
        "no-name",
        "huge-number",
    ],
)
def test_without_a_usable_last_applied_configuration_the_object_is_stripped(text):
    annotations = {"kept": "1"} | ({} if text is None else {LAST_APPLIED: text})
    observed = config_map("a", annotations=annotations, **SYSTEM, **OWNER) | {"status": {"x": 1}, "data": {"n": "1"}}
    assert _listed(observed) == [config_map("a", annotations=annotations) | {"data": {"n": "1"}}]


@pytest.mark.parametrize(
    ("observed", "applied"), [("ns", {}), ("ns", {"namespace": "ns"}), ("other", {"namespace": "other"}), (None, {})]
)
def test_a_last_applied_configuration_without_a_namespace_is_of_the_parents_or_of_none(observed, applied):
    configuration = HEAD | {"metadata": {"name": "a", **applied}}
    where = {} if observed is None else {"namespace": observed}
    assert _listed(config_map("a", last_applied=configuration, **where)) == [configuration]


def test_the_last_applied_configuration_keeps_its_spelling():
    text = rb'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}, "n":1.0,"t":"\ud800"}'
    observed = config_map("a", annotations={LAST_APPLIED: text.decode()})
    assert bytes(as_applied(call(DECORATOR, observed={"ConfigMap.v1": {"a": observed}}))) == b"[" + text + b"]"


def test_without_a_finalize_hook_a_rolling_controller_still_gets_a_status():
    request = call(DECORATOR, Hook.FINALIZE, method="RollingInPlace")
    assert json.loads(answer_without_finalize_hook(request))["status"] == PARENT["status"]


FINALIZED = b'{"children":[],"finalized":true,"status":{"a":1}}'
OBSERVED = {"ConfigMap.v1": {"a": config_map("a", namespace="ns", last_applied=APPLIED)}}


@pytest.mark.parametrize(("listed", "told"), [([], True), ([APPLIED], False)], ids=["left out", "listed"])
def test_what_a_decorator_leaves_out_at_the_end_is_told_before_a_composite_front(listed, told):
    request = call(COMPOSITE, Hook.FINALIZE, observed=OBSERVED, parent=DELETED)
    body = json.dumps({"attachments": listed, "finalized": True}).encode()
    adapted = adapt_answer(request, body, Dialect(DECORATOR), V1, Alterations())
    assert json.loads(adapted.body)["children"] == listed
    assert ("finalize-left" in {note.code for note in adapted.notes}) is told


def test_a_malformed_answer_of_another_hook_version_is_not_passed_on():
    request, body = call(COMPOSITE, Hook.SYNC), b'{"children":[],"status":{},"finalized":"true"}'
    same = adapt_answer(request, body, Dialect(COMPOSITE), V1, Alterations())
    other = adapt_answer(request, body, Dialect(COMPOSITE, HookVersion.V2), V1, Alterations())
    assert (same.refusal, same.rejected is not None) == (None, True)
    assert other.refusal is not None
    assert other.refusal.code == "rejected"


def test_a_finalized_composite_answer_is_completed_while_the_parent_is_deleted():
    request = call(DECORATOR, Hook.FINALIZE, observed=OBSERVED, parent=DELETED)
    adapted = adapt_answer(request, FINALIZED, Dialect(COMPOSITE), V1, Alterations(ownership=Ownership("dc")))
    assert json.loads(adapted.body) == {"attachments": [APPLIED], "finalized": True, "status": {"a": 1}}
    assert "finalize-completed" in {note.code for note in adapted.notes}


@pytest.mark.parametrize("body", [b'{"finalized":true}', b'{"finalized":true,"children":null}'])
def test_a_finalized_composite_answer_without_a_list_is_completed_too(body):
    request = call(DECORATOR, Hook.FINALIZE, observed=OBSERVED, parent=DELETED)
    adapted = adapt_answer(request, body, Dialect(COMPOSITE), V1, Alterations())
    assert json.loads(adapted.body) == {"attachments": [APPLIED], "finalized": True}


@pytest.mark.parametrize(
    ("parent", "body"),
    [(PARENT, FINALIZED), (DELETED, b'{"children":[],"finalized":false,"status":{"a":1}}')],
    ids=["no-longer-selected", "not-finalized"],
)
def test_else_the_list_is_the_implementations_own(parent, body):
    request = call(DECORATOR, Hook.FINALIZE, observed=OBSERVED, parent=parent)
    adapted = adapt_answer(request, body, Dialect(COMPOSITE), V1, Alterations())
    assert adapted.body == body.replace(b"children", b"attachments")


@pytest.mark.parametrize("name", [f"made-f8-com-na-v1-finalize-{number}" for number in (1, 2, 3)])
def test_recorded_finalize_answers_before_the_other_front(name):
    made = recording(name)
    twin = recording(name.replace("com", "dec"))
    request = read_request(twin.request_body, Hook.FINALIZE)
    adapted = adapt_answer(request, made.answer_body, Dialect(COMPOSITE), V1, Alterations())
    assert adapted.refusal is None
    served = json.loads(adapted.body)
    assert served["attachments"] == made.answer["children"]
    assert served["finalized"] is made.answer["finalized"]


@pytest.mark.parametrize("front", Protocol)
def test_an_implementation_without_a_finalize_hook_leaves_everything_alone(front):
    request = call(front, Hook.FINALIZE, observed=OBSERVED, parent=DELETED)
    body = answer_without_finalize_hook(request)
    status = {"status": {"phase": "before"}} if front is COMPOSITE else {}
    assert json.loads(body) == {LIST[front]: [APPLIED], "finalized": True, **status}
    answer = read_answer(body, front, Hook.FINALIZE)
    assert isinstance(answer, Answer)
    assert refuse(answer, request, missing_list_passes=False) is None
