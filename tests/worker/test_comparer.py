"""What was foreseen of a parent's next call is that of the call that came last."""

import msgspec
import pytest

from shadow.compare.model import Pair
from shadow.terms import Side
from shadow.worker.comparer import RuledComparer
from shadow.worker.frames import Setup
from tests.compare.calls import answer, config_map, observed, pair, request

WANTED = answer(config_map())


def call(number: int, *seen) -> Pair:
    one = pair(request(*seen), WANTED, WANTED)
    previous = f"call-{number - 1}" if number > 1 else None
    return msgspec.structs.replace(
        one, id=f"call-{number}", at=float(number), caller="DecoratorController/dc", served=Side.NEW, previous=previous
    )


@pytest.mark.parametrize("order", [(1, 2), (2, 1)], ids=["in-order", "the-later-first"])
def test_a_comparison_that_was_overtaken_does_not_hide_what_was_foreseen(order):
    comparer = RuledComparer(Setup(b"key"))
    calls = {1: call(1, observed(config_map())), 2: call(2)}
    for number in order:
        comparer.compare(calls[number])
    shown = comparer.compare(call(3, observed(config_map())))
    assert (shown.confirmed, shown.contradicted) == (1, 0)
