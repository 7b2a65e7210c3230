"""What each implementation is shown of a call: both fronts, both dialects, both versions."""

import json

import pytest

from shadow.protocol.dialect import Dialect
from shadow.protocol.messages import read_request
from shadow.protocol.shown import adapt_request
from shadow.terms import Hook, HookVersion, Protocol
from tests.protocol.recordings import LIST, PARENT, ROOT, call, compact, config_map, recording, recordings

COMPOSITE, DECORATOR = Protocol
V1, V2 = HookVersion
OTHER = {COMPOSITE: DECORATOR, DECORATOR: COMPOSITE}


def _ids(each):
    return each.name


@pytest.mark.parametrize("each", recordings(), ids=_ids)
def test_a_recorded_call_passes_untouched_to_its_own_dialect(each):
    request = read_request(each.request_body, each.hook)
    assert adapt_request(request, Dialect(each.front, each.version), each.version).body is request.body


@pytest.mark.parametrize("each", recordings(), ids=_ids)
def test_a_recorded_call_becomes_one_of_the_other_protocol(each):
    request = read_request(each.request_body, each.hook)
    adapted = adapt_request(request, Dialect(OTHER[each.front], each.version), each.version)
    again = read_request(adapted.body, each.hook)
    assert again.front is OTHER[each.front]
    assert bytes(again.root) == bytes(request.root)
    assert again.observed_groups == request.observed_groups
    assert (again.related, again.finalizing) == (request.related, request.finalizing)
    assert again.parent == request.parent
    assert len(again.fields) == len(request.fields)


@pytest.mark.parametrize("each", recordings(), ids=_ids)
def test_a_call_there_and_back_is_the_same_call(each):
    request = read_request(each.request_body, each.hook)
    there = adapt_request(request, Dialect(OTHER[each.front], each.version), each.version).body
    back = adapt_request(
        read_request(there, each.hook), Dialect(each.front, each.version), each.version, bytes(request.controller)
    )
    assert back.body == request.body


@pytest.mark.parametrize("front", Protocol)
@pytest.mark.parametrize("hook", Hook)
@pytest.mark.parametrize("front_version", HookVersion)
@pytest.mark.parametrize("version", HookVersion)
@pytest.mark.parametrize("protocol", Protocol)
@pytest.mark.parametrize("namespace", ["", "ns"], ids=["cluster-scoped", "namespaced"])
def test_the_maps_are_keyed_as_the_implementation_expects(front, hook, front_version, version, protocol, namespace):
    keyed = {"": {V1: "ns/a", V2: "ns/a"}, "ns": {V1: "a", V2: "ns/a"}}[namespace]
    groups = {"ConfigMap.v1": {keyed[front_version]: config_map("a", namespace="ns")}, "Secret.v1": {}}
    parent = PARENT | {"metadata": {"name": "p", "uid": "p-uid"} | ({"namespace": namespace} if namespace else {})}
    request = call(front, hook, observed=groups, related=groups, parent=parent)
    sent = json.loads(adapt_request(request, Dialect(protocol, version), front_version).body)
    if hook is Hook.CUSTOMIZE:
        assert sent.keys() == {"controller", "parent"}
    else:
        assert sent.keys() == {"controller", ROOT[protocol], LIST[protocol], "related", "finalizing"}
        for name in (LIST[protocol], "related"):
            assert {group: list(objects) for group, objects in sent[name].items()} == {
                "ConfigMap.v1": [keyed[version]],
                "Secret.v1": [],
            }
    assert sent["controller"]["kind"] == {COMPOSITE: "CompositeController", DECORATOR: "DecoratorController"}[protocol]


def test_what_v1_cannot_show_is_said():
    shown = recording("made-f8-com-na-v2-sync-steady")
    request = read_request(shown.request_body, Hook.SYNC)
    adapted = adapt_request(request, Dialect(COMPOSITE, V1), V2)
    sent = json.loads(adapted.body)
    assert sent["related"]["Bauble.lab.example.com/v1"] == {}
    assert list(sent["children"]["ConfigMap.v1"]) == ["a", "b"]
    assert {note.code for note in adapted.notes} == {"objects-not-shown"}


def test_what_v1_has_left_out_already_is_said():
    request = call(COMPOSITE, observed={"ConfigMap.v1": {"a": config_map("a", namespace="ns")}})
    assert {note.code for note in adapt_request(request, Dialect(COMPOSITE, V2), V1).notes} == {"objects-not-known"}


def test_an_implementation_of_the_other_protocol_is_shown_the_configured_controller():
    configured = b'{"kind":"DecoratorController", "metadata":{"name":"mine"}}'
    sent = adapt_request(call(COMPOSITE), Dialect(DECORATOR), V1, configured).body
    assert b'"controller":' + configured in sent


def test_unknown_fields_of_a_call_are_kept():
    body = json.loads(call(COMPOSITE).body) | {"future": {"a": 1}}
    request = read_request(compact(body), Hook.SYNC)
    assert json.loads(adapt_request(request, Dialect(DECORATOR), V1).body)["future"] == {"a": 1}
