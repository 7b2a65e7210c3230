"""Values as lines: what a reader, and YAML, take them for."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from shadow.report.lines import diff, scalar, yaml
from shadow.terms import Change
from tests.report.scene import compared, difference, reported

SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "<namespace>", "annotations": {"sidecar.istio.io/inject": "false"}},
    "spec": {
        "ports": [{"port": 80, "name": "http"}, {"port": 443, "nodePort": None}],
        "nested": [[1, [2.5, True]], [], {}],
        "text": "two\nlines: and a #",
        "version": "1.0",
        "image": "registry/web:1.2",
        "empty": "",
    },
}


TEXTS = [
    "one\ntwo",
    "one\ntwo\n",
    "one\n\n  two: |\n\n\n",
    "  indented\nnot",
    "\nfirst is empty",
    "a\n \n\tb",
    "\n\n",
    "red\n\x1b[31m",
    "a\r\nb",
    "--- a\n- b\n# c\n...",
]


@pytest.mark.parametrize("text", TEXTS, ids=repr)
def test_a_text_is_read_back_wherever_it_stands(text: str):
    for value in (text, {"a": text, "b": 1}, [text, 1], [[text], {"a": [text]}], {"a": {"b": text}}):
        assert YAML(typ="safe", pure=True).load("\n".join(yaml(value)) + "\n") == value


def test_a_text_is_shown_line_by_line():
    assert list(yaml({"data": {"run.sh": "set -e\nexec web\n"}})) == [
        "data:",
        "  run.sh: |",
        "    set -e",
        "    exec web",
    ]


def test_of_two_texts_the_lines_that_differ_are_shown(tmp_path: Path):
    old = "".join(f"line {n}\n" for n in range(100))
    new = old.replace("line 50\n", "line fifty\nline 50b\n")
    assert lines_of(tmp_path, Change.CHANGED, old, new) == [
        "  ... 50 same",
        "- line 50",
        "+ line fifty",
        "+ line 50b",
        "  ... 50 same",
    ]


@pytest.mark.parametrize("value", [SERVICE, [SERVICE], {"a": []}, [], "web", 1, None, [[["x"]]]], ids=repr)
def test_yaml_reads_back_what_was_written(value: Any):
    text = "\n".join(yaml(value))
    assert YAML(typ="safe", pure=True).load(text) == value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("web", "web"),
        ("registry/web:1.2", "registry/web:1.2"),
        ("true", '"true"'),
        ("Null", '"Null"'),
        ("1", '"1"'),
        (1, "1"),
        (1.0, "1.0"),
        (True, "true"),
        (None, "null"),
        ("key: value", '"key: value"'),
        ("trailing ", '"trailing "'),
        ("- item", '"- item"'),
        ("", '""'),
        ("grün", '"grün"'),
        ("\x1b[31mred", '"\\u001b[31mred"'),
        ("\u202egnp.exe", '"\\u202egnp.exe"'),
    ],
)
def test_types_stay_visible_and_nothing_reaches_the_terminal(value: Any, shown: str):
    assert scalar(value) == shown


def lines_of(tmp_path: Path, change: Change, old: Any = None, new: Any = None, most: int = 5) -> list[str]:
    report = reported(tmp_path, compared("team-a", difference(change=change, old=old, new=new)))
    return diff(report.differences[0], most)


def test_a_changed_value_shows_both(tmp_path: Path):
    assert lines_of(tmp_path, Change.CHANGED, "1", 1) == ['- "1"', "+ 1"]


def test_a_removed_value_shows_only_what_old_had(tmp_path: Path):
    assert lines_of(tmp_path, Change.REMOVED, {"a": 1, "b": None}) == ["- a: 1", "- b: null"]


def test_an_added_value_shows_only_what_new_has(tmp_path: Path):
    assert lines_of(tmp_path, Change.ADDED, new=[1, 2]) == ["+ - 1", "+ - 2"]


def test_null_is_shown_where_a_field_became_null(tmp_path: Path):
    assert lines_of(tmp_path, Change.CHANGED, {"a": 1}, None) == ["- a: 1", "+ null"]


def test_long_values_are_cut_with_a_mark(tmp_path: Path):
    assert lines_of(tmp_path, Change.ADDED, new=list(range(9)), most=3) == ["+ - 0", "+ - 1", "+ - 2", "+ ..."]


def test_a_long_line_is_cut_with_a_mark(tmp_path: Path):
    [line] = lines_of(tmp_path, Change.REMOVED, "x" * 5000)
    assert len(line) <= 202
    assert line.endswith("...")


def test_depth_is_bounded():
    value: Any = "end"
    for _ in range(500):
        value = [value]
    assert len("\n".join(yaml(value))) < 5000
