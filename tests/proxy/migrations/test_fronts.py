import json
from typing import Any

import msgspec
import pytest

from shadow.protocol.controller import Controller, read_controller
from shadow.proxy.migrations.fronts import Fronts
from shadow.report.readiness import FrontFacts
from tests.proxy.bodies import controller


def front(name: str = "profiles", **spec) -> Controller:
    body = controller()
    body["metadata"]["name"] = name
    body["spec"] |= spec
    return read_controller(msgspec.Raw(json.dumps(body).encode()))


def test_a_controller_is_told_once_and_again_with_another_spec():
    fronts = Fronts()
    change = fronts.saw("m", front(), 1.0)
    assert change is not None
    assert (change.kind, change.by, change.migration) == ("front", "DecoratorController profiles", "m")
    assert change.details["finalizes"] is False
    assert fronts.saw("m", front(), 2.0) is None
    assert fronts.saw("m", front(resyncPeriodSeconds=60), 3.0) is not None
    assert fronts.saw("other", front(), 4.0) is not None


def test_the_one_that_called_last_decides_what_evidence_depends_on():
    fronts = Fronts()
    assert fronts.facts("m") is None
    hooks = {"sync": {"webhook": {"url": "http://x"}}, "finalize": {"webhook": {"url": "http://x"}}}
    fronts.saw("m", front(), 1.0)
    fronts.saw("m", last := front("another", hooks=hooks, resyncPeriodSeconds=3600), 2.0)
    assert fronts.facts("m") == FrontFacts(
        last.spec_digest, finalizes=True, resync_seconds=3600, label_selectors=(None,)
    )
    assert (fronts.latest("m") or {})["name"] == "another"


@pytest.mark.parametrize(
    ("rule", "left_out"),
    [
        ({"labelSelector": {"matchLabels": {"a": "1"}}}, True),
        ({"labelSelector": {"matchLabels": "odd"}}, False),
        ({}, False),
    ],
    ids=["left out", "not readable", "all"],
)
def test_what_its_rules_say_of_labels_is_part_of_it(rule: dict[str, Any], left_out: bool):
    fronts = Fronts()
    change = fronts.saw("m", front(resources=[{"apiVersion": "v1", "resource": "namespaces", **rule}]), 1.0)
    assert change is not None
    facts = fronts.facts("m")
    assert facts is not None
    assert facts.passes_over({"a": "2"}) is left_out
    assert msgspec.convert(change.details, FrontFacts) == facts  # as the store gives it back


def test_names_without_end_do_not_fill_the_change_log():
    fronts = Fronts()
    told = [fronts.saw("m", front(f"c-{number}"), float(number)) for number in range(300)]
    assert sum(change is not None for change in told) == 200


def test_who_called_within_its_resync_period_is_calling():
    fronts = Fronts()
    fronts.saw("m", front("slow", resyncPeriodSeconds=3600), 0.0)
    fronts.saw("m", front("quick"), 1000.0)
    assert [each["name"] for each in fronts.calling("m", 1100.0)] == ["quick", "slow"]
    assert [each["name"] for each in fronts.calling("m", 3000.0)] == ["slow"]
    assert fronts.calling("m", 9000.0) == fronts.calling("other", 0.0) == []
