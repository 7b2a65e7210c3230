import pytest

from shadow.store.base import Counters, Slot
from shadow.terms import Outcome
from shadow.web.page.chart import HEIGHT, WIDTH, WINDOWS, chart, span

NOON = 1_800_000_000.0 // 86_400 * 86_400 + 43_200


def slots(*counted: tuple[float, Counters]) -> list[Slot]:
    return [Slot(NOON - seconds, counters) for seconds, counters in counted]


@pytest.mark.parametrize("window", WINDOWS)
def test_bars_stand_still_between_two_looks_and_reach_until_now(window: str):
    since, until = span(window, NOON + 7)
    assert (since, until) == span(window, NOON + 8)
    assert until - WINDOWS[window] <= NOON + 7 < until
    assert 48 <= (until - since) / WINDOWS[window] <= 72


def test_heights_are_shares_of_the_highest_bar():
    drawn = chart("1h", NOON, slots((120, Counters(matched=30, mismatched=10)), (60, Counters(matched=20))))
    first, second = drawn.bars
    assert (drawn.most, first.calls, second.calls) == (40, 40, 20)
    assert [(one.outcome, one.y, one.height) for one in first.rectangles] == [
        (Outcome.MATCHED, 30.0, 90.0),
        (Outcome.MISMATCHED, 0.0, 30.0),
    ]
    assert second.rectangles[0].height == HEIGHT / 2
    assert 0 <= first.x < second.x < WIDTH


def test_one_call_among_thousands_is_still_seen():
    (bar,) = chart("1h", NOON, slots((60, Counters(matched=100_000, failed=1)))).bars
    assert {one.outcome: one.height for one in bar.rectangles}[Outcome.FAILED] == 1.0


def test_nothing_counted_draws_nothing():
    drawn = chart("24h", NOON, [])
    assert (drawn.bars, drawn.most) == ((), 0)
    assert all(count == 0 for _, count in drawn.totals)
