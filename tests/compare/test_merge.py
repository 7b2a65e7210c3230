"""The merge against the real implementation's vectors, its laws, and the places where the laws do not hold."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.compare.merge import item_key, merge, merge_key

VECTORS = json.loads((Path(__file__).parent.parent / "data" / "apply_merge.json").read_text())

scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0]) | st.sampled_from("ab")
keys = st.sampled_from(["name", "port", "x", "y", "value"])
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4))
objects = st.dictionaries(keys, values, max_size=4)
typed: st.SearchStrategy[dict[str, Any]] = st.deferred(
    # Each field has one type, as in the cluster: "m" holds objects, "l" lists of objects, the others scalars.
    lambda: st.fixed_dictionaries(
        {}, optional={"m": typed, "l": st.lists(typed, max_size=3), "name": st.sampled_from("abc"), "x": scalars}
    )
)


def spelled(value):
    """Text that tells 1, 1.0 and True apart."""
    return json.dumps(value, sort_keys=True)


@pytest.mark.parametrize("index", range(len(VECTORS)))
def test_merge_does_what_the_real_implementation_did(index):
    vector = VECTORS[index]
    before = spelled(vector)
    merged = merge(vector["observed"], vector["lastApplied"], vector["desired"])
    assert spelled(merged) == spelled(vector["merged"])
    assert spelled(vector) == before, "an argument was mutated"


def has_twins(value):
    """Whether some list in here holds two items with an equal value of a merge key."""
    if isinstance(value, dict):
        return any(map(has_twins, value.values()))
    if not isinstance(value, list):
        return False
    for key in ("port", "name"):
        names = [item_key(item[key]) for item in value if isinstance(item, dict) and key in item]
        if len(names) != len(set(names)):
            return True
    return any(map(has_twins, value))


@given(typed, typed, typed)
def test_merging_the_same_again_changes_nothing(observed, last, desired):
    if has_twins(observed) or has_twins(last) or has_twins(desired):
        return
    once = merge(observed, last, desired)
    if has_twins(once):
        return
    assert spelled(merge(once, desired, desired)) == spelled(once)


@given(objects, objects)
def test_with_nothing_desired_before_or_now_the_object_stays(observed, last):
    assert spelled(merge(observed, {}, {})) == spelled(observed)
    assert set(merge(observed, last, {})) == set(observed) - set(last)


@given(objects, objects, objects)
def test_fields_that_nobody_claims_survive(observed, last, desired):
    merged = merge(observed, last, desired)
    for key in set(observed) - set(last) - set(desired):
        assert spelled(merged[key]) == spelled(observed[key])


@pytest.mark.parametrize(
    ("observed", "last", "desired", "merged"),
    [
        pytest.param({"a": True}, {}, {"a": 1}, {"a": 1}, id="true-is-not-one"),
        pytest.param({"a": 1}, {}, {"a": 1.0}, {"a": 1.0}, id="one-is-not-one-point-zero"),
        pytest.param({"m": {"k": 1}}, {}, {"m": 5}, {"m": {"k": 1}}, id="scalar-does-not-replace-a-map"),
        pytest.param({"m": {"k": 1, "u": 2}}, {"m": {"k": 1}}, {"m": 5}, {"m": {"u": 2}}, id="but-removes-its-fields"),
        pytest.param({"l": [1]}, {}, {"l": {"k": 1}}, {"l": None}, id="map-for-a-list-becomes-null"),
        pytest.param({"l": None}, {}, {"l": {"k": 1}}, {"l": {"k": 1}}, id="and-the-map-the-next-time"),
        pytest.param({"l": [1, 2]}, {}, {"l": [2]}, {"l": [2]}, id="plain-list-is-replaced"),
        pytest.param({"a": 1}, {"a": 1}, {}, {}, id="no-longer-desired-goes"),
        pytest.param({"a": 1}, {"a": 1}, {"a": None}, {"a": None}, id="null-is-kept"),
        pytest.param(
            {"l": [{"name": "a", "d": 1}, {"name": "b"}]},
            {"l": [{"name": "b"}]},
            {"l": [{"name": "c"}, {"name": "a", "v": 2}]},
            {"l": [{"name": "a", "d": 1, "v": 2}, {"name": "c"}]},
            id="items-by-name-in-observed-order",
        ),
        pytest.param(
            {"l": [{"port": 80, "nodePort": 3}]},
            {},
            {"l": [{"port": "80"}]},
            {"l": [{"port": "80", "nodePort": 3}]},
            id="keys-compare-as-text",
        ),
        pytest.param(
            {"l": [{"name": "a", "v": 1}, {"name": "a", "v": 2}]},
            {},
            {"l": [{"name": "a", "w": 3}]},
            {"l": [{"name": "a", "v": 2, "w": 3}, {"name": "a", "v": 2, "w": 3}]},
            id="twins-both-become-the-last",
        ),
        pytest.param(
            {"l": [{"name": "a"}, 1]}, {}, {"l": [{"name": "a"}]}, {"l": [{"name": "a"}]}, id="mixed-list-is-replaced"
        ),
    ],
)
def test_rule(observed, last, desired, merged):
    assert spelled(merge(observed, last, desired)) == spelled(merged)


@pytest.mark.parametrize(
    ("lists", "key"),
    [
        ([[{"name": "a", "port": 1}], [{"port": 2, "name": "b"}], None], "port"),
        ([[{"name": "a", "port": 1}], [{"name": "b"}]], "name"),
        ([[{"k": "a"}]], None),
        ([[], [], None], None),
        ([[{"name": "a"}], ["a"]], None),
        ([[{"containerPort": 1, "name": "a", "port": 1, "mountPath": "m"}]], "containerPort"),
        ([[{"mountPath": "m", "name": "a"}]], "mountPath"),
        ([[{"uid": "u", "ip": "i", "path": "p"}]], "uid"),
        ([[{"ip": "i", "path": "p"}]], "ip"),
        ([[{"path": "p"}]], "path"),
    ],
)  # fmt: skip
def test_merge_key_is_the_first_one_that_all_items_share(lists, key):
    assert merge_key(*lists) == key


def test_objects_may_be_nested_deeper_than_the_stack():
    observed: Any = {"v": 1}
    last: Any = {"v": 1}
    desired: Any = {"v": 2}
    for _ in range(5000):
        observed, last, desired = {"k": observed}, {"k": last}, {"k": desired}
    merged = merge(observed, last, desired)
    for _ in range(5000):
        merged = merged["k"]
    assert merged == {"v": 2}
