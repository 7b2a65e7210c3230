"""How much is too much, and what is still within the window."""

from typing import Any

import pytest

from shadow.config.judging import Guard
from shadow.proxy.guard.window import CALLS, FAILED, PAIRS, Window, alone, effect, excess, took
from shadow.terms import Side

OLD, NEW = took(Side.OLD), took(Side.NEW)


def guard(**values: Any) -> Guard:
    return Guard.model_validate(values)


@pytest.mark.parametrize(
    ("settings", "totals", "told"),
    [
        ({}, {}, None),
        ({}, {CALLS: 49, FAILED: 49}, None),
        ({}, {CALLS: 100, FAILED: 1}, None),
        ({}, {CALLS: 100, FAILED: 2}, "new failed in 2 of 100 calls (2%) within 10m; 1% allowed"),
        ({"max_failed": "50%"}, {CALLS: 50, FAILED: 25}, None),
        ({"max_failed": "100%"}, {CALLS: 50, FAILED: 50}, None),
        (
            {},
            {effect("delete"): 1},
            "answers of new that were served had 1 delete that old's had not within 10m; 0 allowed",
        ),
        ({}, {effect("delete"): 1, alone("delete"): 1}, "1 delete that no rule expects (old was not asked) within"),
        ({}, {effect("delete"): 3, alone("delete"): 1}, "where old was not asked (1 of them), within 10m"),
        ({"max_effects": {"delete": 2}}, {effect("delete"): 2}, None),
        ({"max_effects": {"update": 1}}, {effect("delete"): 9}, None),
        ({"max_effects": {"update": 1}}, {effect("update"): 2}, "2 updates"),
        ({}, {PAIRS: 50, OLD: 1.0, NEW: 100.0}, None),
        ({"max_latency_ratio": 3}, {PAIRS: 49, OLD: 1.0, NEW: 100.0}, None),
        ({"max_latency_ratio": 3}, {PAIRS: 50, OLD: 1.0, NEW: 3.0}, None),
        (
            {"max_latency_ratio": 3},
            {PAIRS: 50, OLD: 0.5, NEW: 2.0},
            "new took 4.0 times as long as old (40 ms to 10 ms, mean of 50 calls) within 10m; 3 times allowed",
        ),
        ({"max_latency_ratio": 3}, {PAIRS: 50, NEW: 2.0}, "new took longer than old"),
    ],
    ids=str,
)
def test_bounds(settings: dict[str, Any], totals: dict[str, float], told: str | None):
    why = excess(guard(**settings), totals)
    assert why is None if told is None else why is not None and told in why


def test_effects_come_before_rates():
    why = excess(guard(), {CALLS: 100, FAILED: 100, effect("delete"): 1})
    assert why is not None
    assert "1 delete" in why


def test_what_is_older_than_the_window_does_not_count():
    window = Window(60)
    for second in range(0, 120, 10):
        window.add(second, {CALLS: 1})
    assert window.totals[CALLS] == 6
    window.add(1000, {FAILED: 1})
    assert (window.totals[CALLS], window.totals[FAILED]) == (0, 1)
    assert window.keep_from(1000) == 95


def test_it_goes_on_where_another_process_stopped():
    window = Window(60, {10: {CALLS: 3}, 2: {CALLS: 50}})
    assert window.totals[CALLS] == 3
    window.add(105, {CALLS: 1})
    assert window.totals[CALLS] == 4
    assert window.take_unsaved() == {10: {CALLS: 1}}
    assert window.take_unsaved() == {}


def test_what_could_not_be_written_is_written_with_the_next():
    window = Window(60)
    window.add(105, {CALLS: 1})
    unsaved = window.take_unsaved()
    window.add(106, {CALLS: 2})
    window.give_back(unsaved)
    assert window.take_unsaved() == {10: {CALLS: 3}}
    assert window.totals[CALLS] == 3
