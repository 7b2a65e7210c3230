"""Where two values differ: paths, kinds of change, and the traps on the way."""

import copy
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.compare.canonical import same
from shadow.compare.diff import MAX_ALIGNED, field_changes, value_at
from shadow.fieldpath import render
from shadow.terms import Change

scalars = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([1.0, 0.5]) | st.sampled_from(["", "a"])
keys = st.sampled_from(["name", "labels", "__p", "x"])
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4))


def found(old, new):
    return [(render(each.path), str(each.change)) for each in field_changes(old, new)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param({"a": 1}, {"a": 1}, [], id="same"),
        pytest.param({"a": 1}, {"a": 2}, [("a", "changed")], id="changed"),
        pytest.param({"a": 1}, {}, [("a", "removed")], id="removed"),
        pytest.param({}, {"a": 1}, [("a", "added")], id="added"),
        pytest.param({"a": None}, {}, [("a", "removed")], id="null-is-not-absent"),
        pytest.param({"a": 1}, {"a": True}, [("a", "changed")], id="one-and-true"),
        pytest.param({"a": 1}, {"a": 1.0}, [("a", "changed")], id="one-and-one-point-zero"),
        pytest.param({"a": 1}, {"a": "1"}, [("a", "changed")], id="one-and-text"),
        pytest.param({"a": {}}, {"a": []}, [("a", "changed")], id="map-and-list"),
        pytest.param({"a": {"__p": 1}}, {"a": {"__p": 2}}, [("a.__p", "changed")], id="private-key"),
        pytest.param({"l": [{"__p": 1}]}, {"l": [{"__p": 2}]}, [("l[0].__p", "changed")], id="private-key-in-a-list"),
        pytest.param([1, True, 1.0], [1.0, 1, True], [("[0]", "added"), ("[2]", "removed")], id="ones-in-a-list"),
        pytest.param([1], [True], [("[0]", "changed")], id="one-and-true-in-a-list"),
        pytest.param(
            {"metadata": {"labels": {"a.b/c": "1", "d": "2"}}},
            {"metadata": {}},
            [('metadata.labels["a.b/c"]', "removed"), ("metadata.labels.d", "removed")],
            id="labels-one-by-one",
        ),
        pytest.param({}, {"data": {"k": "v"}}, [("data.k", "added")], id="data-one-by-one"),
        pytest.param({}, {"labels": {}}, [("labels", "added")], id="empty-map"),
        pytest.param({}, {"spec": {"k": "v"}}, [("spec", "added")], id="other-maps-whole"),
        pytest.param(
            {"c": [{"name": "main", "image": "a"}, {"name": "x"}]},
            {"c": [{"name": "main", "image": "b"}, {"name": "y"}]},
            [("c[name=x]", "removed"), ("c[name=y]", "added"), ("c[name=main].image", "changed")],
            id="items-by-merge-key",
        ),
        pytest.param(
            {"p": [{"port": 80, "n": 1}]},
            {"p": [{"port": "80", "n": 1}]},
            [("p[port=80].port", "changed")],
            id="80-and-text",
        ),
        pytest.param(
            {"c": [{"name": "a"}, {"name": "b"}]}, {"c": [{"name": "b"}, {"name": "a"}]}, [("c", "changed")], id="order"
        ),
        pytest.param({"c": []}, {"c": [{"name": "a"}]}, [("c[name=a]", "added")], id="first-item"),
        pytest.param(
            {"c": [{"name": "a", "v": 1}, {"name": "a", "v": 2}]},
            {"c": [{"name": "a", "v": 1}, {"name": "a", "v": 3}]},
            [("c[1].v", "changed")],
            id="twins-by-index",
        ),
        pytest.param(
            {"c": [1, {"name": "a"}]}, {"c": [1, {"name": "b"}]}, [("c[1].name", "changed")], id="mixed-by-index"
        ),
        pytest.param(list("abc"), list("xabc"), [("[0]", "added")], id="inserted"),
        pytest.param(list("abc"), list("ac"), [("[1]", "removed")], id="taken-out"),
        pytest.param(["a", "a"], ["a"], [("[1]", "removed")], id="duplicate-is-seen"),
        pytest.param(list("abc"), list("xabd"), [("[0]", "added"), ("[2]", "changed")], id="inserted-and-changed"),
    ],
)
def test_places(old, new, expected):
    assert sorted(found(old, new)) == sorted(expected)


@given(values, values)
def test_no_place_is_found_exactly_if_the_values_are_the_same(old, new):
    assert (not found(old, new)) is same(old, new)


@given(values)
def test_a_value_does_not_differ_from_its_copy(value):
    assert found(value, copy.deepcopy(value)) == []


@given(values, values)
def test_every_place_leads_to_what_differs(old, new):
    for each in field_changes(old, new):
        if each.change is Change.CHANGED:
            assert not same(value_at(old, each.old_keys), value_at(new, each.new_keys))
        elif each.change is Change.REMOVED:
            value_at(old, each.old_keys)
        else:
            value_at(new, each.new_keys)


def test_a_difference_900_levels_down_is_one_place():
    old: Any = "a"
    new: Any = "b"
    for _ in range(900):
        old, new = {"k": old}, {"k": new}
    (change,) = field_changes(old, new)
    assert len(change.path) == 900


def test_a_long_list_without_key_differs_as_a_whole_and_quickly():
    old = [f"a{index}" for index in range(MAX_ALIGNED * 20)]
    new = [f"b{index}" for index in range(MAX_ALIGNED * 20)]
    start = time.perf_counter()
    assert found({"l": old}, {"l": new}) == [("l", "changed")]
    assert time.perf_counter() - start < 2


def test_common_ends_do_not_count_as_long():
    items = [f"a{index}" for index in range(MAX_ALIGNED * 4)]
    changed = [*items[: MAX_ALIGNED * 2], "x", *items[MAX_ALIGNED * 2 :]]
    assert found(items, changed) == [(f"[{MAX_ALIGNED * 2}]", "added")]
