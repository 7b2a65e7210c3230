"""Plans added up from parents' states: pure, a table for each question."""

from collections.abc import Iterable

import msgspec
import pytest

from shadow.compare.model import ObjectEffect
from shadow.protocol.objects import Identity, ParentRef
from shadow.report.plan import MOST_LISTED, Plan, Question, plan
from shadow.report.window import moment
from shadow.store.base import Moves, ParentState
from shadow.terms import Effect, Side, Stage

SERVICE = Identity("v1", "Service", "ns", "ui")


def moves(*effects: Effect) -> Moves:
    counts = {f"{effect} Service": effects.count(effect) for effect in effects}
    return Moves(counts, tuple(ObjectEffect(SERVICE, effect) for effect in effects))


def state(
    name: str = "a",
    served: Side | None = Side.OLD,
    at: float | None = 100.0,
    old: Moves | None = None,
    new: Moves | None = None,
) -> ParentState:
    parent = ParentRef("v1", "Namespace", "", name, f"uid-{name}")
    last = ParentState("m", parent, Side.OLD, served, None, None, compared_at=at, seen_at=100.0)
    return msgspec.structs.replace(last, moves_old=old, moves_new=new)


def planned(
    *states: ParentState,
    to: Side = Side.NEW,
    before: Side = Side.OLD,
    live: bool = True,
    passed_over: bool = False,
    evident: bool = True,
    held: bool = False,
) -> Plan:
    def would_be_held(_: ParentState, effects: Iterable[ObjectEffect]) -> tuple[ObjectEffect, ...]:
        return tuple(effects) if held else ()

    question = Question(
        lambda _: before, lambda _: to, lambda _: live, lambda _: passed_over, lambda _: evident, would_be_held
    )
    return plan(states, question, migration="m", stage=Stage.LIVE, weight=0.0, brake=False)


@pytest.mark.parametrize(
    ("effect", "writes"),
    [
        (Effect.DELETE, [("delete", 1)]),
        (Effect.UPDATE, [("update", 1)]),
        (Effect.CREATE, [("create", 1)]),
        (Effect.RECREATE, [("delete", 1), ("create", 1)]),
        (Effect.INEXPRESSIBLE, []),
    ],
    ids=str,
)
def test_effects_are_told_as_the_writes_they_are(effect: Effect, writes: list[tuple[str, int]]):
    found = planned(state(new=moves(effect)))
    assert [(line.verb, line.count) for line in found.writes] == writes


def test_who_nobody_calls_for_is_counted_apart():
    found = planned(state("a", new=moves(Effect.DELETE)), state("b", at=None), passed_over=True)
    assert (found.unselected, found.known, found.moving.to_new, found.without_evidence) == (2, 0, 0, 0)


def test_writes_add_up_over_parents():
    found = planned(state("a", new=moves(Effect.DELETE, Effect.DELETE)), state("b", new=moves(Effect.DELETE)))
    [line] = found.writes
    assert (line.verb, line.kind, line.count, line.parents) == ("delete", "Service", 3, 2)
    assert found.moving.to_new == found.known == 2
    assert [line.parent.name for line in found.parents] == ["a", "b"]


def test_each_direction_has_its_own_writes():
    both = state(served=Side.NEW, old=moves(Effect.DELETE), new=moves(Effect.UPDATE))
    found = planned(both, before=Side.NEW, to=Side.OLD)
    assert [line.verb for line in found.writes] == ["delete"]
    assert (found.parents[0].from_side, found.parents[0].to_side) == (Side.NEW, Side.OLD)


def test_who_stays_or_is_gone_is_no_part_of_it():
    assert planned(state(new=moves(Effect.DELETE)), to=Side.OLD).moving.to_old == 0
    assert planned(state(new=moves(Effect.DELETE)), live=False).known == 0


@pytest.mark.parametrize(
    "blind",
    [planned(state(new=moves(Effect.DELETE)), evident=False), planned(state(at=None))],
    ids=["other evidence", "never compared"],
)
def test_a_parent_without_evidence_is_told_and_nothing_is_guessed(blind: Plan):
    assert (blind.without_evidence, blind.writes) == (1, ())
    assert blind.parents[0].writes is None


def test_who_was_answered_by_that_side_all_along_needs_no_evidence():
    found = planned(state(served=Side.NEW, at=None), evident=False)
    assert (found.moving.to_new, found.without_evidence, found.writes) == (1, 0, ())


def test_what_that_side_wants_at_another_revision_is_not_known():
    found = planned(state(served=Side.NEW), evident=False)
    assert (found.moving.to_new, found.without_evidence, found.writes) == (1, 1, ())


def test_what_would_be_held_is_not_written():
    found = planned(state(new=moves(Effect.DELETE)), held=True)
    assert (found.held, found.writes, found.parents[0].objects) == (1, (), ())
    assert found.parents[0].held[0].object == SERVICE


def test_going_back_is_never_held():
    back = planned(state(served=Side.NEW, old=moves(Effect.DELETE)), before=Side.NEW, to=Side.OLD, held=True)
    assert (back.held, back.writes[0].verb) == (0, "delete")


def test_the_age_of_the_evidence_spans_all_that_move():
    found = planned(state("a", at=50.0, new=moves()), state("b", at=90.0, new=moves()))
    assert (found.oldest_evidence, found.newest_evidence) == (moment(50.0), moment(90.0))


def test_the_blind_come_first_then_most_writes_and_a_long_list_ends():
    many = [state(f"p{number:04}", new=moves(Effect.UPDATE)) for number in range(MOST_LISTED + 5)]
    worst = state("worst", new=moves(Effect.DELETE, Effect.DELETE))
    found = planned(*many, worst, state("blind"))
    assert [line.parent.name for line in found.parents[:2]] == ["blind", "worst"]
    assert (len(found.parents), found.moving.to_new) == (MOST_LISTED, MOST_LISTED + 7)
