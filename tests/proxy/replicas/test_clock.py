import time

import pytest

from shadow.proxy.replicas.clock import SharedClock


@pytest.fixture
def clock() -> SharedClock:
    return SharedClock()


def ahead(clock: SharedClock) -> float:
    return clock() - time.time()


def test_it_is_the_databases_time(clock: SharedClock) -> None:
    clock.set(1_000_100.0, asked=1_000_000.0, answered=1_000_000.01)
    assert ahead(clock) == pytest.approx(99.995, abs=0.005)


def test_a_slow_answer_tells_less_than_a_quick_one_before(clock: SharedClock) -> None:
    clock.set(1000.0, asked=1000.0, answered=1000.001)
    clock.set(1001.9, asked=1001.0, answered=1002.0)
    assert ahead(clock) == pytest.approx(0.0, abs=0.01)


def test_a_clock_that_somebody_set_is_put_right_at_once(clock: SharedClock) -> None:
    clock.set(1000.0, asked=1000.0, answered=1000.001)
    clock.set(1001.0, asked=4601.0, answered=4601.5)
    assert ahead(clock) == pytest.approx(-3600.25, abs=0.01)
