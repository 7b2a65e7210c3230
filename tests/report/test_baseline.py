"""What is new, unchanged or gone since an earlier report, the same in every format."""

import csv
import io
import json
from pathlib import Path

import msgspec
import pytest

from shadow.compare.rules import Judgement
from shadow.report.baseline import BaselineError, against
from shadow.report.formats import FORMATS
from shadow.report.judge import UNEXPLAINED
from shadow.report.model import Report
from shadow.store.base import Group
from tests.report.scene import compared, difference, failed, reported


def report_of(directory: Path, name: str, *causes: str) -> Report:
    """One parent in which these services differ; `known` is explained."""
    directory = directory / name
    directory.mkdir()
    return reported(directory, compared("team-a", *(difference(cause) for cause in causes)), explain=known)


def known(group: Group) -> Judgement:
    return Judgement(ignored_because="known") if group.object and group.object.name == "known" else UNEXPLAINED


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """`stays` and `known` were there before, `fresh` was not, `bygone` is not there any more."""
    earlier = report_of(tmp_path, "earlier", "stays", "bygone", "known")
    return against(report_of(tmp_path, "later", "stays", "fresh", "known"), earlier)


def test_each_difference_is_marked_and_what_is_gone_comes_last(report: Report):
    marks = {line.object.name: line.since_baseline for line in report.differences if line.object}
    assert marks == {"fresh": "new", "stays": "unchanged", "known": "unchanged", "bygone": "gone"}
    assert report.differences[-1].since_baseline == "gone"
    assert report.baseline
    assert (report.baseline.new, report.baseline.unchanged, report.baseline.gone) == (1, 2, 1)
    assert report.baseline.new_unexplained == 1


def test_what_is_gone_counts_nothing(report: Report):
    [gone] = report.gone
    assert (gone.count, gone.parents, gone.moved_parents, gone.unexplained_parents) == (0, 0, 0, 0)
    assert gone not in report.explained


def test_what_went_before_the_baseline_is_not_gone_again(tmp_path: Path, report: Report):
    later = against(report_of(tmp_path, "still-later", "stays"), report)
    assert {line.object.name for line in later.gone if line.object} == {"fresh", "known"}


def test_where_nothing_was_compared_nothing_is_gone(tmp_path: Path, report: Report):
    quiet = against(reported(tmp_path, failed("team-a")), report)
    assert quiet.differences == ()
    assert quiet.baseline
    assert (quiet.baseline.gone, quiet.baseline.unseen) == (0, 3)
    assert quiet.conclusive is False
    assert "stands as it is: nothing was compared" in "".join(FORMATS["markdown"](quiet))


def test_what_another_parent_showed_is_not_gone_until_that_one_is_compared(tmp_path: Path):
    shown = difference("elsewhere", parent="team-b")
    earlier = reported(tmp_path, compared("team-a", difference("here")), compared("team-b", shown))
    part = against(report_of(tmp_path, "part"), earlier)
    assert [line.object.name for line in part.gone if line.object] == ["here"]
    assert part.baseline
    assert (part.baseline.gone, part.baseline.unseen) == (1, 1)
    assert "1 gone, 1 not looked for in every parent that showed them" in "".join(FORMATS["markdown"](part))


def test_what_rules_explained_may_have_been_shown_by_any_parent(tmp_path: Path):
    shown = (compared("team-a", difference("known")), compared("team-b"))
    earlier = reported(tmp_path, *shown, explain=known)
    part = against(report_of(tmp_path, "part"), earlier)
    assert part.baseline
    assert (part.baseline.gone, part.baseline.unseen) == (0, 1)


def test_only_gone_differences_are_no_reason_to_differ(tmp_path: Path, report: Report):
    clean = against(reported(tmp_path, compared("team-a")), report)
    assert (clean.differs, clean.conclusive) == (False, True)
    assert len(clean.gone) == 3


def test_a_report_of_another_migration_is_no_baseline(report: Report):
    other = msgspec.structs.replace(report, migration="other")
    with pytest.raises(BaselineError, match="of 'other', not of 'kfp'"):
        against(report, other)


SAID = "1 new (1 of them unexplained), 2 unchanged, 1 gone"


@pytest.mark.parametrize("name", ["table", "markdown", "html", "junit"])
def test_people_read_the_same_in_every_format(report: Report, name: str):
    shown = "".join(FORMATS[name](report)).replace("\\", "")
    assert SAID in shown
    assert "bygone" in shown
    assert "[unchanged]" in shown if name == "junit" else "unchanged" in shown


def test_programs_read_the_same_marks(report: Report):
    expected = [line.since_baseline for line in report.differences]
    document = json.loads("".join(FORMATS["json"](report)))
    assert [line["since_baseline"] for line in document["differences"]] == expected
    assert document["baseline"]["gone"] == 1
    rows = csv.DictReader(io.StringIO("".join(FORMATS["csv"](report)), newline=""))
    assert [row["since_baseline"] for row in rows] == expected
