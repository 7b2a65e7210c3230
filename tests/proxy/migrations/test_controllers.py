import json
from pathlib import Path

import pytest

from shadow.config.load import parse
from shadow.errors import ConfigurationError
from shadow.proxy.migrations.controllers import controllers, require_controllers
from shadow.terms import Side
from tests.proxy.bodies import controller


def configuration(directory: Path, **files: object):
    """Of one migration whose composite `old` and decorator `new` are shown these objects."""
    written = {}
    for side, protocol in (("old", "composite"), ("new", "decorator")):
        written[side] = {"protocol": protocol, "url": f"http://{side}", "sync": "/sync"}
        if side in files:
            path = directory / f"{side}.json"
            path.write_text(json.dumps(files[side]))
            written[side]["controller_file"] = str(path)
    return parse(json.dumps({"migrations": {"m": written}}), "a test")


def test_a_fitting_object_is_shown(tmp_path: Path):
    found = controllers("m", configuration(tmp_path, old=controller("composite")).migrations["m"])
    assert {side: json.loads(content)["kind"] for side, content in found.items()} == {Side.OLD: "CompositeController"}


def test_every_object_that_does_not_fit_is_told_with_its_path(tmp_path: Path):
    where = "migrations.m.{}.controller_file"
    with pytest.raises(ConfigurationError) as told:
        require_controllers(configuration(tmp_path, old=controller("decorator"), new=controller(version="v2")))
    assert [str(problem) for problem in told.value.problems] == [
        f"{where.format('old')}: is a DecoratorController, and a composite hook is shown a CompositeController",
        f"{where.format('new')}: declares version v2 of the sync hook, and the implementation speaks v1",
    ]


def test_a_file_that_is_gone_is_told(tmp_path: Path):
    settings = configuration(tmp_path, old=controller("composite"))
    (tmp_path / "old.json").unlink()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        require_controllers(settings)
