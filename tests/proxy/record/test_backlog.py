"""What waits to be written is bounded in calls and in bytes."""

from typing import Any

import pytest

from shadow.proxy.record.backlog import Backlog
from shadow.store.base import Call
from tests.store.records import call, comparison


def large(number: int) -> Call:
    return call(f"call-{number}", compared=comparison(old=b"x" * 10))


def answers(calls: list[Call]) -> list[Any]:
    return [each.comparison and each.comparison.old_answer for each in calls]


def test_answers_are_kept_as_far_as_they_fit_and_every_call_is():
    backlog = Backlog(most_bytes=25)
    for number in range(3):
        backlog.append(large(number))
    assert answers(backlog.take(9)) == [b"x" * 10, b"x" * 10, None]


@pytest.mark.parametrize("written", [True, False], ids=["written", "given back"])
def test_a_batch_counts_until_it_is_done_with(written: bool):
    backlog = Backlog(most_bytes=10)
    backlog.append(large(0))
    batch = backlog.take(1)
    backlog.append(large(1))
    (backlog.written if written else backlog.give_back)(batch)
    backlog.append(large(2))
    assert answers(backlog.take(9)) == [*([] if written else [None]), None, b"x" * 10]


def test_beyond_its_number_the_oldest_are_lost_and_counted():
    backlog = Backlog(most_calls=2, most_bytes=20)
    for number in range(3):
        backlog.append(large(number))
    assert [each.id for each in backlog.take(9)] == ["call-1", "call-2"]
    assert backlog.lost == 1
