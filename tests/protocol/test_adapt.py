"""Both fronts, both dialects, both versions, all hooks: what passes as it is, and what becomes of the envelope."""

import json

import pytest

from shadow.protocol.adapt import adapt_answer
from shadow.protocol.dialect import Alterations, Dialect, Ownership
from shadow.protocol.messages import read_request
from shadow.protocol.objects import Identity
from shadow.terms import Hook, HookVersion, Protocol
from tests.protocol.recordings import LIST, answered, call, compact, config_map, recording

COMPOSITE, DECORATOR = Protocol
V1, V2 = HookVersion
OTHER = {COMPOSITE: DECORATOR, DECORATOR: COMPOSITE}
PASS = Alterations()


def _ids(each):
    return each.name


@pytest.mark.parametrize("each", answered(), ids=_ids)
def test_a_recorded_answer_passes_untouched_from_its_own_dialect(each):
    request = read_request(each.request_body, each.hook)
    body = each.answer_body
    adapted = adapt_answer(request, body, Dialect(each.front, each.version), each.version, PASS)
    assert adapted.body is body
    assert not adapted.altered
    assert (adapted.refusal, adapted.rejected, adapted.inexpressible) == (None, None, ())


# --- answers ---

SPELLINGS = ["1", "1.0", "1e3", "-0.0", "9223372036854775808", '"\\u00e9"', '"é"', '"\\ud800"', "[" * 1500 + "]" * 1500]


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda spelling: spelling[:20])
@pytest.mark.parametrize("front", Protocol)
def test_a_translated_answer_keeps_every_spelling_and_the_order_of_keys(front, spelling):
    item = f'{{"kind": "ConfigMap","z": {spelling},  "apiVersion":"v1","a":{spelling}}}'
    body = f'{{"LIST": [{item}], "status": {{"b": {spelling}, "a": 1}}}}'
    sent = body.replace("LIST", LIST[OTHER[front]]).encode()
    adapted = adapt_answer(call(front), sent, Dialect(OTHER[front]), V1, PASS)
    assert (adapted.refusal, adapted.rejected, adapted.altered) == (None, None, True)
    assert adapted.body == f'{{"{LIST[front]}":[{item}],"status":{{"b": {spelling}, "a": 1}}}}'.encode()


PAIRS = [
    ("kfp-old-composite-2.6.1-first", "kfp-mid-decorator-4.17.2-first"),
    ("kfp-old-composite-2.6.1-steady", "kfp-mid-decorator-4.17.2-steady"),
]


@pytest.mark.parametrize(("composite", "decorator"), PAIRS)
def test_the_real_hooks_before_and_after_their_move_agree_once_translated(composite, decorator):
    old, new = recording(composite), recording(decorator)
    request = read_request(new.request_body, Hook.SYNC)
    from_old = adapt_answer(request, old.answer_body, Dialect(COMPOSITE), V1, PASS)
    from_new = adapt_answer(request, new.answer_body, Dialect(DECORATOR), V1, PASS)
    assert set(from_old.identities()) == {
        Identity(each.apiVersion, each.kind, old.request["parent"]["metadata"]["name"], each.name)
        for each in from_new.identities()
    }
    assert json.loads(from_old.body)["status"] == json.loads(from_new.body)["status"]


def test_an_item_without_namespace_has_the_parents():
    body = compact({"children": [config_map("a"), config_map("b", namespace="other"), config_map("a")]})
    found = adapt_answer(call(COMPOSITE), body, Dialect(COMPOSITE), V1, PASS).identities()
    assert [(each.namespace, each.name) for each in found] == [("ns", "a"), ("other", "b"), ("ns", "a")]


# --- labels and annotations ---


@pytest.mark.parametrize(
    ("wanted", "beyond"),
    [
        ({"labels": {"tier": "dev"}}, []),
        ({"labels": {"absent": None}}, []),
        ({"labels": {}, "annotations": None}, []),
        ({"labels": {"tier": "prod"}}, [("labels", "tier", "prod")]),
        ({"labels": {"tier": None}}, [("labels", "tier", None)]),
        ({"labels": {"new": "1"}, "annotations": {"note": ""}}, [("labels", "new", "1"), ("annotations", "note", "")]),
    ],
)
@pytest.mark.parametrize("choice", ["refuse", "drop"])
def test_what_a_composite_front_cannot_say_of_the_parent(wanted, beyond, choice):
    body = compact({"attachments": [], "status": {"a": 1}, **wanted})
    adapted = adapt_answer(call(COMPOSITE), body, Dialect(DECORATOR), V1, Alterations(inexpressible=choice))
    assert [(entry.field, entry.key, entry.value) for entry in adapted.inexpressible] == beyond
    assert (adapted.refusal and adapted.refusal.code) == ("inexpressible" if beyond and choice == "refuse" else None)
    assert json.loads(adapted.body) == {"children": [], "status": {"a": 1}}


