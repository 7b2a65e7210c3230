"""Equality and spelling as Go has them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.simulate.values import at, copied, same, wire

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("left", "right"),
    [(1, 1.0), (1, True), (0, False), (None, {}), ([], {}), ("1", 1), ({"a": 1}, {"a": 1, "b": None}), ([1], [1, 1])],
)
def test_values_that_python_or_a_reader_might_take_for_equal_differ(left: Any, right: Any) -> None:
    assert not same(left, right)
    assert not same({"x": [left]}, {"x": [right]})


@given(JSON)
def test_a_copy_is_the_same_value(value: Any) -> None:
    assert same(copied(value), value)


@pytest.mark.parametrize(("held", "sent"), [(1.0, 1), (1.5, 1.5), (True, True), ({"a": [2.0]}, {"a": [2]})])
def test_a_float_without_fraction_is_sent_as_an_integer(held: Any, sent: Any) -> None:
    assert same(wire(held), sent)


def test_a_path_through_something_else_finds_nothing() -> None:
    assert at({"a": "text"}, "a", "b") is None
    assert at({"a": {"b": 0}}, "a", "b") == 0
