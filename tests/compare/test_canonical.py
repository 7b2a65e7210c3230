"""Sameness of JSON values, and the objects of a list."""

import msgspec
import pytest

from shadow.compare.canonical import Reader, keyed, order_of, same, spelled
from shadow.protocol.objects import Identity
from tests.compare.calls import encoded


def nested(levels, value):
    for _ in range(levels):
        value = {"k": [value]}
    return value


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (1, 1, True),
        (1, True, False),
        (0, False, False),
        (1, 1.0, False),
        (2**70, 2**70, True),
        (2**70, 2**70 + 1, False),
        ("1", 1, False),
        (None, False, False),
        ({}, [], False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ([1, 2], [2, 1], False),
        ({"a": None}, {}, False),
        ({"__private": 1}, {"__private": 2}, False),
        ("\ud800", "\ud800", True),
        ("\ud800", "\ud801", False),
        ({"a": "\ud800", "b": 1}, {"b": True, "a": "\ud800"}, False),
        (["\ud800", {"a": [1]}], ["\ud800", {"a": [1]}], True),
        (["\ud800", [1]], ["\ud800", [1, 2]], False),
        ({"a": "\ud800"}, {"b": "\ud800"}, False),
        (nested(2000, 1), nested(2000, 1), True),
        (nested(2000, 1), nested(2000, 1.0), False),
    ],
)
def test_values_are_the_same_only_if_they_are_spelled_the_same(one, other, expected):
    assert same(one, other) is expected
    assert same(other, one) is expected


def test_what_cannot_be_spelled_is_equal_to_nothing_else():
    one, other = nested(2000, 1), nested(2000, 1)
    assert spelled(one) != spelled(other)
    assert spelled({"b": 1, "a": 2}) == spelled({"a": 2, "b": 1})


def raw(name, namespace=None, api_version="v1", kind="ConfigMap", **extra):
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return msgspec.Raw(encoded({"apiVersion": api_version, "kind": kind, "metadata": metadata} | extra))


def read(items, default_namespace):
    return keyed(map(Reader(default_namespace).item, items))


def test_what_two_answers_spell_alike_is_read_once_and_nothing_else():
    reader = Reader("ns")
    (identity, first), (_, again), (_, other) = map(reader.item, [raw("a"), raw("a"), raw("a", x=1)])
    assert identity == Identity("v1", "ConfigMap", "ns", "a")
    assert first is again
    assert other != first


def test_objects_are_keyed_by_their_identity_with_the_parents_namespace():
    found = read([raw("a"), raw("a", "far"), raw("a", api_version="apps/v1")], "ns")
    assert list(found.objects) == [
        Identity("v1", "ConfigMap", "ns", "a"),
        Identity("v1", "ConfigMap", "far", "a"),
        Identity("apps/v1", "ConfigMap", "ns", "a"),
    ]
    assert list(read([raw("a")], "").objects) == [Identity("v1", "ConfigMap", "", "a")]
    assert found.duplicates == ()


def test_of_duplicates_the_last_counts_and_each_is_told_once():
    found = read([raw("a", x=1), raw("b"), raw("a", "ns", x=2), raw("a", x=3)], "ns")
    identity = Identity("v1", "ConfigMap", "ns", "a")
    item = found.objects[identity]
    assert item is not None
    assert item["x"] == 3
    assert found.duplicates == (identity,)


def test_an_object_too_deep_to_hold_still_has_its_identity():
    text = encoded({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}})
    deep = msgspec.Raw(text[:-1] + b',"x":' + b"[" * 5000 + b"]" * 5000 + b"}")
    assert read([deep], "ns").objects == {Identity("v1", "ConfigMap", "ns", "a"): None}


def test_order_is_of_the_named_groups_only():
    found = read([raw("b"), raw("a"), raw("s", kind="Secret")], "ns").objects
    assert order_of(found, frozenset({"ConfigMap.v1"})) == ["ConfigMap/ns/b", "ConfigMap/ns/a"]
    assert order_of(found, frozenset()) == []