def test_labels_in_a_composite_answer_do_not_become_the_parents():
    body = compact({"children": [], "labels": {"a": "b"}})
    adapted = adapt_answer(call(DECORATOR), body, Dialect(COMPOSITE), V1, PASS)
    assert json.loads(adapted.body) == {"attachments": []}
    assert "foreign-field-dropped" in {note.code for note in adapted.notes}


# --- finalized ---


def test_finalized_outside_of_a_finalization_is_dropped_before_a_decorator_front():
    adapted = adapt_answer(call(DECORATOR), b'{"children":[],"finalized":true}', Dialect(COMPOSITE), V1, PASS)
    assert adapted.body == b'{"attachments":[]}'
    assert "finalized-dropped" in {note.code for note in adapted.notes}


@pytest.mark.parametrize(
    ("front", "body"),
    [
        (DECORATOR, b'{"attachments":[],"finalized":true}'),
        (COMPOSITE, b'{"children":[],"status":{},"finalized":true}'),
    ],
)
def test_finalized_of_the_fronts_own_protocol_is_not_touched(front, body):
    assert adapt_answer(call(front), body, Dialect(front), V1, PASS).body is body


# --- refusals that depend on what would go out ---


@pytest.mark.parametrize("method", ["RollingInPlace", "RollingRecreate"])
@pytest.mark.parametrize("front", Protocol)
@pytest.mark.parametrize("status", ['"status":null,', ""], ids=["null", "absent"])
def test_no_status_with_a_rolling_method_is_refused(method, front, status):
    body = f'{{{status}"{LIST[front]}":[]}}'.encode()
    request = call(front, method=method)
    adapted = adapt_answer(request, body, Dialect(front), V1, PASS)
    assert adapted.refusal is not None
    assert adapted.refusal.code == "rolling-null-status"
    dropped = adapt_answer(request, body, Dialect(front), V1, Alterations(status="drop"))
    assert dropped.refusal is None
    assert json.loads(dropped.body)["status"] == {"phase": "before"}


@pytest.mark.parametrize("strict", ["true", "auto"])
@pytest.mark.parametrize("listed", ["[]", "null"])
@pytest.mark.parametrize("rest", ['"debug":1', '"status":null,"debug":1', '"status":{},"status":null'])
@pytest.mark.parametrize("front", Protocol)
def test_what_a_loose_metacontroller_would_crash_on_is_refused_however_strict_it_is_said_to_be(
    front, rest, listed, strict
):
    body = f'{{{rest},"{LIST[front]}":{listed}}}'.encode()
    adapted = adapt_answer(call(front, method="RollingInPlace"), body, Dialect(front), V1, Alterations(strict=strict))
    assert adapted.refusal is not None
    assert adapted.refusal.code == "rolling-null-status"


def test_a_decorator_without_status_is_served_before_a_rolling_composite_front():
    adapted = adapt_answer(
        call(COMPOSITE, method="RollingInPlace"), b'{"attachments":[]}', Dialect(DECORATOR), V1, PASS
    )
    assert adapted.refusal is None
    assert json.loads(adapted.body) == {"children": [], "status": {"phase": "before"}}


def test_a_repeated_field_is_never_carried_over():
    body = b'{"status":{"a":1},"status":{"b":2},"children":[]}'
    assert adapt_answer(call(COMPOSITE), body, Dialect(COMPOSITE), V1, PASS).body is body
    translated = adapt_answer(call(DECORATOR), body, Dialect(COMPOSITE), V1, PASS)
    assert translated.refusal is not None
    assert translated.refusal.code == "repeated-field"
    assert translated.body is body


@pytest.mark.parametrize(
    ("dialect", "alterations", "refused"),
    [
        (COMPOSITE, Alterations(), False),
        (DECORATOR, Alterations(), True),
        (COMPOSITE, Alterations(ownership=Ownership("dc")), True),
        (COMPOSITE, Alterations(status="drop"), True),
    ],
    ids=["same", "translated", "marked", "status-dropped"],
)
def test_what_metacontroller_would_reject_is_served_only_untouched(dialect, alterations, refused):
    body = f'{{"{LIST[dialect]}":[{{"apiVersion":"v1"}}]}}'.encode()
    adapted = adapt_answer(call(COMPOSITE), body, Dialect(dialect), V1, alterations)
    assert adapted.rejected == "Object 'Kind' is missing in a list item"
    assert (adapted.refusal is not None) is refused
    assert adapted.body is body


