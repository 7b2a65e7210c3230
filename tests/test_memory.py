"""The bound on what all calls hold together."""

from shadow.memory import Memory


def test_what_does_not_fit_is_not_taken_and_counted():
    memory = Memory(10)
    one, other = memory.allot(), memory.allot()
    assert [one.take(6), other.take(5), other.take(4)] == [True, False, True]
    assert (memory.held, memory.turned_away) == (10, 1)


def test_the_upper_half_is_scarce():
    memory = Memory(10)
    held = [memory.allot(5)]
    assert not held[0].is_scarce
    held.append(memory.allot(1))
    assert held[0].is_scarce


def test_what_is_there_already_counts_beyond_the_bound():
    memory = Memory(10)
    held = memory.allot(12)
    assert memory.held == 12
    assert not held.take(0)


def test_it_ends_once_by_hand_or_with_its_holder():
    memory = Memory(10)
    first, second = memory.allot(3), memory.allot(4)
    first.end()
    first.end()
    assert memory.held == 4
    del second
    assert memory.held == 0
