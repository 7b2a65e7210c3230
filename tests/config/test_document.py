import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shadow.config.document import MAX_TEXT, read, spelled
from shadow.errors import ConfigurationError


def problems(text):
    with pytest.raises(ConfigurationError) as caught:
        read(text, "shadow.yaml")
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: off", "off"),
        ("a: yes", "yes"),
        ("a: on", "on"),
        ("a: true", True),
        ("a: False", False),
        ("a:", None),
        ("a: ~", None),
        ("a: 010", 10),
        ("a: 0o17", 15),
        ("a: 0x1f", 31),
        ("a: -3", -3),
        ("a: 1e3", 1000.0),
        ("a: 10%", "10%"),
        ("a: 2027-01-31", "2027-01-31"),
        ("a: 12:30:00", "12:30:00"),
        ('a: "1"', "1"),
        ("a: |\n  x\n  y\n", "x\ny\n"),
    ],
    ids=repr,
)
def test_a_scalar_is_what_yaml_1_2_says(text, expected):
    assert read(text, "f").value == {"a": expected}


def test_an_alias_stands_for_its_anchor():
    assert read("a: &x {b: [1]}\nc: *x\n", "f").value == {"a": {"b": [1]}, "c": {"b": [1]}}


def test_every_key_and_item_has_its_line():
    lines = read("a:\n  b: 1\n  c:\n  - x\n  - y\n", "f").lines
    assert lines[("a", "b")] == 2
    assert lines[("a", "c", 1)] == 5


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text(), _JSON, min_size=1, max_size=5), st.sampled_from([None, 2, "\t"]))
def test_json_is_yaml(value, indent):
    assert read(json.dumps(value, indent=indent), "f").value == value


def test_a_key_of_json_may_be_long():
    value = {"k" * 5000: {"\U0001f600" * 900: 1}}
    assert read(json.dumps(value), "f").value == value


def test_json_has_its_lines_and_tells_duplicate_keys():
    text = '{\n  "a": {\n    "b": [1,\n      2]\n  },\n  "c": 1\n}'
    assert read(text, "f").lines[("a", "b", 1)] == 4
    assert problems(text.replace('"c"', '"a"')) == ["a: is given twice (line 6)"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{a: off}", {"a": "off"}),
        ('{"a": 1,}', {"a": 1}),
        ('{"a": 1} # why', {"a": 1}),
        ('{"a": 012}', {"a": 12}),
        ('{"a": NaN}', {"a": "NaN"}),
        ('  {"a": -1.5E+2, "b": null, "c": false}', {"a": -150.0, "b": None, "c": False}),
    ],
    ids=repr,
)
def test_what_only_begins_like_json_is_yaml(text, expected):
    assert read(text, "f").value == expected


@pytest.mark.parametrize(
    "text", ['{"a": [1, 2}', '{"a" 1', '{"a": "\\ud800"}', '{"a": tru e]', '{"a": 1}}', '{"a":' * 2000]
)
def test_faulty_json_is_refused_in_one_line(text):
    (told,) = problems(text)
    assert "\n" not in told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "shadow.yaml: is empty"),
        ("# nothing\n", "shadow.yaml: is empty"),
        ("- a", "shadow.yaml: must be a mapping of keys"),
        ("a: 1\n---\nb: 2", "another document"),
        ("a: [1", "(line"),
        ("a: *nope", "undefined alias"),
        ("a: !!python/object/apply:os.system [x]", "a: has a value"),
        ("a: !secret x", "a: has a value"),
        ("a: !!binary aGk=", "a: has a value"),
        ("? [a]\n: 1", "plain text as its keys (line 1)"),
        ("a: \ud800", "characters that YAML forbids"),
        ('a: "\\ud800"', "a: has a value"),
        ("a: \x00", "characters that YAML forbids"),
        ("a: &a [*a]", "nested too deeply"),
        ("a: " + "[" * 60 + "]" * 60, "nested too deeply"),
        ("[" * 2_000, "nested too deeply"),
        ("a: " + "9" * 5000, "a: has a value"),
        ("#" * (MAX_TEXT + 1), "too long"),
    ],
    ids=range(18),
)
def test_what_cannot_be_read_is_said_in_one_line(text, expected):
    (told,) = problems(text)
    assert expected in told
    assert "\n" not in told


def test_aliases_of_aliases_are_counted_before_they_are_written_out():
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12))
    assert "too large" in problems(f"l0: &l0 [x, x]\n{levels}\n")[0]


def test_every_duplicate_key_is_told_with_its_line():
    told = problems("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n")
    assert told == ["b.c: is given twice (line 4)", "a: is given twice (line 5)"]


def test_a_merge_key_is_no_magic():
    assert read("a: {<<: {b: 1}}", "f").value == {"a": {"<<": {"b": 1}}}


def test_a_syntax_error_does_not_repeat_the_text_around_it():
    assert "fake-password" not in problems("a: {b: 'fake-password\n")[0]


def test_a_location_is_spelled_with_dots_and_brackets():
    assert (
        spelled(("migrations", "kfp", "compare", "ignore", 0, "because")) == "migrations.kfp.compare.ignore[0].because"
    )
