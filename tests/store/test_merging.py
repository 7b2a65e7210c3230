from shadow.protocol.objects import Identity
from shadow.store.merging import merged, merged_related
from shadow.store.records import GivenRules, RelatedState
from shadow.terms import Outcome, Side
from tests.store.records import MIGRATION, NOON, parent, service, state

A, B = service(1, "a"), service(1, "b")


def served(side: Side, at: float, *new: Identity, **fields):
    return state(1, side, at, new_identities=new or None, **fields)


def test_what_was_served_later_and_what_was_compared_later_both_hold() -> None:
    one = served(Side.NEW, NOON + 2, A, outcome=Outcome.MATCHED, compared_at=NOON + 1)
    other = served(Side.OLD, NOON + 1, outcome=Outcome.MISMATCHED, compared_at=NOON + 3)
    for found in (merged(one, other), merged(other, one)):
        assert (found.served, found.primary, found.seen_at) == (Side.NEW, Side.NEW, NOON + 2)
        assert (found.outcome, found.compared_at) == (Outcome.MISMATCHED, NOON + 3)


def test_what_either_knows_to_be_listed_counts_as_listed() -> None:
    one, other = served(Side.NEW, NOON + 2, A), served(Side.NEW, NOON + 1, B)
    assert set(merged(one, other).new_identities or ()) == {A, B}
    assert merged(one, served(Side.OLD, NOON + 3)).new_identities == (A,)


def test_of_customize_answers_the_later_holds_and_no_rules_are_forgotten() -> None:
    old, new = GivenRules((b"1",), 1, "old"), GivenRules((b"2",), 1, "new")
    one = RelatedState(MIGRATION, parent().uid, "f", NOON, {Side.OLD: old, Side.NEW: new}, (Side.OLD, Side.NEW))
    other = RelatedState(MIGRATION, parent().uid, "f", NOON + 1, {Side.OLD: old}, (Side.OLD,))
    for found in (merged_related(one, other), merged_related(other, one)):
        assert found.answered == (Side.OLD,)
        assert found.given == {Side.OLD: old, Side.NEW: new}


def test_of_two_answers_under_way_together_at_two_replicas_only_what_both_say_counts() -> None:
    given = {side: GivenRules((side.encode(),), 1, side) for side in Side}
    one = RelatedState(MIGRATION, parent().uid, "f", NOON, given, (Side.OLD,), began_at=NOON - 2)
    other = RelatedState(MIGRATION, parent().uid, "f", NOON + 1, given, (Side.OLD, Side.NEW), began_at=NOON - 1)
    for found in (merged_related(one, other), merged_related(other, one)):
        assert (found.answered, found.perhaps) == ((Side.OLD,), (Side.NEW,))
        assert merged_related(found, found) == merged_related(found, one) == found
    after = RelatedState(MIGRATION, parent().uid, "f", NOON + 3, given, (Side.OLD, Side.NEW), began_at=NOON + 2)
    assert merged_related(merged_related(one, other), after) == after
