from pathlib import Path
from typing import Any

import pytest

from shadow.config.judging import Guard
from shadow.config.model import Configuration
from shadow.config.reach import out_of_reach, unreachable


@pytest.mark.parametrize(
    ("settings", "parents", "resync", "needed"),
    [
        ({}, 3, 3600, 300),
        ({}, 300, 3600, None),
        ({}, 299, 3600, 300),
        ({}, None, 3600, 300),
        ({}, 3, None, None),
        ({}, 3, 0, None),
        ({"min_calls": 5, "window": "24h"}, 1, 3600, None),
        ({"min_calls": 50, "window": "1h"}, 1, 10, None),
    ],
    ids=str,
)
def test_what_it_takes_to_reach_min_calls(
    settings: dict[str, Any], parents: int | None, resync: float | None, needed: int | None
):
    told = unreachable(Guard.model_validate(settings), parents, resync)
    assert (told is None) is (needed is None)
    if told is not None:
        assert f"takes {needed} parents" in told
        assert ("there are" in told) is (parents is not None)


@pytest.mark.parametrize(("counted", "told"), [(0, True), (49, True), (50, False), (None, True)], ids=str)
def test_calls_that_came_by_events_count(counted: int | None, told: bool):
    why = unreachable(Guard.model_validate({}), 3, 3600, counted)
    assert (why is not None) is told
    assert why is None or (f"{counted} calls were counted" in why) is (counted is not None)


@pytest.mark.parametrize(("resync", "told"), [("3600", True), ("10", False), ("null", False), ('"1h"', False)])
def test_a_check_knows_the_resync_of_a_controller_file(tmp_path: Path, resync: str, told: bool):
    file = tmp_path / "controller.yaml"
    file.write_text(f"kind: DecoratorController\nspec: {{resyncPeriodSeconds: {resync}}}\n")
    side = {"protocol": "decorator", "url": "http://x", "sync": "/sync"}
    migration = {"old": side, "new": side | {"controller_file": str(file)}}
    found = list(out_of_reach(Configuration.model_validate({"migrations": {"m": migration}})))
    assert [name for name, _ in found] == (["m"] if told else [])


def test_without_a_controller_file_a_check_says_nothing():
    side = {"protocol": "decorator", "url": "http://x", "sync": "/sync"}
    assert not list(out_of_reach(Configuration.model_validate({"migrations": {"m": {"old": side, "new": side}}})))
