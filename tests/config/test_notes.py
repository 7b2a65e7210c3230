from datetime import date

import pytest

from shadow.config.model import Configuration
from shadow.config.notes import notes

TODAY = date(2026, 11, 23)


@pytest.fixture
def told(least, tmp_path):
    def of(**settings):
        least["store"] = f"sqlite:///{tmp_path}/shadow.db"
        least["migrations"]["kfp"] |= settings
        return [str(note) for note in notes(Configuration.model_validate(least), TODAY)]

    return of


def rule(until):
    return {"compare": {"expect": [{"path": "a", "because": "x"}, {"path": "b", "because": "x", "until": until}]}}


def test_an_ordinary_configuration_has_no_notes(told):
    assert told() == []


def test_two_names_for_one_hook_are_noted(told, least):
    old = least["migrations"]["kfp"]["old"]
    assert told(new=old) == ["migrations.kfp.new: is the same hook as `old`: nothing can differ"]
    assert told(new=old | {"sync": "/new"}) == []
    assert told(new=old | {"protocol": "decorator"}) == []


def test_a_rule_whose_time_is_over_is_noted(told):
    assert told(**rule("2026-11-23")) == []
    assert told(**rule("2026-11-22")) == [
        "migrations.kfp.compare.expect[1].until: 2026-11-22 is over: the rule does nothing any more"
    ]


def test_what_is_odd_about_a_rule_is_noted_at_its_place(told):
    odd = [{"because": "x", "path": "a"}, {"because": "x", "path": "**"}, {"because": "x", "path": "labels.a"}]
    everything, at_the_root = told(compare={"ignore": odd})
    assert everything.startswith("migrations.kfp.compare.ignore[1]: explains every difference")
    assert at_the_root.startswith("migrations.kfp.compare.ignore[2].path: no object has labels at its root")


def test_a_canary_that_moves_nobody_is_noted(told):
    assert told(stage="canary") == ["migrations.kfp.canary: has weight 0 and no pin.new: no parent moves"]
    assert told(stage="canary", canary={"weight": 1}) == []
    assert told(stage="canary", canary={"pin": {"new": ["team-a"]}}) == []


def test_a_store_in_no_directory_is_noted(least):
    least["store"] = "sqlite:////nope/shadow.db"
    (note,) = notes(Configuration.model_validate(least), TODAY)
    assert str(note) == "store: the directory /nope does not exist here; `shadow serve` needs it"


def test_hooks_of_two_versions_are_noted(told, least):
    old, new = least["migrations"]["kfp"]["old"], least["migrations"]["kfp"]["new"]
    (note,) = told(old=old | {"hook_version": "v1"}, new=new | {"hook_version": "v2"})
    assert note.startswith("migrations.kfp: v1 and v2 of the sync hook: under a namespaced parent")
    assert "shown to `new` only if the controller declares v2" in note
    assert told(old=old | {"hook_version": "v2"}, new=new | {"hook_version": "v2"}) == []
    assert told(old=old, new=new | {"customize_version": "v2", "customize": "/customize"}) == []


@pytest.mark.parametrize("key", ["secrets.v1", "Secret.core", "Deployment.apps.v1"])
def test_what_is_no_kind_is_noted(told, least, key):
    new = least["migrations"]["kfp"]["new"] | {"shadow_when": {"observed": [key, "Job.batch/v1beta1", "Secret.v1"]}}
    (note,) = told(new=new)
    assert note.startswith(f"migrations.kfp.new.shadow_when: {key} is no kind with its version")
