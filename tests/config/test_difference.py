import json

import pytest

from shadow.config.difference import differences, differences_as_written
from shadow.config.load import parse


def configuration(**migration):
    sides = {side: {"protocol": "decorator", "url": f"http://{side}", "sync": "/sync"} for side in ("old", "new")}
    return parse(json.dumps({"migrations": {"m": sides | migration}}), "a test")


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({}, {}, []),
        ({}, {"stage": "live"}, [("migrations.m.stage", None, "live")]),
        ({"stage": "live"}, {}, [("migrations.m.stage", "live", None)]),
        (
            {"canary": {"weight": 5}},
            {"canary": {"weight": 25, "pin": {"old": ["a"]}}},
            [("migrations.m.canary.pin", None, {"old": ["a"]}), ("migrations.m.canary.weight", 5, 25)],
        ),
    ],
    ids=["nothing", "set", "left-out", "nested"],
)
def test_every_field_that_is_another_is_told_with_both_values(before, after, found):
    told = differences(configuration(**before), configuration(**after))
    assert [(each["path"], each["from"], each["to"]) for each in told] == found


@pytest.mark.parametrize(
    ("after", "found"),
    [
        ("a: 1\nb: [x, z]\nc: new", [("b", ["x", "y"], ["x", "z"]), ("c", None, "new")]),
        ("nothing: {at: all", []),
        ("[no, mapping]", []),
    ],
    ids=["what is not valid", "what cannot be parsed", "another kind"],
)
def test_a_refused_text_is_told_as_it_is_written(after, found):
    told = differences_as_written("a: 1\nb: [x, y]", after, lambda document: document)
    assert [(each["path"], each["from"], each["to"]) for each in told] == found


def test_a_long_change_is_told_in_part():
    ignore = [{"path": f"spec.a{number}", "because": "x"} for number in range(3)]
    many = {f"x-{number}": "y" for number in range(500)}
    sides = {"protocol": "decorator", "url": "http://new", "sync": "/sync", "headers": many}
    assert len(differences(configuration(), configuration(new=sides, compare={"ignore": ignore}))) <= 200
