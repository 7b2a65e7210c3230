"""Go's spelling of JSON values."""

import pytest

from shadow.compare.golang import compact_json, text


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        (1.0, "1"),
        (1.5, "1.5"),
        (-0.0, "-0"),
        (0.0, "0"),
        (100000.0, "100000"),
        (1e16, "10000000000000000"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (1e-6, "0.000001"),
        (-1.5e-6, "-0.0000015"),
        (9.9e-7, "9.9e-7"),
        (5e-324, "5e-324"),
        (2**63 - 1, "9223372036854775807"),
        (float(2**63), "9223372036854776000"),
        (True, "true"),
        (None, "null"),
        ("<a> & \u2028\u2029 é\x08\n", '"\\u003ca\\u003e \\u0026 \\u2028\\u2029 é\\b\\n"'),
        ({"b": [1.0, {"d": 2.0, "c": "x"}], "a": {}}, '{"a":{},"b":[1,{"c":"x","d":2}]}'),
    ],
)
def test_compact_json_is_spelled_as_go_marshals_it(value, spelled):
    assert compact_json(value) == spelled


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        (None, "<nil>"),
        (True, "true"),
        (False, "false"),
        (80, "80"),
        (80.0, "80"),
        (0.5, "0.5"),
        (1e-5, "1e-05"),
        (1e-4, "0.0001"),
        (1e21, "1e+21"),
        ("x", "x"),
        ({"b": 1, "a": [True, None]}, "map[a:[true <nil>] b:1]"),
    ],
)
def test_text_is_spelled_as_go_prints_it(value, spelled):
    assert text(value) == spelled


def test_compact_json_does_not_change_its_argument():
    value = {"a": [1.0]}
    compact_json(value)
    assert isinstance(value["a"][0], float)
