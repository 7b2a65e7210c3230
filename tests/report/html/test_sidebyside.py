import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shadow.report.html.sidebyside import Kind, Row, fold, rows, side_by_side

Lines = list[str]


def kinds(old: Lines, new: Lines) -> list[str]:
    return [row.kind.value for row in rows(old, new)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (["a", "b"], ["a", "b"], ["same", "same"]),
        (["a", "b"], ["a", "c"], ["same", "changed"]),
        (["a"], ["a", "b"], ["same", "added"]),
        (["a", "b"], ["b"], ["removed", "same"]),
        (["a"], [], ["removed"]),
        (["a", "b"], ["c"], ["changed", "removed"]),
    ],
    ids=["equal", "changed", "added", "removed", "gone", "uneven"],
)
def test_lines_that_go_together_share_a_row(old: Lines, new: Lines, expected: list[str]):
    assert kinds(old, new) == expected


@settings(deadline=None)
@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_every_line_of_both_is_there_in_order_with_its_number(old: Lines, new: Lines):
    found = list(rows(old, new))
    assert [(row.old_number, row.old) for row in found if row.old is not None] == list(enumerate(old, 1))
    assert [(row.new_number, row.new) for row in found if row.new is not None] == list(enumerate(new, 1))
    assert all(row.old == row.new for row in found if row.kind is Kind.SAME)


@settings(deadline=None)
@given(st.lists(st.sampled_from(list(Kind)), max_size=60))
def test_folding_hides_no_change_and_loses_no_row(order: list[Kind]):
    lines = [Row(kind, number, "x", number, "x") for number, kind in enumerate(order)]
    blocks = fold(lines)
    assert [row for block in blocks for row in block.rows] == lines
    assert all(row.kind is Kind.SAME for block in blocks if block.folded for row in block.rows)
    assert all(len(block.rows) > 1 for block in blocks if block.folded)


def test_three_lines_around_a_change_stay_open():
    old = [str(number) for number in range(20)]
    new = [*old[:10], "new", *old[11:]]
    blocks = fold(list(rows(old, new)))
    assert [(block.folded, len(block.rows)) for block in blocks] == [(True, 7), (False, 7), (True, 6)]


def test_objects_are_written_as_kubernetes_orders_them():
    old = {"status": {}, "spec": {"b": 1, "a": 1}, "metadata": {"name": "web"}, "kind": "K", "apiVersion": "v1"}
    shown = [row.old for block in side_by_side(old, None) for row in block.rows]
    assert shown == ["apiVersion: v1", "kind: K", "metadata:", "  name: web", "spec:", "  a: 1", "  b: 1", "status: {}"]


def test_the_order_of_keys_is_no_difference():
    blocks = side_by_side({"a": 1, "b": [{"x": 1, "y": 2}]}, {"b": [{"y": 2, "x": 1}], "a": 1})
    assert {row.kind for block in blocks for row in block.rows} == {Kind.SAME}


def test_long_values_are_cut_and_it_is_said():
    blocks = side_by_side({"a": list(range(5000))}, {"a": list(range(5000))})
    assert [row.old for block in blocks for row in block.rows][-1] == "# 1001 more lines"
