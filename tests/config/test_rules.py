import pytest
from pydantic import ValidationError

from shadow.config.rules import Rule
from shadow.terms import Change, Effect


def test_a_rule_keeps_what_it_asks_for():
    rule = Rule.model_validate(
        {
            "object": "Deployment.apps/ml-*",
            "change": "removed",
            "effect": "delete",
            "because": "x",
            "until": "2027-01-31",
        }
    )
    assert (rule.object, rule.change, rule.effect) == ("Deployment.apps/ml-*", Change.REMOVED, Effect.DELETE)


@pytest.mark.parametrize(("value", "expected"), [("team-*", ("team-*",)), (["a", "b/*"], ("a", "b/*"))])
def test_parents_are_a_glob_or_a_list_of_them(value, expected):
    assert Rule.model_validate({"parents": value, "because": "x"}).parents == expected


@pytest.mark.parametrize(
    "rule",
    [
        {"path": "a"},
        {"path": "a", "because": ""},
        {"because": "x"},
        {"path": "", "because": "x"},
        {"path": "a[", "because": "x"},
        {"object": "Deployment", "because": "x"},
        {"object": "a/b/c/d", "because": "x"},
        {"object": "Service/<namespace>/ui", "because": "x"},
        {"object": "a//b", "because": "x"},
        {"change": "gone", "because": "x"},
        {"effect": "boom", "because": "x"},
        {"parents": [], "because": "x"},
        {"parents": "a/b/c", "because": "x"},
        {"path": "a", "because": "x", "until": "soon"},
        {"path": "a", "because": "x", "wen": 1},
    ],
    ids=str,
)
def test_a_rule_that_says_nothing_or_nonsense_is_refused(rule):
    with pytest.raises(ValidationError):
        Rule.model_validate(rule)
