"""Groups on their way into a report: judged once, harm told as they pass, only those of the present controller."""

from pathlib import Path

import msgspec
import pytest

from shadow.compare.rules import Judgement
from shadow.report.groups import Merged, at_front
from shadow.report.judge import UNEXPLAINED
from shadow.report.readiness import Harms, harms
from shadow.store.base import Group
from shadow.terms import Effect
from tests.report.scene import EVIDENCE, MIGRATION, NOW, compared, difference, opened


@pytest.fixture
def groups(tmp_path: Path) -> list[Group]:
    """Two parents: a delete an hour ago, an update and a delete a minute ago."""
    update = difference("web", new_effect=Effect.UPDATE, path="spec.type")
    calls = (compared("a", difference("ui"), at=NOW - 3600), compared("b", update, difference("ui"), at=NOW - 60))
    with opened(tmp_path, *calls) as store:
        return list(store.groups(MIGRATION, EVIDENCE, None, None))


def test_a_group_is_explained_once(groups: list[Group]):
    asked: list[Group] = []

    def explain(group: Group) -> Judgement:
        asked.append(group)
        return UNEXPLAINED

    merged = Merged()
    merged.add_all(groups, explain, Harms())
    assert asked == groups
    assert len(merged.lines(set)) == 2


@pytest.mark.parametrize(("since", "parents"), [(0.0, {"a", "b"}), (NOW - 600, {"b"}), (NOW, set())])
def test_harms_that_are_told_on_the_way_are_those_of_a_pass_of_its_own(
    groups: list[Group], since: float, parents: set[str]
):
    found = Harms(since)
    Merged().add_all(groups, lambda _: UNEXPLAINED, found)
    assert found.worst == harms((group for group in groups if str(group.parent) in parents), lambda _: UNEXPLAINED)
    assert set(found.worst.values()) <= {Effect.DELETE}


def test_what_was_seen_behind_another_controller_is_no_evidence(groups: list[Group]):
    before, now, unknown = (msgspec.structs.replace(groups[0], front_digest=digest) for digest in ("b", "n", None))
    assert list(at_front([before, now, unknown], "n")) == [now, unknown]
    assert list(at_front([before, now, unknown], None)) == [before, now, unknown]