@pytest.mark.parametrize(
    ("front_version", "hooks", "strict", "rejected"),
    [
        (V1, {}, "auto", False),
        (V2, {"sync": {"version": "v2"}}, "auto", True),
        (V1, {"sync": {"version": "v1", "webhook": {"responseUnMarshallMode": "strict"}}}, "auto", True),
        (V2, {"sync": {"version": "v2", "webhook": {"responseUnMarshallMode": "loose"}}}, "auto", False),
        (V1, {}, "true", True),
        (V2, {}, "false", False),
    ],
)
def test_strictness_is_the_fronts_unless_it_is_configured(front_version, hooks, strict, rejected):
    request = call(COMPOSITE, hooks=hooks)
    body = b'{"children":[],"debug":1}'
    adapted = adapt_answer(request, body, Dialect(COMPOSITE), front_version, Alterations(strict=strict))
    assert (adapted.rejected is not None) is rejected
    assert adapted.body is body


@pytest.mark.parametrize("front", Protocol)
@pytest.mark.parametrize("dialect", Protocol)
def test_a_customize_answer_is_the_same_in_every_dialect(front, dialect):
    body = b'{"relatedResources": [{"apiVersion":"v1","resource":"configmaps","names":["a"]}]}'
    altering = Alterations(ownership=Ownership("dc"), status="drop")
    assert adapt_answer(call(front, Hook.CUSTOMIZE), body, Dialect(dialect), V1, altering).body is body


def test_a_refused_answer_has_nothing_to_list():
    adapted = adapt_answer(call(COMPOSITE), b"{}", Dialect(COMPOSITE), V1, PASS)
    assert adapted.refusal is not None
    assert adapted.identities() == []


def test_a_call_with_an_unreadable_controller_serves_nothing():
    body = call(COMPOSITE).body.replace(b'"childResources":[{', b'"childResources":[5,{')
    adapted = adapt_answer(read_request(body, Hook.SYNC), b'{"children":[]}', Dialect(COMPOSITE), V1, PASS)
    assert adapted.refusal is not None
    assert adapted.refusal.code == "unreadable"


BESIDE = rb'{"attachments":[],"\ud800":1}'
WITHIN = rb'{"attachments":[{"apiVersion":"v1","kind":"A","\ud800":1,"metadata":{"name":"a"}}]}'


@pytest.mark.parametrize("body", [BESIDE, WITHIN], ids=["beside-the-list", "in-an-item"])
def test_a_key_that_is_no_unicode_passes_as_it_is(body):
    passed = adapt_answer(call(DECORATOR), body, Dialect(DECORATOR), V1, PASS)
    assert (passed.body, passed.refusal) == (body, None)


def test_a_key_that_is_no_unicode_is_refused_where_it_would_have_to_be_written():
    refused = adapt_answer(call(COMPOSITE), BESIDE, Dialect(DECORATOR), V1, PASS)
    assert refused.refusal is not None
    assert refused.refusal.code == "unreadable"
    assert rb'"\ud800":1' in adapt_answer(call(COMPOSITE), WITHIN, Dialect(DECORATOR), V1, PASS).body


def test_an_item_with_a_key_that_is_no_unicode_gets_no_mark():
    adapted = adapt_answer(call(DECORATOR), WITHIN, Dialect(DECORATOR), V1, Alterations(ownership=Ownership("dc")))
    assert adapted.body == WITHIN
    assert [note.code for note in adapted.notes] == ["mark-impossible"]


@pytest.mark.parametrize("versions", [(V1, V2), (V2, V1), (V1, V1), (V2, V2)], ids="{0[0]} in front of {0[1]}".format)
def test_where_either_speaks_v1_a_rule_for_another_namespace_is_rejected(versions):
    """A v1 implementation is not shown what it asked for then, and would remove what it derives from that."""
    front, own = versions
    body = b'{"relatedResources":[{"apiVersion":"v1","resource":"secrets","namespace":"infra"}]}'
    request = call(COMPOSITE, Hook.CUSTOMIZE)
    found = adapt_answer(request, body, Dialect(COMPOSITE, own), front, PASS)
    assert (found.rejected is None) is (versions == (V2, V2))
