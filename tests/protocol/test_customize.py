import json

import pytest

from shadow.protocol.customize import (
    NO_RULES,
    RelatedRules,
    adds_nothing,
    inseparable,
    is_certain,
    read_rules,
    rules_fault,
    select_related,
    union_rules,
)
from shadow.protocol.dialect import Dialect
from shadow.protocol.keys import split_groups
from shadow.protocol.messages import read_request
from shadow.protocol.shown import adapt_request
from shadow.protocol.wire import UnreadableError
from shadow.terms import Hook, HookVersion, Protocol
from tests.protocol.recordings import call, compact, config_map, recording, recordings

V1, V2 = HookVersion


def _rule(**parts):
    return compact({"apiVersion": "v1", "resource": "configmaps", **parts})


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        ([], [], True),
        ([_rule()], [], True),
        ([_rule()], [b'{"resource": "configmaps", "apiVersion": "v1"}'], True),
        ([_rule(), _rule(names=["a"])], [_rule(names=["a"])], True),
        ([], [_rule()], False),
        ([_rule(names=["a"])], [_rule(names=["b"])], False),
    ],
)
def test_rules_add_nothing_where_all_of_them_are_among_ones_own(own, other, expected):
    assert adds_nothing(own, other) is expected


def test_the_union_has_every_rule_once_and_in_order():
    a, b, respelled = (
        _rule(names=["a"]),
        _rule(names=["b"]),
        b'{ "resource":"configmaps","names":["a"],"apiVersion":"v1"}',
    )
    assert read_rules(union_rules([a, b], [respelled, a])) == (a, b)
    assert union_rules([], []) == NO_RULES


@pytest.mark.parametrize("body", [NO_RULES, b'{"relatedResources":null}', b"{}"])
def test_no_rules_are_no_rules(body):
    assert read_rules(body) == ()


@pytest.mark.parametrize("body", [b"[]", b'{"relatedResources":{}}', b"nope"])
def test_what_is_no_customize_answer_is_unreadable(body):
    with pytest.raises(UnreadableError):
        read_rules(body)


@pytest.mark.parametrize(
    ("parts", "version", "parent_namespace", "taken"),
    [
        ({"namespace": "ns"}, V1, "ns", True),
        ({"namespace": "other"}, V1, "ns", False),
        ({"namespace": "other"}, V2, "ns", True),
        ({"namespace": "other"}, V1, "", True),
        ({"namespace": "other", "resource": "nodes"}, V1, "ns", True),
        ({"namespaceSelector": {}}, V1, "ns", False),
        ({"namespaceSelector": {}}, V2, "ns", True),
        ({"namespaceSelector": {}}, V1, "", True),
    ],
)
def test_in_v1_a_parent_with_a_namespace_relates_to_that_only(parts, version, parent_namespace, taken):
    body = union_rules([_rule(names=["fine"]), _rule(**parts)])
    assert (rules_fault(body, version, parent_namespace) is None) is taken


OBJECTS = {
    "ns/a": config_map("a", namespace="ns", labels={"tier": "dev", "app": "x"}),
    "ns/b": config_map("b", namespace="ns"),
    "other/a": config_map("a", namespace="other", labels={"tier": "prod"}),
    "c": config_map("c", labels={"tier": "dev"}),
}


def _expression(operator, *values):
    return {"labelSelector": {"matchExpressions": [{"key": "tier", "operator": operator, "values": list(values)}]}}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({}, {"ns/a", "ns/b", "other/a", "c"}),
        ({"labelSelector": {}}, {"ns/a", "ns/b", "other/a", "c"}),
        ({"labelSelector": {"matchLabels": {"tier": "dev"}}}, {"ns/a", "c"}),
        ({"labelSelector": {"matchLabels": {"tier": "dev", "app": "x"}}}, {"ns/a"}),
        (_expression("In", "prod", "test"), {"other/a"}),
        (_expression("NotIn", "prod"), {"ns/a", "ns/b", "c"}),
        (_expression("Exists"), {"ns/a", "other/a", "c"}),
        (_expression("DoesNotExist"), {"ns/b"}),
        (_expression("Near"), set()),
        ({"names": ["a"]}, {"ns/a", "other/a"}),
        ({"namespace": "ns"}, {"ns/a", "ns/b", "c"}),
        ({"namespace": "other", "names": ["a", "c"]}, {"other/a", "c"}),
        ({"namespace": "ns", "labelSelector": {"matchLabels": {"tier": "dev"}}}, {"ns/a", "c"}),
        ({"namespaceSelector": {"matchLabels": {"team": "a"}}}, {"ns/a", "ns/b", "other/a", "c"}),
        ({"names": ["a", None]}, {"ns/a", "other/a"}),
        ({"labelSelector": {"matchLabels": {"tier": None}}}, set()),
        ({"names": ["a"], "labelSelector": {}}, set()),
        ({"namespace": "ns", "namespaceSelector": {}}, set()),
    ],
)
def test_a_rule_selects_by_labels_names_and_namespace(parts, expected):
    related = split_groups(compact({"ConfigMap.v1": OBJECTS}))
    own = RelatedRules((_rule(**parts),), V2)
    assert select_related(related, own, "ns")["ConfigMap.v1"].keys() == expected


