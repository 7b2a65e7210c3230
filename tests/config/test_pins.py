import pytest
from pydantic import ValidationError

from shadow.config.pins import Pins, parse_pin, parse_selector, spell_pin
from shadow.protocol.objects import ParentRef
from shadow.terms import Side


def parent(namespace, name):
    return ParentRef("example.com/v1", "Thing", namespace, name, "uid-1")


@pytest.mark.parametrize(
    ("glob", "namespace", "name", "expected"),
    [
        ("team-a", "", "team-a", True),
        ("team-a", "anywhere", "team-a", True),
        ("team-a", "", "team-ab", False),
        ("prod-*", "", "prod-eu", True),
        ("prod-*", "", "preprod-eu", False),
        ("*", "ns", "name", True),
        ("ns/name", "ns", "name", True),
        ("ns/*", "ns", "name", True),
        ("ns/*", "ns2", "name", False),
        ("*/name", "ns", "name", True),
        ("*/name", "", "name", False),
        ("n*e", "ns", "other", False),
        ("*a*b*c*", "", "xaybzc", True),
    ],
)
def test_a_glob_without_a_slash_means_the_name_and_no_star_crosses_the_slash(glob, namespace, name, expected):
    assert parse_pin(glob).matches(parent(namespace, name), {}) is expected


@pytest.mark.parametrize(
    ("selector", "labels", "expected"),
    [
        ("tier=dev", {"tier": "dev"}, True),
        ("tier==dev", {"tier": "dev"}, True),
        ("tier=dev", {"tier": "prod"}, False),
        ("tier=dev", {}, False),
        ("tier!=dev", {}, True),
        ("tier!=dev", {"tier": "dev"}, False),
        ("env in (a, b)", {"env": "b"}, True),
        ("env in (a,b)", {"env": "c"}, False),
        ("env notin (a,b)", {"env": "c"}, True),
        ("env notin (a,b)", {}, True),
        ("env notin (a,b)", {"env": "a"}, False),
        ("legacy", {"legacy": ""}, True),
        ("legacy", {}, False),
        ("!legacy", {}, True),
        ("!legacy", {"legacy": "x"}, False),
        ("tier=", {"tier": ""}, True),
        ("a.b/c=d", {"a.b/c": "d"}, True),
        ("tier=dev,env in (a,b),!x", {"tier": "dev", "env": "a"}, True),
        ("tier=dev,env in (a,b),!x", {"tier": "dev", "env": "a", "x": "1"}, False),
        (" tier = dev , !x ", {"tier": "dev"}, True),
    ],
)
def test_a_selector_means_what_it_means_in_kubernetes(selector, labels, expected):
    assert parse_selector(selector).matches(parent("", "any"), labels) is expected


@pytest.mark.parametrize(
    "value",
    [
        *("", "a/b/c", "a b", "[ab]", 5, None, {}),
        *({"selector": text} for text in ("", "a in b", "a=b,,c", "a in (b", "a>1", "a=b c", 5)),
        {"selector": "a", "x": 1},
    ],
    ids=str,
)
def test_what_is_no_pin_is_refused(value):
    with pytest.raises(ValidationError, match=r"must be|no label requirement"):
        Pins(new=(value,))


def test_old_beats_new():
    pins = Pins.model_validate({"new": ["*"], "old": ["prod-*", {"selector": "frozen"}]})
    assert pins.side(parent("", "prod-eu"), {}) is Side.OLD
    assert pins.side(parent("", "dev"), {"frozen": ""}) is Side.OLD
    assert pins.side(parent("", "dev"), {}) is Side.NEW


def test_a_parent_that_nothing_names_is_left_to_the_weight():
    assert Pins.model_validate({"new": ["a"], "old": ["b"]}).side(parent("", "c"), {}) is None


@pytest.mark.parametrize("value", ["team-*", {"selector": "tier=dev"}])
def test_a_pin_is_written_as_it_was_read(value):
    assert spell_pin(parse_pin(value)) == value


def test_a_glob_full_of_stars_is_soon_done():
    assert not parse_pin("a*" * 60 + "b").matches(parent("", "a" * 250), {})
