import json

import msgspec
import pytest

from shadow.protocol.adapt import adapt_answer
from shadow.protocol.dialect import Alterations, Dialect, Ownership
from shadow.protocol.messages import read_request
from shadow.protocol.names import CONTROLLER_UID_LABEL, DECORATOR_ANNOTATION
from shadow.protocol.ownership import last_applied, last_applied_metadata, write_marks
from shadow.protocol.wire import UnreadableError, encode
from shadow.terms import Hook, HookVersion, Protocol
from tests.protocol.recordings import LIST, call, compact, config_map, recordings

V1, V2 = HookVersion
OWNED = Alterations(ownership=Ownership("dc", generate_selector=True))
MARKS = {"annotations": {DECORATOR_ANNOTATION: "dc"}, "labels": {CONTROLLER_UID_LABEL: "p-uid"}}
ANNOTATED = {DECORATOR_ANNOTATION: "dc"}
LABELLED = {CONTROLLER_UID_LABEL: "p-uid"}


def _marked(item):
    return bytes(write_marks(encode(item), MARKS))


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"kind": "A"}, {"kind": "A", "metadata": {"annotations": ANNOTATED, "labels": LABELLED}}),
        ({"metadata": None, "kind": "A"}, {"metadata": {"annotations": ANNOTATED, "labels": LABELLED}, "kind": "A"}),
        (
            {"metadata": {"labels": {"a": "b"}, "annotations": None, "name": "x"}},
            {"metadata": {"labels": {"a": "b", **LABELLED}, "annotations": ANNOTATED, "name": "x"}},
        ),
        (
            {
                "metadata": {
                    "annotations": {DECORATOR_ANNOTATION: "other", "n": "1"},
                    "labels": {CONTROLLER_UID_LABEL: "x"},
                }
            },
            {
                "metadata": {
                    "annotations": {DECORATOR_ANNOTATION: "dc", "n": "1"},
                    "labels": {CONTROLLER_UID_LABEL: "x"},
                }
            },
        ),
    ],
    ids=["no-metadata", "null-metadata", "null-annotations", "other-values"],
)
def test_the_marks_are_written_where_they_are_missing(item, expected):
    assert _marked(item) == compact(expected)


def test_an_item_that_has_the_marks_is_the_very_same():
    item = encode({"metadata": MARKS})
    assert write_marks(item, MARKS) is item


def test_only_the_way_to_a_mark_is_written_anew():
    item = rb'{"data" : {"n" : 1.0, "t":"\ud800"}, "metadata":{ "annotations":{"x" : "\u00e9"},"name" : "a"},"z":1e3}'
    assert bytes(write_marks(msgspec.Raw(item), {"annotations": ANNOTATED})) == (
        rb'{"data":{"n" : 1.0, "t":"\ud800"},"metadata":{"annotations":{"x":"\u00e9",'
        rb'"metacontroller.k8s.io/decorator-controller":"dc"},"name":"a"},"z":1e3}'
    )


