import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.protocol.wire import (
    UnreadableError,
    encode,
    join_object,
    json_type,
    may_be_beyond_float,
    parse,
    parse_as,
    repeats_a_key,
    split_array,
    split_object,
)

SPELLINGS = [
    b"1",
    b"1.0",
    b"1e3",
    b"-0.0",
    b"-0",
    b"9223372036854775808",
    b"1e400",
    b"0.10",
    b"123456789012345678901234567890",
]
TEXTS = [rb'"\ud800"', rb'"\u00e9"', '"é"'.encode(), b'"\xff"', rb'"\/"', b'"' + "😀".encode() + b'"']
DEEP = b"[" * 3000 + b"]" * 3000


@pytest.mark.parametrize(
    "value", [*SPELLINGS, *TEXTS, DEEP, b'{"b":1,"a":2}'], ids=lambda value: value[:30].decode("latin-1")
)
def test_a_value_keeps_its_bytes_through_split_and_join(value):
    text = b'{"z":' + value + b',"a":[' + value + b"]}"
    fields = split_object(text)
    assert bytes(fields["z"]) == value
    assert [bytes(item) for item in split_array(fields["a"])] == [value]
    assert bytes(join_object(fields)) == text


def test_an_int_beyond_64_bits_is_written_whole():
    assert bytes(encode({"a": 2**70})) == b'{"a":1180591620717411303424}'


def test_a_lone_surrogate_is_written_as_an_escape():
    assert bytes(encode({"\ud800": 1})) == rb'{"\ud800":1}'


@pytest.mark.parametrize("text", [b"[]", b"null", b'"a"', b"1", b"", b"{", b"nope", b"{}x", b'{"a":NaN}'])
def test_what_is_no_object_is_unreadable(text):
    with pytest.raises(UnreadableError):
        split_object(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b' {"a":1}', "object"),
        (b"[", "array"),
        (b'"', "string"),
        (b"true", "bool"),
        (b"false", "bool"),
        (b"null", "null"),
        (b"-1", "number"),
        (b"\n\n", "nothing"),
    ],
)
def test_the_first_character_tells_the_type(text, expected):
    assert json_type(text) == expected


BEYOND_ANY_PYTHON = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    "text", [b"1e999", b"NaN", b"-Infinity", BEYOND_ANY_PYTHON, b"[1,]"], ids=lambda text: text[:9].decode()
)
def test_what_cannot_be_held_is_unreadable(text):
    with pytest.raises(UnreadableError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1),
        ("1.0", 1.0),
        ("-0", 0),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("9223372036854775808", float(2**63)),
        ("-9223372036854775809", -float(2**63)),
        ("18446744073709551615", float(2**64)),
        ("123456789012345678901234567890", 123456789012345678901234567890.0),
        ('"18446744073709551615"', "18446744073709551615"),
        ("0.1000000000000000055511151231257827", 0.1),
    ],
)
def test_ints_of_64_bits_stay_ints_and_all_other_numbers_are_floats_as_in_go(text, expected):
    (value,) = parse(f"[{text}]".encode())
    assert (type(value), value) == (type(expected), expected)


def test_half_a_surrogate_pair_is_the_replacement_character():
    assert parse(rb'{"\ud800":"\ud800"}') == {"\ufffd": "\ufffd"}


class _Shape(msgspec.Struct):
    name: str = ""


@pytest.mark.parametrize("rest", [b"1", rb'"\ud800"', DEEP], ids=["plain", "surrogate", "deep"])
def test_only_the_fields_of_the_shape_have_to_be_readable(rest):
    assert parse_as(b'{"rest":' + rest + b',"name":"a"}', _Shape).name == "a"


@pytest.mark.parametrize("text", [b'{"name":1}', b"[]", rb'{"name":1,"rest":"\ud800"}', b'{"name":"a"'])
def test_a_field_of_another_type_is_unreadable(text):
    with pytest.raises(UnreadableError):
        parse_as(text, _Shape)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":1}', False),
        ('{"a":1,"a":2}', True),
        ('{"a":1,"a":1}', True),
        ('{"a":1,"\\u0061":1}', True),
        ('{"é":1,"b":2}', False),
        ("{}", False),
        (json.dumps({"status": {}, "children": [1, 2]}), False),
        (json.dumps({"status": {}, "children": [1, 2]}, indent=8), False),
        (json.dumps({"status": {}, "children": []}, indent=1)[:-1] + ', "status": {}}', True),
    ],
)
def test_repeated_keys_are_found_whatever_the_spacing(text, expected):
    body = text.encode()
    assert repeats_a_key(body, split_object(body)) is expected


@pytest.mark.parametrize("key", [rb'"\ud800"', b'"\xff"', rb'"a\udfff"'], ids=["half-a-pair", "no-utf-8", "at-the-end"])
def test_a_key_that_cannot_be_written_as_it_was_is_not_written(key):
    fields = split_object(b'{"a":1,' + key + b":2}")
    with pytest.raises(UnreadableError, match="no Unicode"):
        join_object(fields)


@pytest.mark.parametrize(
    ("text", "split"),
    [(b'{"a":"\\ud800","b":[' + b"1," * 200_000 + b"1]}", split_object), (b"[" * 2 + b"1," * 200_000, split_array)],
    ids=["half a surrogate pair", "never closed"],
)
def test_unusual_text_is_read_closely_up_to_a_length(text, split):
    """Reading closely is slow, and no other call is answered meanwhile."""
    with pytest.raises(UnreadableError, match="too long to be read closely"):
        split(text)


@pytest.mark.parametrize(
    "text",
    [
        b"1e400",
        b"-1e400",
        b"1E+400",
        b"1e0000400",
        b'{"a":1e400}',
        b'{"a": 1.5e999}',
        b"[0,1e400]",
        b"[0,\n1e400]",
        b'{"sha":"1e234","a":1e400}',
        b"9" * 309,
        b"9" * 210 + b"e99",
        b'{"a":' + b"1." + b"0" * 100 + b"e400}",
    ],
    ids=lambda text: text[:30].decode("latin-1"),
)
def test_a_number_beyond_a_float_is_seen(text):
    assert may_be_beyond_float(text)


@pytest.mark.parametrize(
    "text",
    [
        b'{"image":"a@sha256:0c1e2345f0e1e999"}',
        b'{"uid":"7c1e2345-1e23-4e56-8e99-9e1234567890"}',
        b'{"uid":"12345678-1234-4e56-8e99-9e1234567890"}',
        b'"1e400"',
        b'{"cpu":1e3,"memory":1e-300,"n":12345678901234567890}',
        b"9" * 209 + b"e99",
    ],
    ids=lambda text: text[:30].decode("latin-1"),
)
def test_what_only_looks_like_a_number_beyond_a_float_gets_no_close_look(text):
    assert not may_be_beyond_float(text)


@given(st.from_regex(r"-?(0|[1-9][0-9]{0,250})(\.[0-9]{1,80})?([eE][-+]?[0-9]{1,5})?", fullmatch=True))
def test_no_number_beyond_a_float_passes_unseen(number):
    beyond = abs(float(number)) == float("inf")
    assert may_be_beyond_float(f'{{"hash":"x","n": {number} }}'.encode()) or not beyond
