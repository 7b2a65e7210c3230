import json
from itertools import groupby

import msgspec
import pytest

from shadow.compare.model import Advice, EffectPair
from shadow.store.base import Asked, Store
from shadow.store.comparisons import MOST_REPEATS
from shadow.terms import Effect, Hook, Outcome, Side
from tests.store.records import (
    ANSWERED,
    EVIDENCE,
    MIGRATION,
    NOON,
    batch,
    call,
    comparison,
    difference,
    mismatch,
    parent,
    service,
    state,
)


def groups(store: Store, since: float | None = None, until: float | None = None, evidence: str = EVIDENCE):
    return list(store.groups(MIGRATION, evidence, since, until))


def test_a_difference_is_one_line_per_parent(store: Store) -> None:
    store.flush(batch(mismatch("c1", number=1), mismatch("c2", number=2)))
    store.flush(batch(mismatch("c3", NOON + 60, number=1)))
    first, second = groups(store)
    assert (first.parent, first.count, first.first_seen, first.last_seen) == (parent(1), 2, NOON, NOON + 60)
    assert (second.parent, second.count) == (parent(2), 1)
    assert first.group == second.group


def test_what_a_parent_showed_comes_together_however_it_was_written(store: Store) -> None:
    for path in ("spec.a", "spec.b", "spec.c"):
        compared = comparison(differences=(difference(path=path),))
        store.flush(batch(*(call(f"{path}{number}", number=number, compared=compared) for number in (3, 1, 2))))
    uids = [line.parent.uid for line in groups(store)]
    assert len(uids) == 9
    assert len(list(groupby(uids))) == 3


def test_a_line_carries_what_rules_and_reports_need(store: Store) -> None:
    found = difference(effects=EffectPair(Effect.DELETE, Effect.CREATE), repeats=True, old=[1], new={"a": None})
    store.flush(batch(call("c1", compared=comparison(differences=(found,)))))
    (line,) = groups(store)
    for field in ("group", "object", "path", "shown_object", "shown_path", "change", "effects", "repeats"):
        assert getattr(line, field) == getattr(found, field)
    assert (line.old, line.new, line.has_old, line.has_new) == ([1], {"a": None}, True, True)


def test_the_example_is_the_latest_whatever_order_calls_come_in(store: Store) -> None:
    store.flush(batch(mismatch("newer", NOON + 60), mismatch("old", NOON)))
    store.flush(batch(mismatch("older", NOON - 60)))
    (line,) = groups(store)
    assert (line.comparison, line.count, line.first_seen) == ("newer", 3, NOON - 60)


def test_an_example_is_the_latest_that_was_kept(store: Store) -> None:
    repeated = mismatch("not-kept", NOON + 60)
    assert repeated.comparison is not None
    again = msgspec.structs.replace(repeated.comparison, repeated=MOST_REPEATS)
    store.flush(batch(mismatch("kept")))
    store.flush(batch(msgspec.structs.replace(repeated, comparison=again)))
    (line,) = groups(store)
    assert (line.comparison, line.example, line.count) == ("not-kept", "kept", 2)
    assert store.kept(MIGRATION, ["kept", "not-kept", "x"]) == {"kept"}


def test_two_fields_of_a_group_are_two_lines_and_the_same_field_twice_is_one(store: Store) -> None:
    found = (difference(path="spec.ports[0]"), difference(path="spec.ports[1]"), difference(path="spec.ports[1]"))
    store.flush(batch(call("c1", compared=comparison(differences=found))))
    assert sorted((line.path, line.count) for line in groups(store)) == [("spec.ports[0]", 1), ("spec.ports[1]", 1)]


def test_ignored_differences_stay_in_their_groups(store: Store) -> None:
    found = difference(ignored_because="noise")
    store.flush(batch(call("c1", compared=comparison(Outcome.IGNORED, differences=(found,)))))
    assert [line.group for line in groups(store)] == [found.group]


def test_other_evidence_is_apart(store: Store) -> None:
    store.flush(batch(mismatch("c1"), mismatch("c2", evidence_digest="evidence-2")))
    assert [line.comparison for line in groups(store)] == ["c1"]
    assert [line.comparison for line in groups(store, evidence="evidence-2")] == ["c2"]


def test_a_window_leaves_out_what_was_not_seen_in_it(store: Store) -> None:
    store.flush(batch(mismatch("c1", NOON, number=1), mismatch("c2", NOON + 60, number=1)))
    store.flush(batch(mismatch("c3", NOON + 120, number=2)))
    assert [(line.parent, line.count) for line in groups(store, NOON + 60)] == [(parent(1), 1), (parent(2), 1)]
    assert [(line.parent, line.count) for line in groups(store, None, NOON + 120)] == [(parent(1), 2)]


@pytest.mark.parametrize(
    ("at_the_call", "now", "moved"),
    [(Side.OLD, None, False), (Side.NEW, None, True), (Side.OLD, Side.NEW, True), (Side.NEW, Side.OLD, False)],
    ids=["old", "new", "moved since", "moved back since"],
)
def test_moved_is_what_the_parent_was_last_seen_with(store: Store, at_the_call, now, moved) -> None:
    store.flush(batch(mismatch("c1", primary=at_the_call)))
    if now is not None:
        store.flush(batch(parents=[state(primary=now)]))
    assert [line.moved for line in groups(store)] == [moved]