@pytest.mark.parametrize("metadata", [5, [], {"annotations": "x"}, {"labels": []}], ids=str)
def test_an_item_of_another_shape_takes_no_mark(metadata):
    with pytest.raises(UnreadableError):
        write_marks(encode({"metadata": metadata}), MARKS)
    body = compact({"children": [{"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata}]})
    adapted = adapt_answer(call(Protocol.COMPOSITE), body, Dialect(Protocol.COMPOSITE), V1, OWNED)
    assert adapted.body is body
    assert [note.code for note in adapted.notes] == ["mark-impossible"]


def _items(front, body, request, version=V1, alterations=OWNED):
    adapted = adapt_answer(request, compact(body), Dialect(front), version, alterations)
    assert adapted.refusal is None
    return json.loads(adapted.body)[LIST[front]], adapted


@pytest.mark.parametrize("front", Protocol)
@pytest.mark.parametrize("generate_selector", [False, True])
def test_every_item_of_an_answer_is_marked_whatever_the_front(front, generate_selector):
    owned = Alterations(ownership=Ownership("dc", generate_selector=generate_selector))
    request = call(front, observed={"ConfigMap.v1": {"a": config_map("a", namespace="ns", last_applied={})}})
    items, adapted = _items(front, {LIST[front]: [config_map("a"), config_map("b")]}, request, alterations=owned)
    assert adapted.altered
    for item in items:
        assert item["metadata"]["annotations"] == ANNOTATED
        assert item["metadata"].get("labels") == (LABELLED if generate_selector else None)


NEITHER: dict[str, object] = {"metadata": {}}
LABEL_ONLY = {"metadata": {"labels": LABELLED}}
BOTH = {"metadata": MARKS}
OTHERS = {"metadata": {"annotations": {DECORATOR_ANNOTATION: "other"}, "labels": {CONTROLLER_UID_LABEL: "other"}}}


@pytest.mark.parametrize("front", Protocol)
@pytest.mark.parametrize(
    ("method", "applied", "marks"),
    [
        ("InPlace", NEITHER, {"annotations", "labels"}),
        ("OnDelete", NEITHER, {"annotations", "labels"}),
        ("RollingInPlace", NEITHER, {"annotations", "labels"}),
        ("Recreate", NEITHER, set()),
        ("RollingRecreate", NEITHER, set()),
        ("Recreate", OTHERS, set()),
        ("Recreate", LABEL_ONLY, {"labels"}),
        ("Recreate", BOTH, {"annotations", "labels"}),
    ],
)
def test_a_mark_that_would_recreate_an_observed_object_is_withheld(front, method, applied, marks):
    observed = config_map("a", namespace="ns", last_applied=applied, annotations=ANNOTATED, labels=LABELLED)
    request = call(front, observed={"ConfigMap.v1": {"a": observed}}, method=method)
    body = {"status": {}, LIST[front]: [config_map("a"), config_map("new")]}
    (seen, new), adapted = _items(front, body, request)
    assert {field for field in ("annotations", "labels") if field in seen["metadata"]} == marks
    assert new["metadata"].keys() >= {"annotations", "labels"}
    withheld = [note for note in adapted.notes if note.code == "mark-withheld"]
    assert [note.object.name for note in withheld if note.object] == ([] if len(marks) == 2 else ["a"])


@pytest.mark.parametrize(
    ("version", "key", "namespace"),
    [(V1, "a", None), (V1, "a", "ns"), (V2, "ns/a", None), (V2, "ns/a", "ns")],
)
def test_an_observed_object_is_found_under_the_keys_of_the_front(version, key, namespace):
    observed = {"ConfigMap.v1": {key: config_map("a", namespace="ns", last_applied=NEITHER)}}
    request = call(Protocol.DECORATOR, observed=observed, method="Recreate")
    item = config_map("a") if namespace is None else config_map("a", namespace=namespace)
    [seen], _ = _items(Protocol.DECORATOR, {"attachments": [item]}, request, version)
    assert "annotations" not in seen["metadata"]


def test_a_cluster_scoped_object_is_found_though_its_item_gets_the_parents_namespace():
    request = call(Protocol.DECORATOR, observed={"ConfigMap.v1": {"c": config_map("c")}}, method="Recreate")
    [seen], _ = _items(Protocol.DECORATOR, {"attachments": [config_map("c")]}, request, V2)
    assert "annotations" not in seen["metadata"]


def test_an_object_of_another_namespace_is_not_taken_for_an_observed_one():
    observed = {"ConfigMap.v1": {"a": config_map("a", namespace="ns", last_applied=NEITHER)}}
    request = call(Protocol.DECORATOR, observed=observed, method="Recreate")
    [foreign], _ = _items(Protocol.DECORATOR, {"attachments": [config_map("a", namespace="other")]}, request)
    assert foreign["metadata"]["annotations"] == ANNOTATED


@pytest.mark.parametrize("text", ["", "nope", "[]", '{"metadata":5}', '{"metadata":{"labels":{"a":1}}}'])
def test_an_unreadable_last_applied_configuration_has_no_marks(text):
    annotations = {"metacontroller.k8s.io/last-applied-configuration": text}
    assert last_applied_metadata(encode(config_map("a", annotations=annotations))) == {}


@pytest.mark.parametrize("metadata", [None, 5, {"annotations": {}}, {"annotations": None}], ids=str)
def test_an_object_may_have_no_last_applied_configuration(metadata):
    assert last_applied(encode({"metadata": metadata})) is None


INJECTED = [each for each in recordings() if "inj" in each.name and each.status == 200]


@pytest.mark.parametrize("each", INJECTED, ids=lambda each: each.name)
def test_recorded_injected_answers_need_nothing_more(each):
    """They came through a proxy that marks every item; the same marks again change not a byte of an object."""
    request = read_request(each.request_body, Hook.SYNC)
    [name] = {item["metadata"]["annotations"][DECORATOR_ANNOTATION] for item in each.answer[LIST[each.front]]}
    uids = {item["metadata"]["labels"].get(CONTROLLER_UID_LABEL) for item in each.answer[LIST[each.front]]}
    assert uids == {request.parent.uid}
    owned = Alterations(ownership=Ownership(name, generate_selector=True))
    body = each.answer_body
    assert adapt_answer(request, body, Dialect(each.front), each.version, owned).body is body
