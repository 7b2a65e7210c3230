"""The sentences that every format for people shares."""

from pathlib import Path

import msgspec
import pytest

from shadow.compare.rules import Judgement
from shadow.protocol.objects import Identity
from shadow.report import Report, entries, words
from shadow.report.formats import FORMATS
from shadow.report.model import Agreed, BrakeLine, HeldLine, HeldObject
from shadow.report.window import moment
from shadow.terms import Change, Effect, Side, Stage
from tests.report.scene import NOW, compared, difference, failed, namespace, reported

SERVICE = "Service <namespace>/ui"


@pytest.mark.parametrize(
    ("effect", "path", "said"),
    [
        (Effect.DELETE, "", "new would delete {}"),
        (Effect.RECREATE, "spec.type", "new would delete and recreate {}"),
        (Effect.CREATE, "", "new would create {}"),
        (Effect.UPDATE, "spec.type", "new would update spec.type of {}"),
        (Effect.LATENT, "spec.type", "new wants spec.type of {} otherwise, which its update strategy does not apply"),
        (Effect.UNADOPTED, "", "new wants {}, which this front created and still does not see: it stays as it is"),
        (Effect.NONE, "spec.type", "the answers differ in spec.type of {}, which changes nothing in the cluster"),
    ],
    ids=lambda value: value if isinstance(value, Effect) else "",
)
def test_each_effect_has_its_sentence(tmp_path: Path, effect: Effect, path: str, said: str):
    report = reported(
        tmp_path,
        *(compared(name, difference("ui", parent=name, path=path, new_effect=effect)) for name in ("a", "b", "c")),
        *(compared(f"team-{n}") for n in range(197)),
    )
    assert words.sentence(report, report.differences[0]) == f"In 3 of 200 namespaces {said.format(SERVICE)}"


def test_every_effect_has_words():
    assert set(words._WOULD) == set(Effect)
    assert set(words._SIGN) == set(Change)


def test_a_rollback_is_told_as_what_old_would_do(tmp_path: Path):
    back = difference("ui", parent="a", old_effect=Effect.CREATE, new_effect=Effect.NONE)
    report = reported(tmp_path, compared("a", back, primary=Side.NEW))
    [line] = report.differences
    assert words.sentence(report, line) == "In 1 of 1 namespace old would create Service <namespace>/ui"
    assert "1 of 1 assigned to new" in words.seen(report, line)


def test_what_the_other_answer_would_do_is_said_too(tmp_path: Path):
    both = difference("ui", parent="a", old_effect=Effect.UPDATE, new_effect=Effect.DELETE)
    report = reported(tmp_path, compared("a", both))
    assert (
        words.seen(report, report.differences[0]) == "1 time, last 2027-01-15 07:59:00 UTC; given old's answer: update"
    )


def test_labels_of_the_parent_are_named_by_their_path(tmp_path: Path):
    label = difference(
        about_parent=True, path="parent.labels.tier", change=Change.ADDED, new_effect=Effect.INEXPRESSIBLE
    )
    report = reported(tmp_path, compared("a", label))
    assert words.sentence(report, report.differences[0]) == (
        "In 1 of 1 namespace new sets parent.labels.tier, which the front's protocol cannot express"
    )


def test_what_would_be_written_again_and_again_is_said(tmp_path: Path):
    report = reported(tmp_path, compared("a", difference(parent="a", repeats=True)))
    assert words.sentence(report, report.differences[0]).endswith(", again at every sync")


@pytest.mark.parametrize(
    ("kinds", "noun"),
    [(("Namespace", "Namespace"), "namespaces"), (("Widget", "Widget"), "Widget parents"), (("A", "B"), "parents")],
)
def test_parents_are_called_what_they_are(tmp_path: Path, kinds: tuple[str, str], noun: str):
    report = reported(tmp_path, *(compared(str(n), kind=kind) for n, kind in enumerate(kinds)))
    assert words.parents_noun(report, 2) == noun


def test_a_name_that_a_terminal_would_obey_is_escaped(tmp_path: Path):
    report = reported(tmp_path, compared("a", difference("\x1b]0;pwned\x07", parent="a")))
    assert words.object_name(report.differences[0].object) == "Service <namespace>/\\x1b]0;pwned\\x07"


