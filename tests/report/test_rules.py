"""Rules that have nothing to explain are told: expired, never matched, or no longer needed."""

from dataclasses import replace

import msgspec
import pytest

from shadow.config.rules import Compare
from shadow.report import build
from shadow.report.formats import FORMATS
from shadow.report.judge import judge
from tests.report.scene import NOW, VIEW, compared, difference, failed, opened


def report_of(directory, *calls, **rules):
    judged = judge(Compare.model_validate(rules), NOW)
    with opened(directory, *calls) as store:
        report = build(store, replace(VIEW, explain=judged, rules=judged.rules), None, None, NOW)
        return msgspec.structs.replace(report, parents=tuple(report.parents))


def states(report):
    return [(rule.state.value, rule.matched_parents, rule.present_parents) for rule in report.rules]


DROPPED = {"object": "Service/ml-*", "change": "removed", "because": "dropped upstream"}
SHOWS = compared("team-a", difference())
SHOWED = compared("team-a", difference(), at=NOW - 600)


@pytest.mark.parametrize(
    ("calls", "rule", "expected"),
    [
        pytest.param([SHOWS], {}, ("applied", 1, 1), id="applied"),
        pytest.param([SHOWS], {"until": "2027-01-15"}, ("applied", 1, 1), id="on-its-last-day"),
        pytest.param([SHOWS], {"until": "2027-01-14"}, ("expired", 1, 1), id="expired-and-missed"),
        pytest.param([], {"until": "2027-01-14"}, ("expired", 0, 0), id="expired-and-not-needed"),
        pytest.param([SHOWS], {"object": "Service/other"}, ("unmatched", 0, 0), id="another-object"),
        pytest.param([SHOWS], {"effect": "update"}, ("unmatched", 0, 0), id="another-effect"),
        pytest.param([SHOWED, compared("team-a")], {}, ("gone", 1, 0), id="no-longer-happens"),
        pytest.param([SHOWED, compared("team-b")], {}, ("applied", 1, 1), id="another-parent-is-better"),
        pytest.param([SHOWED, SHOWS], {}, ("applied", 1, 1), id="happens-again"),
        pytest.param([SHOWED, failed("team-a")], {}, ("applied", 1, 1), id="a-failure-proves-nothing"),
    ],
)
@pytest.mark.parametrize("verb", ["expect", "ignore"])
def test_a_rule_is_told_by_what_it_matches(tmp_path, calls, rule, expected, verb):
    assert states(report_of(tmp_path, *calls, **{verb: [DROPPED | rule]})) == [expected]


def test_an_expired_rule_explains_nothing(tmp_path):
    report = report_of(tmp_path, SHOWS, expect=[DROPPED | {"until": "2027-01-14"}])
    assert report.differs
    assert report.differences[0].expected_because is None


@pytest.mark.parametrize("name", ["table", "markdown"])
def test_rules_without_work_are_shown_to_people(tmp_path, name):
    rules = [
        DROPPED | {"until": "2027-01-14", "owner": "team-kfp"},
        {"path": "spec.x", "because": "nobody knows"},
        {"change": "removed", "because": "in use"},
    ]
    text = "".join(FORMATS[name](report_of(tmp_path, SHOWS, ignore=rules))).replace("\\", "")
    assert "ignore Service/ml-* removed (dropped upstream, team-kfp): has expired on 2027-01-14" in text
    assert "1 parent is still like that" in text
    assert "ignore spec.x (nobody knows): matches nothing so far" in text
    assert "ignore removed (in use)" not in text
