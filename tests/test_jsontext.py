"""A changed value stands in its place, and every other byte is as it was written."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.jsontext import MAX_DEPTH, MalformedError, rewritten

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def marked(value: Any) -> Any:
    """A copy in which every text is another one."""
    if isinstance(value, dict):
        return {key: marked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [marked(item) for item in value]
    return f"<{value}>" if isinstance(value, str) else value


@given(VALUES, st.sampled_from([None, 2]), st.booleans())
def test_a_text_that_nothing_changes_keeps_every_byte(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert rewritten(text, lambda read: read) == text


@given(VALUES)
def test_what_is_changed_is_what_is_read_afterwards(value):
    assert json.loads(rewritten(json.dumps(value), marked)) == marked(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('{"a":"x","n":1.0,"m":1e3,"k":-0}', '{"a":"y","n":1.0,"m":1e3,"k":-0}', id="numbers"),
        pytest.param(' [ "x" ,\n"\\u00e9" ]\n', ' [ "y" ,\n"\\u00e9" ]\n', id="blanks-and-escapes"),
        pytest.param('{"b": 1, "a": "x"}', '{"b": 1, "a": "y"}', id="order"),
        pytest.param('{"a": "x", "a": "z"}', '{"a": null, "a": "z"}', id="a-key-twice"),
        pytest.param('{"a": {"b": "x"}, "a": {"b": "x"}}', '{"a": null, "a": {"b": "y"}}', id="an-object-twice"),
        pytest.param('"x"', '"y"', id="a-scalar"),
        pytest.param("[]", "[]", id="empty"),
    ],
)
def test_only_the_value_itself_is_written_anew(text, expected):
    def change(value):
        if isinstance(value, dict):
            return {key: change(item) for key, item in value.items()}
        return [change(item) for item in value] if isinstance(value, list) else "y" if value == "x" else value

    assert rewritten(text, change) == expected


def test_a_new_value_is_spelled_as_go_spells_it():
    assert rewritten('["x"]', lambda _: ["<a>&\u2028é\ud800"]) == '["<a>&\\u2028\\u00e9\\ud800"]'
    assert rewritten('["x"]', lambda _: ["<a>&\u2028é"]) == '["\\u003ca\\u003e\\u0026\\u2028é"]'


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1,]", '{"a" 1}', "{a: 1}", "nul", "01", "NaN", '"a', '"a\nb"', "[] []", '{"a":1,}', "[1}", "\ufeff{}"],
)
def test_what_is_no_json_is_said_to_be_none(text):
    with pytest.raises(MalformedError):
        rewritten(text, lambda read: read)


def test_depth_is_bounded_and_not_by_the_stack():
    assert rewritten("[" * MAX_DEPTH + "]" * MAX_DEPTH, lambda read: read)
    with pytest.raises(MalformedError):
        rewritten("[" * 100_000 + "]" * 100_000, lambda read: read)
