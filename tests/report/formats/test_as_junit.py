"""JUnit XML as its readers want it, by a schema and a parser that are not ours."""

from pathlib import Path

import msgspec
import pytest
from lxml import etree

from shadow.report import Report
from shadow.report.formats.as_junit import render
from shadow.terms import Change, Effect
from tests.report.everything import report_of
from tests.report.formats.hostile import hostile, nasty
from tests.report.scene import compared, difference, failed, reported

SCHEMA = etree.XMLSchema(etree.parse(str(Path(__file__).parents[2] / "data/junit.xsd")))


def valid(report: Report) -> etree._Element:
    """The suite of a document that the schema takes."""
    document = etree.fromstring("".join(render(report)).encode(), etree.XMLParser(resolve_entities=False))
    SCHEMA.assertValid(document)
    [suite] = document
    return suite


def test_a_report_with_everything_is_valid(tmp_path: Path):
    suite = valid(report_of(tmp_path))
    assert suite.get("name") == "kfp"
    assert suite.get("timestamp") == "2027-01-15T08:00:00"


def test_a_report_without_anything_is_valid(tmp_path: Path):
    assert valid(reported(tmp_path)).get("tests") == "0"


@nasty
def test_whatever_an_answer_holds_it_stays_valid(tmp_path: Path, text: str):
    suite = valid(hostile(tmp_path, text))
    assert {case.get("name") for case in suite.iterfind("testcase")} == {"team-a", "team-b"}
    assert not suite.xpath("//script|//img|//iframe")


@pytest.mark.parametrize("broken", ["<testsuites><testsuite/></testsuites>", "<testsuites tests='1'/>"])
def test_the_schema_takes_not_everything(broken: str):
    assert not SCHEMA.validate(etree.fromstring(broken))


def test_each_parent_is_a_case_that_passes_fails_errs_or_is_skipped(tmp_path: Path):
    calls = [
        compared("agrees"),
        compared("differs", difference(parent="differs")),
        failed("fails"),
        compared("stale", evidence="sha256:other"),
    ]
    cases = {
        case.get("name"): [child.tag for child in case]
        for case in valid(reported(tmp_path, *calls)).iterfind("testcase")
    }
    assert cases == {"agrees": [], "differs": ["failure"], "fails": ["error"], "stale": ["skipped"]}


def test_what_stopped_a_case_is_in_the_element_where_gitlab_looks(tmp_path: Path):
    suite = valid(reported(tmp_path, compared("differs", difference(parent="differs")), failed("fails")))
    texts = [str(each.text) for each in suite.iterfind("testcase/*")]
    assert sorted(text.partition("(")[0].strip() for text in texts) == [
        "an implementation gave no valid answer when it was last asked",
        "new would delete Service <namespace>/ml-pipeline-ui",
    ]


def test_no_two_cases_have_one_name(tmp_path: Path):
    """As those of a namespace that was deleted and made once more."""
    calls = [compared("team-a"), compared("team-b")]
    anew = msgspec.structs.replace(calls[0], id="anew", parent=msgspec.structs.replace(calls[0].parent, uid="uid-anew"))
    cases = [case.get("name") for case in valid(reported(tmp_path, *calls, anew)).iterfind("testcase")]
    assert sorted(cases) in (
        ["team-a", "team-a (uid-anew)", "team-b"],
        ["team-a", "team-a (uid-team-a)", "team-b"],
    )


def test_the_worst_difference_names_the_failure_and_all_are_in_it(tmp_path: Path):
    changed = difference("web", path="spec.x", change=Change.CHANGED, new_effect=Effect.UPDATE, old=1, new=2)
    [case] = valid(reported(tmp_path, compared("team-a", changed, difference("ui")))).iterfind("testcase")
    failure = case.find("failure")
    assert failure.get("type") == "delete"
    assert failure.get("message") == "new would delete Service <namespace>/ui and 1 other difference"
    assert "  spec.x: changed\n  as in team-a:\n    - 1\n    + 2" in failure.text


def test_values_are_told_for_the_first_hundred_only(tmp_path: Path):
    calls = [compared(f"team-{n:03}", difference(parent=f"team-{n:03}", old={"a": 1})) for n in range(103)]
    suite = valid(reported(tmp_path, *calls))
    failures = [case.findtext("failure") for case in suite.iterfind("testcase")]
    assert "values stand in the first 100 of 103 failures" in str(suite.findtext("system-out"))
    assert ["- a: 1" in text for text in failures] == [True] * 100 + [False] * 3
    assert all("new would delete" in text for text in failures)


def test_however_many_fail_the_file_is_small_enough_for_gitlab(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("shadow.report.formats.as_junit._MOST_LISTED", 1000)
    changed = difference("web", path="spec.x", change=Change.CHANGED, new_effect=Effect.UPDATE)
    calls = [compared(f"team-{n:03}", difference(parent=f"team-{n:03}"), changed) for n in range(20)]
    suite = valid(reported(tmp_path, *calls))
    failures = [str(case.findtext("failure")) for case in suite.iterfind("testcase")]
    listed = sum("spec.x: changed" in text for text in failures)
    assert 0 < listed < 20
    assert failures[-1] == "new would delete Service <namespace>/ml-pipeline-ui and 1 other difference"
    assert f"only the first {listed} list every difference" in str(suite.findtext("system-out"))
