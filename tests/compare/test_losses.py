"""Items of lists that a write takes away from somebody else."""

import pytest

from shadow.compare.losses import MAX_PAIRS, loses_items
from shadow.compare.merge import MERGE_KEYS


@pytest.mark.parametrize(
    ("observed", "last", "desired", "expected"),
    [
        pytest.param(["a", "x"], ["a"], ["a"], True, id="an-item-of-somebody-else"),
        pytest.param(["a", "b"], ["a", "b"], ["a"], False, id="an-item-of-its-own"),
        pytest.param(["a"], None, ["a", "b"], False, id="nothing-more-is-there"),
        pytest.param(["a", "x"], ["a"], None, True, id="the-list-becomes-null"),
        pytest.param([{"name": "a"}, {"name": "x"}], [], [{"name": "a"}], False, id="told-apart-by-name"),
        pytest.param([{"name": "a"}, {"name": "x"}], [], [{"k": "a"}], True, id="one-without-the-key"),
        pytest.param([{"key": "a", "more": 1}], [], [{"key": "a"}], False, id="a-field-more-is-the-same-item"),
        pytest.param([{"key": "a", "l": [{"p": 1, "q": 2}]}], [], [{"key": "a", "l": [{"p": 1}]}], False, id="deep"),
        pytest.param([{"name": "a", "l": [1, 2]}], [], [{"name": "a", "l": [1]}], True, id="within-an-item"),
        pytest.param([1], [], [1.0], False, id="another-spelling"),
        pytest.param({"l": ["x"]}, {}, {}, False, id="a-list-that-is-not-wanted"),
        pytest.param({"l": ["x"]}, {}, {"l": []}, True, id="a-list-that-is-wanted-empty"),
        pytest.param({"l": {"x": 1}}, {}, {"l": []}, False, id="no-list"),
    ],
)
def test_an_item_is_lost_where_the_list_is_replaced(observed, last, desired, expected):
    assert loses_items(observed, last, desired, MERGE_KEYS) is expected


def test_nothing_is_said_of_lists_too_long_to_compare():
    there = [{"k": number} for number in range(MAX_PAIRS)]
    assert not loses_items(there, [], [{"k": -1}, {"k": -2}], MERGE_KEYS)
    assert loses_items(there, [], [{"k": -1}], MERGE_KEYS)
