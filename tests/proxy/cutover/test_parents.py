"""The memory of parents says the same whatever order the calls of one parent end in."""

from itertools import permutations

import pytest

from shadow.protocol.objects import ParentRef
from shadow.proxy.cutover.parents import Parents
from shadow.store.records import ParentState
from shadow.terms import Side

PARENT = ParentRef("v1", "Namespace", "", "team-a", "uid-a")


@pytest.mark.parametrize("order", list(permutations(("018a01", "018a02", "018a03"))), ids="-".join)
def test_the_call_that_came_last_is_the_one_it_was_answered_in(order: tuple[str, ...]):
    parents = Parents(())
    for call in order:
        parents.served("m", PARENT, Side.OLD, None, None, 0.0, answered_in=call)
    state = parents.get("m", PARENT.uid)
    assert state is not None
    assert state.answered_in == "018a03"


@pytest.mark.parametrize("order", list(permutations((1.0, 2.0, 3.0))), ids=str)
def test_the_call_that_came_last_is_the_one_whose_comparison_counts(order: tuple[float, ...]):
    parents = Parents(())
    for at in order:
        parents.compared(ParentState("m", PARENT, Side.OLD, None, None, None, compared_at=at, comparison=f"of-{at:g}"))
    state = parents.get("m", PARENT.uid)
    assert state is not None
    assert (state.compared_at, state.comparison) == (3.0, "of-3")
