"""Rules of a configuration, applied to what was stored."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shadow.compare.rules import Judgement
from shadow.config.rules import Compare
from shadow.report.judge import judge
from shadow.store.base import Group
from tests.report.scene import EVIDENCE, MIGRATION, NOW, compared, difference, opened


@pytest.fixture
def group(tmp_path: Path) -> Group:
    """A Service that `new` would delete in team-a, as the store gives it back."""
    with opened(tmp_path, compared("team-a", difference("ui"))) as store:
        return next(iter(store.groups(MIGRATION, EVIDENCE, None, None)))


def judged(group: Group, now: float = NOW, **rules: list[dict[str, Any]]) -> Judgement:
    return judge(Compare.model_validate(rules), now)(group)


@pytest.mark.parametrize(
    "rule",
    [
        {"object": "Service/ui"},
        {"object": "Service/team-a/u*"},
        {"change": "removed"},
        {"effect": "delete"},
        {"parents": "team-*"},
    ],
    ids=lambda rule: next(iter(rule)),
)
def test_a_rule_that_matches_explains(group: Group, rule: dict[str, Any]):
    assert judged(group, ignore=[rule | {"because": "noise"}]) == Judgement("noise", None)
    assert judged(group, expect=[rule | {"because": "known"}]) == Judgement(None, "known")


@pytest.mark.parametrize(
    "rule",
    [{"object": "Secret/ui"}, {"change": "added"}, {"effect": "update"}, {"parents": "prod-*"}, {"path": "spec"}],
    ids=lambda rule: next(iter(rule)),
)
def test_a_rule_about_something_else_does_not(group: Group, rule: dict[str, Any]):
    assert judged(group, ignore=[rule | {"because": "noise"}]) == Judgement()


def test_a_rule_ends_with_its_last_day(group: Group):
    rule = {"object": "Service/ui", "because": "known", "until": "2027-01-15"}
    last_moment = datetime(2027, 1, 15, 23, 59, 59, tzinfo=UTC).timestamp()
    assert judged(group, last_moment, expect=[rule]) == Judgement(None, "known")
    assert judged(group, last_moment + 1, expect=[rule]) == Judgement()


def test_without_rules_nothing_is_explained(group: Group):
    assert judged(group) == Judgement()


@pytest.mark.parametrize(
    ("rule", "explained"),
    [
        ({"object": "Service/ui"}, {"team-a", "team-b"}),
        ({"object": "Service/team-a/*"}, {"team-a"}),
        ({"parents": "team-b"}, {"team-b"}),
    ],
    ids=["alike everywhere", "by namespace", "by parent"],
)
def test_what_is_known_of_one_parent_counts_for_others_only_where_rules_do_not_tell_them_apart(
    tmp_path: Path, rule: dict[str, Any], explained: set[str]
):
    calls = [compared(name, difference("ui", parent=name)) for name in ("team-a", "team-b")]
    explain = judge(Compare.model_validate({"ignore": [rule | {"because": "noise"}]}), NOW)
    with opened(tmp_path, *calls) as store:
        groups = list(store.groups(MIGRATION, EVIDENCE, None, None))
    assert {str(group.parent) for group in groups * 2 if explain(group) == Judgement("noise", None)} == explained