def standing(report: Report, stage: Stage, weight: float, brake: BrakeLine) -> str:
    at = msgspec.structs.replace(report.configuration, stage=stage, weight=weight, brake=brake)
    return words.standing(msgspec.structs.replace(report, configuration=at))


@pytest.mark.parametrize(
    ("stage", "brake", "said"),
    [
        (Stage.CANARY, BrakeLine(on=False), "canary 12.5%, brake off"),
        (Stage.LIVE, BrakeLine(on=None), "live, brake unknown: the store does not remember this migration"),
        (
            Stage.LIVE,
            BrakeLine(True, moment(NOW), "ops", "errors"),
            "live, brake ON since 2027-01-15 08:00:00 UTC by ops: errors",
        ),
    ],
    ids=["off", "unknown", "on"],
)
def test_the_standing_says_what_governs(tmp_path: Path, stage: Stage, brake: BrakeLine, said: str):
    assert standing(reported(tmp_path), stage, 12.5, brake) == said


class TestHeadline:
    def test_the_worst_difference_is_the_headline(self, tmp_path: Path):
        update = difference("web", parent="a", new_effect=Effect.UPDATE, path="spec")
        report = reported(tmp_path, compared("a", update, difference("ui", parent="a")))
        assert words.headline(report) == (
            "2 unexplained differences, the worst: in 1 of 1 namespace new would delete Service <namespace>/ui"
        )

    def test_nothing_compared_is_inconclusive(self, tmp_path: Path):
        assert words.headline(reported(tmp_path, failed("a"))).startswith("Inconclusive")

    def test_nothing_differs(self, tmp_path: Path):
        assert words.headline(reported(tmp_path, compared("a"))) == "Nothing differs"

    def test_failures_are_not_passed_over(self, tmp_path: Path):
        assert words.headline(reported(tmp_path, compared("a"), failed("b"))) == (
            "Nothing differs, but 1 call could not be compared: see the failures"
        )

    def test_all_is_explained(self, tmp_path: Path):
        report = reported(
            tmp_path, compared("a", difference(parent="a")), explain=lambda _: Judgement(ignored_because="noise")
        )
        assert words.headline(report) == "Nothing differs that is not explained by a rule"
        assert words.explained(report, report.differences[0]).endswith("(ignored: noise)")


def test_partly_explained_says_in_how_many(tmp_path: Path):
    report = reported(
        tmp_path,
        *(compared(name, difference(parent=name)) for name in ("a", "b", "c")),
        explain=lambda group: Judgement(expected_because="known" if group.parent.name == "a" else None),
    )
    assert "rules explain it in 1 namespace" in words.seen(report, report.differences[0])


def test_dropped_calls_come_with_their_reasons(tmp_path: Path):
    report = reported(tmp_path, compared("a"))
    dropped = msgspec.structs.replace(report.totals, calls=4, dropped=3, dropped_by={"queue": 2, "busy": 1, "crash": 0})
    assert words.totals(msgspec.structs.replace(report, totals=dropped)) == (
        "4 calls: 1 matched, 0 ignored, 0 mismatched, 0 failed, 0 skipped, 3 dropped (busy 1, queue 2)"
    )


def test_effects_are_listed_worst_first():
    assert words.effects({Effect.NONE: 1, Effect.UPDATE: 5, Effect.DELETE: 3, Effect.CREATE: 0}.items()) == (
        "delete 3, update 5, none 1"
    )
    assert words.effects([]) == "none"


def test_what_was_held_is_found_by_its_parent(tmp_path: Path):
    gone = HeldObject(Identity("v1", "Service", "team-a", "ui"), Effect.DELETE)
    line = HeldLine(namespace("team-a"), (gone,), 12, moment(NOW - 60), moment(NOW), "c1")
    assert entries.held(line) == (
        "team-a: new would delete Service team-a/ui; held 12 times, last 2027-01-15 08:00:00 UTC"
    )
    report = msgspec.structs.replace(reported(tmp_path, compared("team-a")), held=(line,))
    for name in ("table", "markdown"):
        assert "Held: answers of new that were not served" in "".join(FORMATS[name](report))


def test_what_both_would_delete_is_said_though_it_is_no_difference(tmp_path: Path):
    report = reported(tmp_path, compared("a"))
    assert words.agreed(report) == ""
    assert words.agreed(msgspec.structs.replace(report, agreed_removals=Agreed(3, 2))) == (
        "both answers would delete or recreate the same observed objects: 3 in 2 namespaces"
    )