@pytest.mark.parametrize(
    ("version", "parent_namespace", "expected"),
    [
        (V1, "ns", {"ns/a", "ns/b", "c"}),
        (V1, "", {"ns/a", "ns/b", "other/a", "c"}),
        (V2, "ns", {"ns/a", "ns/b", "other/a", "c"}),
    ],
)
def test_v1_keeps_a_namespaced_parent_to_its_namespace(version, parent_namespace, expected):
    related = split_groups(compact({"ConfigMap.v1": OBJECTS}))
    found = select_related(related, RelatedRules((_rule(),), version), parent_namespace)
    assert found["ConfigMap.v1"].keys() == expected


def test_groups_of_the_other_implementation_are_left_out_and_own_empty_ones_stay():
    related = split_groups(compact({"ConfigMap.v1": {}, "Secret.v1": {"ns/s": config_map("s", namespace="ns")}}))
    assert select_related(related, RelatedRules((_rule(),)), "ns") == {"ConfigMap.v1": {}}
    assert select_related(related, RelatedRules(()), "ns") == {}


def test_rules_of_one_kind_add_up():
    related = split_groups(compact({"ConfigMap.v1": OBJECTS}))
    own = RelatedRules((_rule(names=["b"]), _rule(namespace="other")), V2)
    assert select_related(related, own, "ns")["ConfigMap.v1"].keys() == {"ns/b", "other/a", "c"}


def test_a_namespace_selector_selects_nothing_of_what_another_one_asked_for():
    """Whose they are cannot be told, and they may be Secrets."""
    related = split_groups(compact({"ConfigMap.v1": OBJECTS}))
    own = _rule(namespaceSelector={"matchLabels": {"tier": "prod"}})
    assert select_related(related, RelatedRules((own,), V2, (_rule(names=["a"]),)), "") == {"ConfigMap.v1": {}}
    assert select_related(related, RelatedRules((own,), V2, (own,)), "")["ConfigMap.v1"].keys() == OBJECTS.keys()


@pytest.mark.parametrize("rule", [b"[]", b'{"apiVersion":5}', b"nope"])
def test_a_rule_that_cannot_be_read_is_said(rule):
    with pytest.raises(UnreadableError):
        select_related({}, RelatedRules((rule,)), "")


@pytest.mark.parametrize(
    ("own", "beside", "keys", "shown", "certain"),
    [
        ("people", "pens", ["Person", "Pen"], {"Person"}, True),
        ("pens", "people", ["Person", "Pen"], {"Pen"}, True),
        ("mice", "mics", ["Mouse", "Mic"], {"Mouse"}, True),
        ("dbs", "dashboards", ["Database", "Dashboard"], {"Database"}, True),
        ("rdsinstances", "pens", ["Database", "Pen"], {"Database"}, True),
        ("geese", "mice", ["Mouse", "Goose"], {"Goose"}, True),
        ("people", "pens", ["Pony", "Person", "Pen"], {"Person"}, False),
        ("pens", "people", ["Pony", "Person", "Pen"], {"Pen"}, True),
        ("people", "mice", ["Secret"], set(), False),
    ],
)
def test_kinds_are_told_by_the_rules_of_both(own, beside, keys, shown, certain):
    rules = [_rule(apiVersion="x.io/v1", resource=plural) for plural in (own, beside)]
    related = split_groups(compact({f"{kind}.x.io/v1": {"a": config_map("a")} for kind in keys}))
    share = RelatedRules((rules[0],), V1, (rules[1],))
    assert select_related(related, share, "").keys() == {f"{kind}.x.io/v1" for kind in shown}
    assert is_certain(related, share) is certain


def test_a_kind_of_kubernetes_itself_is_never_one_with_another_plural():
    related = split_groups(compact({"Secret.v1": {"s": config_map("s")}}))
    assert select_related(related, RelatedRules((_rule(),)), "") == {}
    assert not is_certain(related, RelatedRules((_rule(),)))


SELECTING = {"namespaceSelector": {"matchLabels": {"tier": "prod"}}}


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        ([SELECTING], [{}], True),
        ([SELECTING], [SELECTING], False),
        ([SELECTING, {}], [{}], False),
        ([SELECTING, {"names": ["a"]}], [{"names": ["b"]}], True),
        ([SELECTING], [{"resource": "secrets"}], False),
        ([{"names": ["a"]}], [{"names": ["b"]}], False),
    ],
    ids=["one alone", "alike", "one has both", "both and another", "another kind", "no selector"],
)
def test_a_namespace_selector_cannot_be_told_from_another_rule_for_its_kind(own, other, expected):
    own, other = ([_rule(**parts) for parts in each] for each in (own, other))
    assert inseparable(own, other) is inseparable(other, own) is expected


CUSTOMIZED = [each for each in recordings() if each.name.endswith("customize")]


@pytest.mark.parametrize("each", CUSTOMIZED, ids=lambda each: each.name)
def test_recorded_rules_select_all_that_metacontroller_sent_for_them(each):
    """Alone, an implementation's rules select exactly what they had Metacontroller send: the very bytes."""
    steady = recording(each.name.replace("customize", "sync-steady"))
    request = read_request(steady.request_body, Hook.SYNC)
    own = RelatedRules(read_rules(each.answer_body), each.version)
    assert adapt_request(request, Dialect(each.front, each.version), each.version, related=own).body is request.body


def test_each_implementation_is_shown_its_own_share():
    related = {"ConfigMap.v1": {"mine": config_map("mine"), "theirs": config_map("theirs")}, "Secret.v1": {}}
    request = call(Protocol.DECORATOR, related=related)
    own = RelatedRules((_rule(names=["mine"]),))
    for protocol in Protocol:
        sent = json.loads(adapt_request(request, Dialect(protocol), V1, related=own).body)
        assert sent["related"] == {"ConfigMap.v1": {"mine": config_map("mine")}}
