"""What a report found in each parent, within its window and at the present evidence."""

from pathlib import Path

import pytest

from shadow.compare.rules import Judgement
from shadow.report.model import Result
from shadow.report.parents import Sight
from shadow.store.base import Call, ParentState
from shadow.terms import Outcome, Side
from tests.report.everything import report_of
from tests.report.scene import EVIDENCE, NOW, VIEW, compared, difference, failed, namespace, reported

EARLIER = NOW - 7200


def over(*calls: Call, since: float | None = None, until: float | None = None):
    """Calls, and the window that they are reported over."""
    return (calls, since, until)


@pytest.mark.parametrize(
    ("calls", "since", "until", "result"),
    [
        (*over(compared("a")), Result.AGREES),
        (*over(compared("a", difference())), Result.DIFFERS),
        (*over(compared("a", difference(), at=EARLIER), compared("a")), Result.DIFFERS),
        (*over(compared("a", difference(), at=EARLIER), compared("a"), since=NOW - 3600), Result.AGREES),
        (*over(failed("a")), Result.FAILED),
        (*over(compared("a", at=EARLIER), failed("a")), Result.FAILED),
        (*over(compared("a", evidence="sha256:other")), Result.NOT_COMPARED),
        (*over(compared("a"), until=NOW - 3600), Result.NOT_COMPARED),
        (*over(compared("a", at=EARLIER), since=NOW - 3600), Result.NOT_COMPARED),
    ],
    ids=[
        "agrees", "differs", "differed before", "differed before the window", "failed", "failed after a match",
        "other evidence", "after the window", "before the window",
    ],
)  # fmt: skip
def test_the_result_is_of_the_window(
    tmp_path: Path, calls: tuple[Call, ...], since: float | None, until: float | None, result: Result
):
    report = reported(tmp_path, *calls, since=since, until=until)
    [case] = report.parents
    assert case.result is result
    assert report.totals.results == {each: int(each is result) for each in Result}


def test_what_rules_explain_everywhere_agrees(tmp_path: Path):
    report = reported(tmp_path, compared("a", difference()), explain=lambda _: Judgement(ignored_because="known"))
    [case] = report.parents
    assert (case.result, case.differences) == (Result.AGREES, ())


def test_ids_lead_from_parents_to_differences_and_back(tmp_path: Path):
    report = report_of(tmp_path)
    for line in report.differences:
        assert sum(line.id in case.differences for case in report.parents) == line.unexplained_parents


def test_a_parent_that_nobody_compared_is_not_compared():
    state = ParentState(VIEW.name, namespace("a"), Side.OLD, None, None, None, outcome=Outcome.MATCHED)
    assert Sight(EVIDENCE, {}, None, None).result(state) is Result.NOT_COMPARED
