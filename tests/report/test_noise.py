"""Noise is told with a rule that would account for it."""

import msgspec
import pytest

from shadow.compare.model import Noise
from shadow.compare.rules import compile_rules
from shadow.config.rules import Compare
from shadow.protocol.objects import Identity
from shadow.report.formats import FORMATS
from shadow.terms import Side
from tests.report.scene import compared, reported

SECRETS = Identity("v1", "Secret", "*", "*")
HOST = Identity("apps/v1", "Deployment", "*", "*")


def asked(parent, *noise, sides=(Side.NEW,)):
    call = compared(parent)
    assert call.comparison is not None
    comparison = msgspec.structs.replace(call.comparison, noise=noise, asked_twice=sides)
    return msgspec.structs.replace(call, comparison=comparison)


def test_it_is_counted_per_kind_and_place_over_all_parents(tmp_path):
    key = Noise(Side.NEW, SECRETS, "data.key", "a", "b")
    report = reported(tmp_path, asked("a", key), asked("b", key), asked("c"), asked("d", sides=(Side.OLD,)))
    (line,) = report.noise
    assert (line.object, line.path, line.implementation, line.differs, line.of) == (SECRETS, "data.key", Side.NEW, 2, 3)
    assert line.example == ("a", "b")


@pytest.mark.parametrize(
    ("about", "path", "rule"),
    [
        (SECRETS, "data.key", {"object": "Secret/*", "path": "data.key"}),
        (HOST, "spec.x", {"object": "Deployment.apps/*", "path": "spec.x"}),
        (None, "parent.status.at", {"path": "parent.status.at"}),
        (SECRETS, "", None),
        (SECRETS, "data.<namespace>", None),
    ],
)
def test_the_proposal_is_a_rule_that_can_be_pasted(tmp_path, about, path, rule):
    (line,) = reported(tmp_path, asked("a", Noise(Side.OLD, about, path, 1, 2), sides=(Side.OLD,))).noise
    if rule is None:
        assert line.proposal is None
        return
    assert line.proposal is not None
    proposed = {key: text for key, text in msgspec.structs.asdict(line.proposal).items() if text}
    assert {key: proposed[key] for key in rule} == rule
    assert compile_rules(Compare.model_validate({"ignore": [proposed]}).records()).rules


@pytest.mark.parametrize("name", ["table", "markdown"])
def test_people_are_shown_it_with_the_rule(tmp_path, name):
    report = reported(tmp_path, asked("a", Noise(Side.NEW, SECRETS, "data.key", "x", "y")))
    text = "".join(FORMATS[name](report)).replace("\\", "")
    assert "new differs from itself 1 of 1 time in Secret data.key; a rule for it" in text
    assert '"object": "Secret/*"' in text
