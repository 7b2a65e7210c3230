"""The report's numbers, from a real store."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from shadow.compare.model import Advice, Difference
from shadow.compare.rules import Judgement
from shadow.report import build
from shadow.report.judge import UNEXPLAINED
from shadow.report.model import Agreed, BrakeLine, Outcomes
from shadow.report.window import moment
from shadow.store.base import Brake, Flush, Group
from shadow.terms import Change, Effect, Outcome, Side, Stage
from tests.report.scene import EVIDENCE, MIGRATION, NOW, VIEW, compared, difference, failed, namespace, opened, reported


def test_the_same_cause_in_many_parents_is_one_line(tmp_path: Path):
    calls = [compared(f"team-{n}", difference(parent=f"team-{n}"), at=NOW - n) for n in range(1, 201)]
    report = reported(tmp_path, *calls)
    [line] = report.differences
    assert (line.parents, line.count, line.unexplained_parents) == (200, 200, 200)
    assert str(line.object) == "Service/<namespace>/ml-pipeline-ui"
    assert line.example.parent == "team-1"
    assert line.last_seen == moment(NOW - 1)
    assert line.first_seen <= moment(NOW - 200)
    assert report.totals.parents == 200


def test_worst_effect_comes_first_then_new_before_old_then_most_parents(tmp_path: Path):
    def everywhere(name: str, old: Effect, new: Effect) -> list[Difference]:
        return [difference(name, parent=parent, old_effect=old, new_effect=new) for parent in ("a", "b")]

    update = everywhere("update", Effect.NONE, Effect.UPDATE)
    delete_old = everywhere("delete-by-old", Effect.DELETE, Effect.NONE)
    often = everywhere("often", Effect.NONE, Effect.DELETE)
    rare = difference("rare", parent="a")
    nothing = difference("nothing", parent="a", new_effect=Effect.NONE, change=Change.CHANGED)
    report = reported(
        tmp_path,
        compared("a", nothing, update[0], delete_old[0], rare, often[0]),
        compared("b", update[1], delete_old[1], often[1]),
    )
    assert [line.object.name for line in report.differences if line.object] == [
        "often",
        "rare",
        "delete-by-old",
        "update",
        "nothing",
    ]
    assert [line.side for line in report.differences] == ["new", "new", "old", "new", "new"]


def test_an_object_counts_once_by_its_worst_effect(tmp_path: Path):
    fields = [
        difference("web", path=f"spec.{name}", change=Change.CHANGED, new_effect=effect)
        for name, effect in (("a", Effect.LATENT), ("b", Effect.UPDATE), ("c", Effect.NONE))
    ]
    report = reported(tmp_path, compared("team-a", *fields, difference("gone")))
    assert report.effects == {effect: int(effect in (Effect.UPDATE, Effect.DELETE)) for effect in Effect}
    assert len(report.differences) == 4


def test_moved_parents_are_those_that_new_answers(tmp_path: Path):
    report = reported(
        tmp_path,
        compared("a", difference(parent="a"), primary=Side.NEW),
        compared("b", difference(parent="b")),
        compared("c", difference(parent="c")),
    )
    assert [(line.parents, line.moved_parents) for line in report.differences] == [(3, 1)]


def test_a_difference_that_once_would_repeat_is_marked(tmp_path: Path):
    report = reported(
        tmp_path,
        compared("a", difference(parent="a", repeats=True)),
        compared("b", difference(parent="b")),
    )
    assert report.differences[0].repeats


class TestRules:
    """Rules of today, over what was stored without them."""

    def explain_in(self, *parents: str, reason: Judgement):
        def explain(group: Group) -> Judgement:
            return reason if str(group.parent) in parents else UNEXPLAINED

        return explain

    @pytest.mark.parametrize(
        "reason",
        [Judgement(ignored_because="noise"), Judgement(expected_because="dropped upstream")],
        ids=["ignored", "expected"],
    )
    def test_a_line_is_explained_where_all_its_parents_are(self, tmp_path: Path, reason: Judgement):
        calls = [compared(name, difference(parent=name)) for name in ("a", "b")]
        report = reported(tmp_path, *calls, explain=self.explain_in("a", "b", reason=reason))
        [line] = report.differences
        assert (line.ignored_because, line.expected_because) == (reason.ignored_because, reason.expected_because)
        assert line.explained
        assert not report.differs
        assert report.conclusive
        assert not any(report.effects.values())

    def test_a_line_explained_in_one_parent_only_still_differs(self, tmp_path: Path):
        calls = [compared(name, difference(parent=name)) for name in ("a", "b")]
        report = reported(tmp_path, *calls, explain=self.explain_in("a", reason=Judgement(ignored_because="noise")))
        [line] = report.differences
        assert (line.parents, line.unexplained_parents, line.ignored_because) == (2, 1, None)
        assert report.differs
        assert report.effects[Effect.DELETE] == 1

    def test_outcome_counters_are_never_changed(self, tmp_path: Path):
        report = reported(
            tmp_path,
            compared("a", difference(parent="a")),
            explain=self.explain_in("a", reason=Judgement(ignored_because="noise")),
        )
        assert report.totals.comparisons == Outcomes(mismatched=1)


def test_totals_keep_every_outcome(tmp_path: Path):
    report = reported(
        tmp_path,
        compared("a"),
        compared("b", difference(parent="b")),
        compared("c", outcome=Outcome.IGNORED),
        failed("d"),
    )
    assert report.totals.calls == 4
    assert report.totals.comparisons == Outcomes(matched=1, ignored=1, mismatched=1, failed=1)


def test_what_was_compared_at_other_evidence_is_stale_and_no_evidence(tmp_path: Path):
    report = reported(tmp_path, compared("a", difference(parent="a"), evidence="sha256:older"), compared("b"))
    assert report.differences == ()
    assert {str(line.parent): line.stale for line in report.parents} == {"a": True, "b": False}
    assert sum(line.comparisons for line in report.coverage) == 1


def test_a_report_without_a_comparison_at_the_present_evidence_is_inconclusive(tmp_path: Path):
    assert not reported(tmp_path, compared("a", evidence="sha256:older")).conclusive


@pytest.mark.parametrize(
    ("calls", "conclusive"),
    [([], False), ([failed("a")], False), ([compared("a")], True), ([compared("a"), failed("b")], True)],
    ids=["nothing", "only failures", "a match", "a match and a failure"],
)
def test_only_two_answers_held_against_each_other_conclude(tmp_path: Path, calls: list, conclusive: bool):
    assert reported(tmp_path, *calls).conclusive is conclusive


def test_only_what_is_within_the_window_is_told(tmp_path: Path):
    report = reported(
        tmp_path,
        compared("a", difference("early", parent="a"), at=NOW - 7200),
        compared("b", difference("late", parent="b"), at=NOW - 600),
        since=NOW - 3600,
        until=NOW,
    )
    assert [line.object.name for line in report.differences if line.object] == ["late"]
    assert report.totals.calls == 1
    assert (report.window.since, report.window.until) == (moment(NOW - 3600), moment(NOW))


def test_parents_show_their_latest_comparison(tmp_path: Path):
    report = reported(tmp_path, compared("b", difference(parent="b")), compared("a"))
    first, second = report.parents
    assert (str(first.parent), first.outcome, first.primary) == ("a", Outcome.MATCHED, Side.OLD)
    assert (str(second.parent), second.outcome) == ("b", Outcome.MISMATCHED)
    assert second.effects.new == {Effect.NONE: 7, Effect.DELETE: 1}
    assert second.compared_at == moment(NOW - 60)


def test_parents_are_read_page_by_page_and_more_than_once(tmp_path: Path):
    calls = [compared(f"team-{n:04}") for n in range(1201)]
    with opened(tmp_path, *calls) as store:
        parents = build(store, VIEW, None, None, NOW).parents
        assert len(parents) == 1201
        assert len(list(parents)) == 1201
        names = [line.parent.name for line in parents]
        assert names == sorted(names)
        assert next(iter(parents)) in parents


def test_advice_and_failures_come_most_frequent_first(tmp_path: Path):
    often = Advice("string-data", Side.NEW, None, "stringData is written at every sync")
    once = Advice("echo", Side.OLD, None, "an observed object is echoed")
    report = reported(
        tmp_path,
        compared("a", advice=[once, often]),
        compared("b", advice=[often]),
        failed("c"),
        failed("d", error="reset"),
        failed("e", error="reset"),
    )
    assert [(line.code, line.count) for line in report.advice] == [("string-data", 2), ("echo", 1)]
    assert [(line.reason, line.count) for line in report.failures] == [("reset", 2), ("timeout", 1)]


@pytest.mark.parametrize(
    ("brake", "line"),
    [
        (None, BrakeLine(on=None)),
        (Brake(True, 1, NOW, "ops", "errors"), BrakeLine(True, moment(NOW), "ops", "errors")),
    ],
    ids=["unknown", "on"],
)
def test_the_brake_is_shown_as_it_is_known(tmp_path: Path, brake: Brake | None, line: BrakeLine):
    with opened(tmp_path, compared("a")) as store:
        view = replace(VIEW, brake=brake, stage=Stage.CANARY, weight=12.5)
        at = build(store, view, None, None, NOW).configuration
    assert at.brake == line
    assert (at.stage, at.weight, at.evidence_digest) == (Stage.CANARY, 12.5, EVIDENCE)


def test_what_both_answers_remove_is_counted_where_they_do_not_differ_otherwise(tmp_path: Path):
    both = {Effect.NONE: 5, Effect.DELETE: 2, Effect.RECREATE: 1}
    with opened(tmp_path, compared("a"), compared("b"), compared("c", difference(parent="c"))) as store:
        states, _ = store.parents(MIGRATION, None, 10)
        changed = [msgspec.structs.replace(state, effects_old=both, effects_new=both) for state in states[::2]]
        store.flush(Flush("replica", NOW, {}, parents=changed))
        report = build(store, VIEW, None, None, NOW)
    assert report.agreed_removals == Agreed(objects=3, parents=1)


def test_times_are_utc(tmp_path: Path):
    assert reported(tmp_path, compared("a")).generated_at == datetime(2027, 1, 15, 8, tzinfo=UTC)


def test_parent_kinds_are_named_for_those_who_write_sentences(tmp_path: Path):
    report = reported(tmp_path, compared("a"), compared("b", kind="Widget"))
    assert report.totals.parent_kinds == ("Namespace", "Widget")
    assert namespace("a").kind == "Namespace"
