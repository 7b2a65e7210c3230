"""What a change of primary would write, told from one call and independent of what was observed in it."""

import pytest

from shadow.compare.answer import read_answer
from shadow.compare.comparison import compare
from shadow.compare.moves import moves
from shadow.compare.parent import parent_differences
from shadow.compare.rules import Rules
from shadow.protocol.objects import Identity
from shadow.redact import Redactor
from shadow.terms import Effect
from tests.compare.calls import CM, answer, config_map, observed, pair, request, view

A, B = config_map(data={"a": "1"}), config_map(data={"a": "2"})
GONE = answer()


def moved(before: bytes, after: bytes, *seen, method="InPlace", among=(CM,), **more):
    seen_by = view(request(*seen, method=method, **more))
    one, other = (read_answer(seen_by, body, strict=False) for body in (before, after))
    parent = parent_differences(seen_by, one, other, lambda: None)
    found = moves(seen_by, one, other, among, parent, "dynamic", lambda: None)
    return {each.object: each.effect for each in found}


SCENES = {"nothing observed": (), "old's object observed": (observed(A),), "new's object observed": (observed(B),)}


@pytest.mark.parametrize("seen", SCENES.values(), ids=SCENES)
@pytest.mark.parametrize(
    ("before", "after", "method", "effect"),
    [
        (answer(A), GONE, "InPlace", Effect.DELETE),
        (GONE, answer(A), "InPlace", Effect.CREATE),
        (answer(A), answer(B), "InPlace", Effect.UPDATE),
        (answer(A), answer(B), "Recreate", Effect.RECREATE),
        (answer(A), answer(B), "OnDelete", None),
        (answer(A), answer(A), "InPlace", None),
        (answer(A), GONE, "OnDelete", Effect.DELETE),
    ],
    ids=["lost", "gained", "changed", "recreated", "latent", "alike", "lost-though-OnDelete"],
)
def test_a_move_is_told_from_the_answers_whatever_is_observed(seen, before, after, method, effect):
    assert moved(before, after, *seen, method=method) == ({} if effect is None else {CM: effect})


def test_what_the_kind_never_shows_is_not_deleted():
    job = Identity("v1", "Job", "ns", "cm")
    assert moved(answer(A | {"kind": "Job"}), GONE, among=[job]) == {}
    assert moved(GONE, answer(A | {"kind": "Job"}), among=[job]) == {job: Effect.CREATE}


def test_the_parent_is_written_once_for_its_status():
    found = moved(answer(status={"a": 1, "b": 1}), answer(status={"a": 2, "b": 2}), among=())
    assert [(each.kind, effect) for each, effect in found.items()] == [("Widget", Effect.UPDATE)]


def test_leaving_the_status_alone_writes_nothing():
    live = {"a": 1}
    assert moved(answer(status=live), answer(status=None), among=(), status=live) == {}


def test_a_parent_on_its_way_out_is_left_alone():
    seen_by = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    assert moved(answer(A), GONE, observed(A), parent=seen_by) == {}


@pytest.mark.parametrize(("old", "new"), [(answer(A), answer(A)), (answer(A), answer(B)), (answer(A), GONE)])
def test_a_comparison_carries_both_directions(old, new):
    comparison = compare(pair(request(observed(A)), old, new), Rules(), Redactor(b"k" * 32), 5.0)
    assert {each.object: each.effect for each in comparison.moves_new} == moved(old, new, observed(A))
    assert {each.object: each.effect for each in comparison.moves_old} == moved(new, old, observed(A))
    assert comparison.parent_labels == {"tier": "dev"}
