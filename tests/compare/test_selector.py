"""Label selectors."""

import pytest

from shadow.compare.selector import selects

LABELS = {"app": "x", "tier": "dev"}


def expression(key, operator, *values):
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({}, True),
        ({"matchLabels": {"app": "x"}}, True),
        ({"matchLabels": {"app": "x", "tier": "prod"}}, False),
        ({"matchLabels": {"absent": "x"}}, False),
        ({"matchLabels": None, "matchExpressions": None}, True),
        (expression("app", "In", "x", "y"), True),
        (expression("app", "In", "y"), False),
        (expression("absent", "In", "x"), False),
        (expression("app", "NotIn", "y"), True),
        (expression("app", "NotIn", "x"), False),
        (expression("absent", "NotIn", "x"), True),
        (expression("app", "Exists"), True),
        (expression("absent", "Exists"), False),
        (expression("app", "DoesNotExist"), False),
        (expression("absent", "DoesNotExist"), True),
        (expression("app", "Like", "x"), False),
        ({"matchLabels": {"app": "x"}} | expression("tier", "In", "prod"), False),
        (None, False),
        ("app=x", False),
        ({"matchLabels": ["app"]}, False),
        ({"matchExpressions": {"key": "app"}}, False),
        ({"matchExpressions": ["app"]}, False),
        (expression(["app"], "Exists"), False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": "x"}]}, False),
        ({"matchExpressions": [{"operator": "DoesNotExist"}]}, True),
    ],
)
def test_a_selector_matches_if_all_of_it_does(selector, expected):
    assert selects(selector, LABELS) is expected
