import json

import pytest

from shadow.protocol.controller import read_controller
from shadow.protocol.convert import convert, converted
from shadow.terms import Protocol
from tests.protocol.recordings import CONTROLLERS, compact, recordings

COMPOSITE, DECORATOR = Protocol
OTHER = {COMPOSITE: DECORATOR, DECORATOR: COMPOSITE}


def _with(front, **spec):
    return CONTROLLERS[front] | {"spec": CONTROLLERS[front]["spec"] | spec}


def _told(controller, to):
    return {(caveat.level, caveat.path) for caveat in convert(controller, to)[1]}


def test_a_composite_controller_becomes_a_decorator_controller():
    selector = {"matchLabels": {"a": "b"}}
    parent = {"apiVersion": "lab.example.com/v1", "resource": "widgets", "labelSelector": selector}
    source = _with(COMPOSITE, parentResource=parent | {"ignoreStatusChanges": True}, resyncPeriodSeconds=60)
    result, _ = convert(source, DECORATOR)
    assert result["kind"] == "DecoratorController"
    assert result["metadata"] == source["metadata"]
    assert result["status"] == {}
    assert result["spec"] == {
        "resources": [parent | {"ignoreStatusChanges": True}],
        "attachments": [{"apiVersion": "v1", "resource": "configmaps", "updateStrategy": {"method": "InPlace"}}],
        "resyncPeriodSeconds": 60,
        "hooks": {"sync": {"version": "v1", "webhook": {"url": "http://hook.example/sync"}}},
    }


def test_a_decorator_controller_becomes_a_composite_controller():
    result, caveats = convert(CONTROLLERS[DECORATOR], COMPOSITE)
    assert result["spec"]["childResources"][0]["updateStrategy"] == {"method": "InPlace", "statusChecks": {}}
    assert result["spec"]["parentResource"] == {"apiVersion": "lab.example.com/v1", "resource": "widgets"}
    assert result["spec"]["generateSelector"] is True
    assert {caveat.level for caveat in caveats} == {"warning"}


def test_a_controller_of_the_right_kind_is_left_as_it_is():
    assert convert(CONTROLLERS[COMPOSITE], COMPOSITE) == (CONTROLLERS[COMPOSITE], [])


@pytest.mark.parametrize(
    ("method", "kept", "level"),
    [
        ("OnDelete", "OnDelete", None),
        ("Recreate", "Recreate", None),
        ("InPlace", "InPlace", None),
        ("RollingRecreate", "Recreate", "error"),
        ("RollingInPlace", "InPlace", "error"),
    ],
)
def test_rolling_methods_lose_their_rolling(method, kept, level):
    rules = [{"apiVersion": "v1", "resource": "configmaps", "updateStrategy": {"method": method}}]
    result, caveats = convert(_with(COMPOSITE, childResources=rules), DECORATOR)
    assert result["spec"]["attachments"][0]["updateStrategy"] == {"method": kept}
    told = {caveat.level for caveat in caveats if caveat.path.endswith("method")}
    assert told == ({level} if level else set())


CORE = {"apiVersion": "v1", "resource": "namespaces"}
WIDGETS = {"apiVersion": "lab.example.com/v1", "resource": "widgets"}
CHECKED = {"method": "InPlace", "statusChecks": {"conditions": [{"type": "Ready"}]}}
ETAG = {"enabled": True, "cacheTimeoutSeconds": 60}


@pytest.mark.parametrize(
    ("source", "to", "told"),
    [
        (_with(COMPOSITE, parentResource=CORE), DECORATOR, ("warning", "spec.parentResource.apiVersion")),
        (
            _with(COMPOSITE, parentResource=WIDGETS | {"revisionHistory": {"fieldPaths": ["spec"]}}),
            DECORATOR,
            ("warning", "spec.parentResource.revisionHistory"),
        ),
        (
            _with(COMPOSITE, childResources=[WIDGETS | {"updateStrategy": CHECKED}]),
            DECORATOR,
            ("warning", "spec.childResources[0].updateStrategy.statusChecks"),
        ),
        (_with(COMPOSITE, generateSelector=True), DECORATOR, ("warning", "spec.generateSelector")),
        (_with(COMPOSITE, generateSelector=False), DECORATOR, ("warning", "spec.generateSelector")),
        (_with(COMPOSITE, hooks={"preUpdateChild": {}}), DECORATOR, ("warning", "spec.hooks.preUpdateChild")),
        (
            _with(COMPOSITE, hooks={"sync": {"webhook": {"etag": ETAG}}}),
            DECORATOR,
            ("warning", "spec.hooks.sync.webhook.etag"),
        ),
        (_with(DECORATOR, resources=[WIDGETS, WIDGETS]), COMPOSITE, ("impossible", "spec.resources")),
        (_with(DECORATOR, resources=[]), COMPOSITE, ("impossible", "spec.resources")),
        (
            _with(DECORATOR, resources=[WIDGETS | {"annotationSelector": {"matchAnnotations": {"a": "b"}}}]),
            COMPOSITE,
            ("impossible", "spec.resources[0].annotationSelector"),
        ),
        (_with(DECORATOR, resources=[CORE]), COMPOSITE, ("impossible", "spec.resources[0].apiVersion")),
    ],
)
def test_what_is_lost_is_told(source, to, told):
    assert told in _told(source, to)


def test_the_dead_hooks_are_dropped():
    result, _ = convert(
        _with(COMPOSITE, hooks={"preUpdateChild": {}, "postUpdateChild": {}, "finalize": {}}), DECORATOR
    )
    assert result["spec"]["hooks"] == {}


CLOSED_ROUND = {
    compact(each.request["controller"]["spec"]): each.request["controller"] for each in recordings()
}.values()


@pytest.mark.parametrize("controller", CLOSED_ROUND, ids=lambda controller: controller["metadata"]["name"])
def test_recorded_controllers_decide_the_same_once_converted(controller):
    before = read_controller(compact(controller))
    to = OTHER[before.protocol]
    after = read_controller(converted(compact(controller), to)[0])
    assert (after.protocol, after.name, after.parents) == (to, before.name, before.parents)
    assert after.hooks == before.hooks
    kinds = [(rule.api_version, rule.resource) for rule in before.children]
    assert [(rule.api_version, rule.resource) for rule in after.children] == kinds
    assert [rule.method for rule in after.children] == [rule.method.removeprefix("Rolling") for rule in before.children]


@pytest.mark.parametrize(
    "source", [{}, {"spec": None}, {"kind": "X", "spec": {"parentResource": 5, "hooks": []}}], ids=str
)
@pytest.mark.parametrize("to", Protocol)
def test_even_a_malformed_controller_gives_one_to_show(source, to):
    result, _ = convert(source, to)
    assert json.loads(converted(compact(source), to)[0]) == result
