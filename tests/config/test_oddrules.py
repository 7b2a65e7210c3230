"""Rules that explain everything or nothing are noted, with the value and what to write instead."""

import pytest

from shadow.config.oddrules import oddities
from shadow.config.rules import Rule


def odd(verb="ignore", /, **asked):
    return list(oddities(verb, Rule.model_validate({"because": "x", **asked})))


@pytest.mark.parametrize(
    "asked",
    [
        {"path": "spec.replicas"},
        {"path": "parent.status.ready"},
        {"path": "status.ready"},
        {"path": "*", "object": "Service/*"},
        {"path": "metadata.annotations[sidecar.istio.io/*]"},
        {"object": "Deployment.apps/ml-*", "change": "removed"},
        {"object": "*/team-a/*"},
        {"object": "*/*", "effect": "latent"},
        {"parents": ["*", "prod-*"], "effect": "none"},
        {"parents": "team-a"},
        {"path": "**", "effect": "delete", "object": "Service/ui"},
        {"path": "parent.*.x"},
        {"effect": "inexpressible"},
    ],
)
def test_an_ordinary_rule_is_not_odd(asked):
    assert odd(**asked) == odd("expect", **asked) == []


EVERYTHING = [("", "explains every difference, whatever it is: name an object or a field")]


@pytest.mark.parametrize(
    "asked",
    [
        {"path": "**"},
        {"object": "*/*"},
        {"object": "*.*/*/*", "path": "*"},
        {"parents": "*"},
        {"parents": ["a", "*/*"]},
    ],
)
def test_a_rule_that_explains_everything_is_odd(asked):
    assert odd(**asked) == odd("expect", **asked) == EVERYTHING


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"effect": "delete"}, True),
        ({"effect": "recreate", "parents": "*"}, True),
        ({"change": "removed"}, True),
        ({"change": "removed", "effect": "delete", "object": "*/*"}, True),
        ({"change": "changed"}, True),
        ({"change": "changed", "effect": "update"}, False),
        ({"change": "added"}, False),
        ({"effect": "create"}, False),
        ({"effect": "delete", "parents": "team-a"}, False),
        ({"effect": "delete", "object": "Service/*"}, False),
        ({"change": "removed", "path": "**"}, False),
    ],
)
def test_expecting_every_removal_lifts_the_hold_for_all(asked, expected):
    assert [key for key, what in odd("expect", **asked) if "lifts the hold" in what] == [""] * expected
    assert odd(**asked) == []


@pytest.mark.parametrize(
    ("asked", "key", "remedy"),
    [
        ({"object": "deployment.apps/x"}, "object", "no kind is called deployment.apps: write it as `kind` has it"),
        ({"object": "Deployment.apps/v1"}, "object", "means the object called v1"),
        ({"object": "Foo.e.com/v1beta1/x"}, "object", "means the namespace called v1beta1"),
        ({"object": "Service/x", "effect": "inexpressible"}, "effect", "leave out `object`"),
        ({"object": "Service/x", "path": "parent.status.a"}, "path", "parent.status.a is a field of the parent"),
        ({"path": "parent.spec.a"}, "path", "only status, labels and annotations are compared, not spec"),
        ({"path": "labels.a"}, "path", "write metadata.labels or parent.labels"),
        ({"path": "spec.a", "effect": "delete"}, "path", "leave out `path`"),
        ({"path": 'hosts["*.e.com"]'}, "path", "write [a.b/*] for every field of that form"),
        ({"parents": ["ok", "Team_A"]}, "parents", "no object of Kubernetes is called as Team_A is"),
    ],
)
def test_a_rule_that_can_explain_nothing_is_odd(asked, key, remedy):
    ((found, what),) = odd(**asked)
    assert found == key
    assert remedy in what
