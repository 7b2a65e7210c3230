"""Dynamic apply of one object: what is written, and that the quick answer is the exact one."""

from hypothesis import given
from hypothesis import strategies as st

from shadow.compare.canonical import same
from shadow.compare.dynamic import Desired, last_applied, prepared
from shadow.compare.golang import compact_json
from shadow.protocol.messages import identity_of
from shadow.protocol.names import LAST_APPLIED, SYSTEM_METADATA
from tests.compare.calls import config_map, observed, request, view

scalars = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.5, 1.0]) | st.sampled_from("ab")
names = st.sampled_from(["name", "port", "x", "status", "y"])
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3))
fields = st.dictionaries(names, values, max_size=3)


@given(fields, fields, st.booleans())
def test_the_quick_answer_is_that_of_the_whole_merge(there, wanted, same_as_before):
    desired = {"kind": "K", "metadata": {"name": "n"}} | wanted
    last = desired if same_as_before else {"kind": "K", "metadata": {"name": "n"}} | there
    live = {"kind": "K", "metadata": {"name": "n", "annotations": {LAST_APPLIED: compact_json(last)}}} | there
    applying = Desired(desired)
    assert applying.writes(live) is not same(applying.applied(live), live)


@given(fields)
def test_what_was_just_written_is_not_written_again_unless_go_spells_it_otherwise(wanted):
    desired = {"kind": "K", "metadata": {"name": "n"}} | wanted
    live = Desired(desired).applied({"kind": "K", "metadata": {"name": "n"}})
    if "1.0" not in str(wanted) and "name" not in str(wanted) and "port" not in str(wanted):
        assert not Desired(desired).writes(live)


def test_system_fields_and_status_are_those_of_the_cluster():
    live = observed(config_map(), generation=3) | {"status": {"phase": "live"}}
    echoed = config_map(data={"a": "2"}, uid="other", resourceVersion="1", generation=9, selfLink="/x")
    written = Desired(echoed | {"status": {"phase": "wanted"}}).applied(live)
    assert written["status"] == {"phase": "live"}
    assert {key: written["metadata"][key] for key in SYSTEM_METADATA & written["metadata"].keys()} == {
        "uid": "uid-cm",
        "resourceVersion": "7",
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "generation": 3,
    }
    assert written["data"] == {"a": "2"}


def test_a_status_that_the_cluster_does_not_have_is_not_written():
    assert "status" not in Desired(config_map() | {"status": {"phase": "wanted"}}).applied(observed(config_map()))


def test_what_was_applied_last_and_is_not_wanted_any_more_goes():
    live = observed(config_map(data={"a": "1", "b": "1"}))
    there = live | {"data": live["data"] | {"c": "somebody else's"}}
    assert Desired(config_map(data={"a": "1"})).applied(there)["data"] == {"a": "1", "c": "somebody else's"}


def test_metacontroller_2_takes_two_mounts_of_one_volume_for_the_same_item():
    mounts = [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}]
    item = config_map() | {"mounts": mounts}
    for_4, for_2 = Desired(item), Desired(item, release_4=False)
    assert not for_4.has_twins
    assert not for_4.writes(for_4.applied(config_map()))
    assert for_2.has_twins
    written = for_2.applied(config_map())
    assert for_2.writes(written)
    assert for_2.applied(written)["mounts"] == [mounts[1], mounts[1]]


def _prepared(item, **settings):
    seen = view(request(**settings))
    return prepared(seen, identity_of(item, "ns"), item)


def test_a_decorators_item_carries_its_mark_and_the_parents_namespace():
    item = config_map(annotations={LAST_APPLIED: "{}", "mine": "1"})
    assert _prepared(item)["metadata"] == {
        "name": "cm",
        "namespace": "ns",
        "annotations": {"mine": "1", "metacontroller.k8s.io/decorator-controller": "dc"},
    }
    assert item["metadata"]["annotations"][LAST_APPLIED] == "{}", "the argument was changed"


def test_a_composites_item_carries_the_label_of_a_generated_selector_where_it_is_absent():
    generated = {"front": "composite", "spec": {"generateSelector": True}}
    assert _prepared(config_map(), **generated)["metadata"]["labels"] == {"controller-uid": "uid-p"}
    own = config_map(labels={"controller-uid": "other"})
    assert _prepared(own, **generated)["metadata"]["labels"] == {"controller-uid": "other"}
    assert "labels" not in _prepared(config_map(), front="composite")["metadata"]


def test_a_composites_item_loses_a_last_applied_configuration_of_its_own():
    assert _prepared(config_map(annotations={LAST_APPLIED: "x"}), front="composite")["metadata"]["annotations"] == {}


def test_metacontroller_2_does_not_write_the_namespace_into_an_item():
    assert "namespace" not in _prepared(config_map(), spec={"hooks": {"sync": {}}})["metadata"]


def test_a_last_applied_configuration_that_cannot_be_read_is_none():
    for text in ("not json", "[1]", '"text"', "\ud800"):
        live = {"metadata": {"annotations": {LAST_APPLIED: text}}}
        assert last_applied(live) is None
    assert last_applied({}) is None
    assert last_applied({"metadata": {"annotations": {LAST_APPLIED: '{"a":1}'}}}) == {"a": 1}
