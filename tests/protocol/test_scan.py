import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.protocol.scan import MAX_DEPTH, LongError, MalformedError, scan, unquote

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), values), st.sampled_from([None, 1]))
def test_an_object_is_split_into_the_bytes_of_its_members(value, indent):
    members = scan(json.dumps(value, indent=indent).encode())
    assert [key for key, _ in members] == list(value)
    assert [json.loads(raw) for _, raw in members] == list(value.values())


@given(st.lists(values))
def test_an_array_is_split_into_the_bytes_of_its_items(value):
    assert [(key, json.loads(raw)) for key, raw in scan(json.dumps(value).encode())] == [(None, each) for each in value]


@given(st.binary(max_size=30) | st.text(alphabet='{}[],:"1e.-tru nl\\', max_size=20).map(str.encode))
def test_it_accepts_exactly_what_is_json(text):
    try:
        json.loads(text.decode("utf-8", "replace").removeprefix("\ufeff"), parse_constant=lambda name: 1 / 0)
        expected = not text.startswith(b"\xef\xbb\xbf")
    except (ValueError, ZeroDivisionError):
        expected = False
    try:
        scan(text)
        found = True
    except MalformedError:
        found = False
    assert found == expected


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"{", b"[1,]", b'{"a":1,}', b'{"a" 1}', b'{"a":}', b"[1 2]", b"[}", b'{"a":1]', b"[]]", b"{} {}"),
        *(b"01", b"+1", b"1.", b".5", b"NaN", b"Infinity"),
        *(b"'a'", b'"\\q"', b'"a\nb"', b'"\\ud80"', b"\xef\xbb\xbf{}", b"{1:2}"),
    ],
)
def test_what_is_not_json_is_malformed(text):
    with pytest.raises(MalformedError):
        scan(text)


def test_a_repeated_key_is_told_each_time():
    assert scan(b'{"a":1, "a" : [ 2 ]}') == [("a", b"1"), ("a", b"[ 2 ]")]


def test_lone_surrogates_and_invalid_utf8_keep_their_bytes_in_values_and_are_replaced_in_keys_as_in_go():
    assert scan(b'{"\\ud800":"\\udfff","b":"\xff"}') == [("\ufffd", b'"\\udfff"'), ("b", b'"\xff"')]


@pytest.mark.parametrize(
    ("spelled", "text"),
    [
        (rb'"\ud83d\ude00"', "\U0001f600"),
        (rb'"\ud800\ud83d\ude00"', "\ufffd\U0001f600"),
        (rb'"\udc00\ud800"', "\ufffd\ufffd"),
        (rb'"\\ud800"', "\\ud800"),
        (rb'"\\\ud800\n"', "\\\ufffd\n"),
        (b'"\xed\xa0\x80"', "\ufffd\ufffd\ufffd"),
    ],
)
def test_half_a_surrogate_pair_is_replaced(spelled, text):
    assert unquote(spelled) == text


def test_nesting_is_bounded_as_in_go():
    deep = b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1)
    assert scan(b"[" + deep + b"]") == [(None, deep)]
    with pytest.raises(MalformedError):
        scan(b"[[" + deep + b"]]")


def test_patience_ends_before_a_long_text_does():
    assert scan(b"[1,2]", patience=5) == [(None, b"1"), (None, b"2")]
    with pytest.raises(LongError):
        scan(b"[1,2]", patience=4)