def test_an_example_too_large_points_at_the_comparison(store: Store) -> None:
    found = difference(old={"data": "x" * 10_000}, new="x" * 8_000)
    store.flush(batch(call("c1", compared=comparison(differences=(found,)))))
    (line,) = groups(store)
    assert line.old == "(10011 bytes; see the comparison)"
    assert line.new == "x" * 8_000


@pytest.mark.parametrize("value", ["\ud800", 2**80, [{"\udfff": -(2**70)}]], ids=["surrogate", "wide", "nested"])
def test_values_that_few_decoders_take_come_back_as_they_were(store: Store, value) -> None:
    found = difference(old=value, path="data.\ud800")
    store.flush(batch(call("c1", compared=comparison(differences=(found,)))))
    (line,) = groups(store)
    assert json.dumps(line.old) == json.dumps(value)
    kept = store.comparison(MIGRATION, "c1")
    assert kept is not None
    assert kept.comparison == comparison(differences=(found,))


def test_abandoning_the_lines_halfway_harms_nobody(store: Store) -> None:
    store.flush(batch(*(mismatch(f"c{number}", number=number) for number in range(50))))
    for _ in range(10):
        assert next(store.groups(MIGRATION, EVIDENCE, None, None)).count == 1
    store.flush(batch(mismatch("again", number=0)))
    assert groups(store)[0].count == 2


def test_advice_is_counted_by_what_it_says(store: Store) -> None:
    found = Advice("empty-map", Side.NEW, service(), "annotations: {} is written at every sync")
    other = Advice("empty-map", Side.OLD, None, "annotations: {} is written at every sync")
    store.flush(batch(call("c1", compared=comparison(Outcome.MATCHED, advice=(found, other)))))
    store.flush(batch(call("c2", NOON + 60, compared=comparison(Outcome.MATCHED, advice=(found,)))))
    first, second = store.advice(MIGRATION, EVIDENCE, None, None)
    assert (first.code, first.implementation, first.object, first.message, first.count) == (
        "empty-map",
        Side.NEW,
        service(),
        "annotations: {} is written at every sync",
        2,
    )
    assert (second.implementation, second.object, second.count) == (Side.OLD, None, 1)
    assert [one.count for one in store.advice(MIGRATION, EVIDENCE, NOON + 60, None)] == [1]
    assert store.advice(MIGRATION, "evidence-2", None, None) == []


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (Asked("failed", error="timeout"), "timeout"),
        (Asked("failed", status=500), "status-500"),
        (Asked("refused", status=200, error="refused:other-list-key"), "refused:other-list-key"),
        (Asked("failed"), "held"),
    ],
    ids=["error", "status", "refused", "reason of the call"],
)
def test_a_failure_is_counted_for_the_implementation_that_failed(store: Store, asked, reason) -> None:
    failed = comparison(Outcome.FAILED)
    store.flush(
        batch(call("c1", compared=failed, new=asked, reason="held"), call("c2", NOON + 9, compared=failed, new=asked))
    )
    found = store.failures(MIGRATION, None, None)[0]
    assert (found.implementation, found.hook, found.reason) == (Side.NEW, Hook.SYNC, reason)


def test_failures_of_both_sides_and_of_a_call_without_comparison_are_counted(store: Store) -> None:
    failed = Asked("failed", error="timeout")
    store.flush(batch(call("c1", outcome=Outcome.FAILED, old=failed, new=failed)))
    store.flush(batch(call("c2", NOON + 60, outcome=Outcome.FAILED, old=ANSWERED, new=failed)))
    store.flush(batch(call("c3", outcome=Outcome.SKIPPED, old=failed)))
    found = store.failures(MIGRATION, None, None)
    assert [(one.implementation, one.count, one.example) for one in found] == [(Side.OLD, 1, "c1"), (Side.NEW, 2, "c2")]
    assert [one.count for one in store.failures(MIGRATION, NOON + 60, None)] == [1]


def test_coverage_counts_comparisons_and_different_parents(store: Store) -> None:
    matched = comparison(Outcome.MATCHED)
    store.flush(batch(*(call(f"c{n}", number=n % 2, compared=matched) for n in range(5))))
    store.flush(batch(call("first", compared=comparison(Outcome.MATCHED, situation="nothing observed"))))
    store.flush(batch(call("gone", hook=Hook.FINALIZE, compared=comparison(situation="finalizing"))))
    store.flush(batch(call("failed", compared=comparison(Outcome.FAILED)), call("skipped")))
    found = store.coverage(MIGRATION, EVIDENCE, None, None)
    assert {(one.hook, one.situation): (one.comparisons, one.parents) for one in found} == {
        (Hook.SYNC, "steady"): (5, 2),
        (Hook.SYNC, "nothing observed"): (1, 1),
        (Hook.FINALIZE, "finalizing"): (1, 1),
    }


def test_coverage_of_a_window_is_of_that_window(store: Store) -> None:
    matched = comparison(Outcome.MATCHED)
    store.flush(batch(call("c1", NOON, number=1, compared=matched), call("c2", NOON + 120, number=1, compared=matched)))
    store.flush(batch(call("c3", NOON + 60, number=2, compared=matched)))
    (found,) = store.coverage(MIGRATION, EVIDENCE, NOON + 60, NOON + 120)
    assert (found.comparisons, found.parents) == (1, 1)


def test_the_outcome_of_the_comparison_is_the_calls(store: Store) -> None:
    store.flush(batch(call("c1", compared=comparison(Outcome.FAILED), outcome=Outcome.SKIPPED)))
    found = store.comparison(MIGRATION, "c1")
    assert found is not None
    assert found.outcome is Outcome.FAILED
