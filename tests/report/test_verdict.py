"""Readiness of parents and the verdict over them, from a real store."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shadow.compare.model import Advice
from shadow.compare.rules import Judgement
from shadow.config.judging import Verdict
from shadow.protocol.label_selectors import Selector
from shadow.protocol.objects import Identity
from shadow.report.assess import assess
from shadow.report.model import Situation, VerdictLine, Word
from shadow.report.readiness import FrontFacts, gone_seconds
from shadow.report.verdict import untried
from shadow.store.base import Brake, Call, Flush, ParentState
from shadow.terms import Effect, Hook, Outcome, Side
from tests.report.scene import EVIDENCE, NOW, VIEW, compared, difference, opened

HOUR = 3600.0


def settings(**values: Any) -> Verdict:
    waived = [{"situation": name, "because": "a test"} for name in ("nothing observed", "partial")]
    return Verdict.model_validate({"min_comparisons": 1, "waive": waived} | values)


LENIENT = replace(VIEW, verdict=settings())


def judged(directory: Path, *calls: Call, view=LENIENT, now: float = NOW) -> VerdictLine:
    with opened(directory, *calls) as store:
        return assess(store, view, now).verdict


def test_no_data_is_never_ready(tmp_path: Path):
    line = judged(tmp_path)
    assert line.verdict is Word.INCONCLUSIVE
    assert line.reasons[0] == "no parent has called yet"


def test_matching_parents_in_every_situation_that_counts_are_ready(tmp_path: Path):
    line = judged(tmp_path, compared("a"), compared("b"))
    assert (line.verdict, line.reasons) == (Word.READY, ())
    assert (line.comparisons, line.parents) == (2, 2)
    assert line.waived == ("nothing observed: a test", "partial: a test")


def test_a_difference_that_no_rule_explains_is_not_ready_and_names_the_parents(tmp_path: Path):
    calls = [compared(name, difference(parent=name)) for name in "abcd"]
    line = judged(tmp_path, *calls, compared("e"))
    assert line.verdict is Word.NOT_READY
    [reason] = line.reasons
    assert reason == (
        "4 of 5 namespaces differ in what no rule explains, the worst effect: delete (a, b, c and 1 more); "
        "see `shadow report kfp`"
    )


def test_a_rule_of_today_makes_ready_what_was_stored_before_it(tmp_path: Path):
    explained = replace(LENIENT, explain=lambda group: Judgement(expected_because="dropped upstream"))
    line = judged(tmp_path, compared("a", difference(parent="a")), view=explained)
    assert line.verdict is Word.READY


@pytest.mark.parametrize(
    ("old", "new", "primary", "word"),
    [
        (Effect.NONE, Effect.NONE, Side.OLD, Word.READY),
        (Effect.NONE, Effect.LATENT, Side.OLD, Word.READY),
        (Effect.NONE, Effect.UPDATE, Side.OLD, Word.NOT_READY),
        (Effect.DELETE, Effect.NONE, Side.OLD, Word.READY),
        (Effect.CREATE, Effect.NONE, Side.OLD, Word.NOT_READY),
        (Effect.CREATE, Effect.NONE, Side.NEW, Word.NOT_READY),
    ],
    ids=["none", "latent", "update", "only-old-would", "what-old-will-have-made", "the-move-did-it-already"],
)
def test_effects_count_as_new_has_them(tmp_path: Path, old: Effect, new: Effect, primary: Side, word: Word):
    found = difference(parent="a", old_effect=old, new_effect=new)
    assert judged(tmp_path, compared("a", found, primary=primary)).verdict is word


def test_an_allowed_effect_does_not_stand_in_the_way(tmp_path: Path):
    found = difference(parent="a", new_effect=Effect.UPDATE)
    view = replace(VIEW, verdict=settings(allow_effects=["update"]))
    assert judged(tmp_path, compared("a", found), view=view).verdict is Word.READY


def test_the_latest_comparison_of_a_parent_counts(tmp_path: Path):
    line = judged(tmp_path, compared("a", difference(parent="a"), at=NOW - 120), compared("a", at=NOW - 60))
    assert line.verdict is Word.READY


def test_one_ready_parent_does_not_outweigh_another(tmp_path: Path):
    line = judged(tmp_path, compared("a"), compared("b", difference(parent="b")))
    assert line.verdict is Word.NOT_READY


class TestWhatIsMissing:
    def told(self, line: VerdictLine, *parts: str) -> None:
        assert line.verdict is Word.INCONCLUSIVE
        for part in parts:
            assert any(part in reason for reason in line.reasons), line.reasons

    def test_parents_compared_at_other_evidence_only(self, tmp_path: Path):
        line = judged(
            tmp_path,
            compared("a"),
            *(compared(name, evidence="sha256:before") for name in "bc"),
            view=replace(LENIENT, revision="v1.4"),
        )
        self.told(line, "2 of 3 namespaces not compared since v1.4 (b, c)")

    def test_a_comparison_older_than_the_window(self, tmp_path: Path):
        line = judged(tmp_path, compared("a"), compared("b", at=NOW - 25 * HOUR))
        self.told(line, "1 of 2 namespaces not compared within the window")

    def test_a_comparison_that_failed_for_lack_of_old(self, tmp_path: Path):
        with opened(tmp_path, compared("a")) as store:
            state = store.parents("kfp", None, 1)[0][0]
            parent = msgspec.structs.replace(state.parent, uid="uid-b", name="b")
            lost = msgspec.structs.replace(state, parent=parent, outcome=Outcome.FAILED, reason="old:timeout")
            store.flush(_flush(lost))
            self.told(assess(store, LENIENT, NOW).verdict, "could not be compared: old gave no valid answer (b)")
            new_failed = msgspec.structs.replace(lost, reason="new:timeout")
            store.flush(_flush(new_failed))
            line = assess(store, LENIENT, NOW).verdict
        assert line.verdict is Word.NOT_READY
        assert line.reasons == ("new gave no valid answer for 1 of 2 namespaces when it was last asked (b)",)

    def test_comparisons_and_parents_that_are_too_few(self, tmp_path: Path):
        view = replace(VIEW, verdict=settings(min_comparisons=20, min_parents=3))
        line = judged(tmp_path, compared("a"), compared("b"), view=view)
        self.told(line, "2 comparisons since the present configuration, 20 are needed", "2 namespaces compared, 3")

    def test_situations_that_were_never_tried(self, tmp_path: Path):
        line = judged(tmp_path, compared("a"), view=replace(VIEW, verdict=Verdict(min_comparisons=1)))
        self.told(line, "sync with nothing there yet", "sync with some objects missing")

    def test_finalize_only_where_the_front_declares_it(self, tmp_path: Path):
        front = FrontFacts("", finalizes=True)
        self.told(judged(tmp_path, compared("a"), view=replace(LENIENT, front=front)), "finalize with the parent being")

    def test_another_spec_of_the_controller_makes_evidence_stale(self, tmp_path: Path):
        with opened(tmp_path, compared("a")) as store:
            state = store.parents("kfp", None, 1)[0][0]
            store.flush(_flush(msgspec.structs.replace(state, front_digest="before")))
            view = replace(LENIENT, front=FrontFacts("now", finalizes=False))
            self.told(assess(store, view, NOW).verdict, "1 of 1 namespace")
            same = replace(LENIENT, front=FrontFacts("before", finalizes=False))
            assert assess(store, same, NOW).verdict.verdict is Word.READY


def _flush(state: ParentState) -> Flush:
    return Flush("replica", NOW, {}, parents=[state])


class TestGone:
    def test_a_silent_parent_counts_for_nothing_and_comes_back_by_itself(self, tmp_path: Path):
        silent = compared("b", difference(parent="b"), at=NOW - 49 * HOUR)
        view = replace(VIEW, verdict=settings(window="7d"))
        assert judged(tmp_path, compared("a"), silent, view=view).verdict is Word.READY
        again = compared("b", difference(parent="b"), at=NOW - 30)
        (tmp_path / "again").mkdir()
        assert judged(tmp_path / "again", compared("a"), silent, again, view=view).verdict is Word.NOT_READY

    def test_nobody_is_silent_while_nobody_listens(self, tmp_path: Path):
        silent = compared("b", difference(parent="b"), at=NOW - 49 * HOUR)
        view = replace(VIEW, verdict=settings(window="7d"), listening_since=NOW - HOUR)
        assert judged(tmp_path, silent, view=view).verdict is Word.NOT_READY

    def test_only_gone_parents_are_no_data(self, tmp_path: Path):
        line = judged(tmp_path, compared("b", at=NOW - 49 * HOUR), view=replace(VIEW, verdict=settings(window="7d")))
        assert line.verdict is Word.INCONCLUSIVE
        assert line.reasons[0] == "no parent calls any more: 1 are gone"

    @pytest.mark.parametrize(("finalizes", "word"), [(False, Word.READY), (True, Word.INCONCLUSIVE)])
    def test_who_is_not_selected_any_more_counts_only_where_finalize_may_call(
        self, tmp_path: Path, finalizes: bool, word: Word
    ):
        enabled = msgspec.convert({"matchLabels": {"enabled": "true"}}, Selector)
        front = FrontFacts("now", finalizes, label_selectors=(enabled,))
        untried = ("nothing observed", "partial", "finalizing", "unselected")
        waived = settings(waive=[{"situation": each, "because": "a test"} for each in untried])
        with opened(tmp_path, compared("a"), compared("b")) as store:
            states = {str(state.parent): state for state in store.parents("kfp", None, 2)[0]}
            store.flush(_flush(msgspec.structs.replace(states["b"], front_digest="before")))
            found = assess(store, replace(LENIENT, verdict=waived, front=front), NOW)
        assert (found.verdict.verdict, found.parents.gone) == (word, int(not finalizes))

    @pytest.mark.parametrize(
        ("resync", "silence"), [(None, 48 * HOUR), (0, 48 * HOUR), (HOUR, 2 * HOUR), (10, HOUR)], ids=str
    )
    def test_silence_is_twice_the_resync(self, resync: float | None, silence: float):
        assert gone_seconds(resync) == silence


@pytest.mark.parametrize(("evidence", "word"), [(EVIDENCE, Word.NOT_READY), ("sha256:before", Word.READY)])
def test_a_brake_that_the_guard_pulled_counts_at_the_evidence_it_saw(tmp_path: Path, evidence: str, word: Word):
    brake = Brake(True, 1, NOW, "guard", "new failed 9 of 50 calls", {"evidence_digest": evidence})
    line = judged(tmp_path, compared("a"), view=replace(LENIENT, brake=brake))
    assert line.verdict is word
    assert line.reasons == (("the guard pulled the brake: new failed 9 of 50 calls",) if line.reasons else ())


def test_a_person_who_confirms_the_guards_brake_takes_back_nothing_it_saw(tmp_path: Path):
    governed = {"evidence_digest": EVIDENCE, "guard": {"failed": 9}}
    line = judged(
        tmp_path, compared("a"), view=replace(LENIENT, brake=Brake(True, 2, NOW, "ann", "it is so", governed))
    )
    assert (line.verdict, line.reasons) == (
        Word.NOT_READY,
        ("the guard pulled the brake, and ann confirmed it: it is so",),
    )


@pytest.mark.parametrize(
    ("waive", "left"),
    [
        ([], ["nothing observed", "partial", "finalizing", "unselected"]),
        ([{"situation": "unselected", "because": "x"}], ["nothing observed", "partial", "finalizing"]),
        ([{"situation": "partial", "because": "x", "hook": "finalize"}], None),
    ],
    ids=["nothing", "one", "of-another-hook"],
)
def test_waived_situations_need_not_be_tried(waive: list[dict[str, str]], left: list[str] | None):
    met = [Situation(Hook.SYNC, "steady", 3, 2)]
    found = [name for _, name in untried(met, Verdict.model_validate({"waive": waive}), finalizes=True)]
    assert found == (left or ["nothing observed", "partial", "finalizing", "unselected"])


@pytest.mark.parametrize(
    ("code", "implementation", "against"),
    [
        ("undeclared-kind", Side.NEW, True),
        ("front-lacks-kind", Side.NEW, True),
        ("front-lacks-hook", Side.NEW, True),
        ("undeclared-kind", Side.OLD, False),
        ("undeclared-kind", None, False),
        ("duplicate", Side.NEW, False),
    ],
    ids=["new returns", "new reads", "new has", "old returns", "both return", "other advice"],
)
def test_a_kind_that_only_new_needs_and_the_front_does_not_declare_stands_in_the_way(
    tmp_path: Path, code: str, implementation: Side | None, against: bool
):
    job = Identity("batch/v1", "Job", "<namespace>", "a")
    advice = [Advice(code, implementation, job, "not declared"), Advice(code, implementation, None, "not declared")]
    line = judged(tmp_path, compared("a", advice=advice), compared("b", advice=advice))
    assert line.verdict is (Word.NOT_READY if against else Word.READY)
    assert line.reasons == (("new: Job.batch/v1: not declared", "new: not declared") if against else ())
