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


@pytest.mark.parametrize(
    ("parent", "resource"), [("Foo.ex.com/v1", "foos"), ("Namespace.v1", "namespaces"), ("", "namespaces")]
)
def test_of_several_parent_resources_that_of_the_parent_is_shown(parent, resource):
    two = _with(DECORATOR, resources=[CORE, {"apiVersion": "ex.com/v1", "resource": "foos"}])
    result, caveats = convert(two, COMPOSITE, parent)
    assert result["spec"]["parentResource"]["resource"] == resource
    assert "several-resources" in {caveat.code for caveat in caveats}


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


def _everything(caveats):
    return [(caveat.level, caveat.path, caveat.code, caveat.message) for caveat in caveats]


def test_everything_that_a_decorator_controller_lacks_is_told():
    hook = {"webhook": {"url": "http://h", "etag": {"cacheTimeoutSeconds": 60}}}
    rolling = {"method": "RollingRecreate", "statusChecks": {"conditions": [{"type": "Ready"}]}}
    source = {
        "kind": "CompositeController",
        "metadata": {"name": "c"},
        "spec": {
            "parentResource": {"apiVersion": "v1", "resource": "namespaces", "revisionHistory": {"fieldPaths": ["a"]}},
            "childResources": [
                {"apiVersion": "apps/v1", "resource": "deployments", "updateStrategy": rolling, "x": 1},
                {"apiVersion": "v1", "resource": "secrets"},
            ],
            "generateSelector": True,
            "endpointConfigs": [{"a": 1}],
            "hooks": {"sync": hook, "finalize": None, "preUpdateChild": hook, "postUpdateChild": hook},
        },
    }
    result, caveats = convert(source, DECORATOR)
    assert result == {
        "apiVersion": "metacontroller.k8s.io/v1alpha1",
        "kind": "DecoratorController",
        "metadata": {"name": "c"},
        "spec": {
            "resources": [{"apiVersion": "v1", "resource": "namespaces"}],
            "attachments": [
                {"apiVersion": "apps/v1", "resource": "deployments", "updateStrategy": {"method": "Recreate"}},
                {"apiVersion": "v1", "resource": "secrets"},
            ],
            "endpointConfigs": [{"a": 1}],
            "hooks": {"sync": {"version": "v1"} | hook},
        },
        "status": {},
    }
    assert _everything(caveats) == [
        ("warning", "spec.parentResource.apiVersion", "core-parent",
         "a core-type parent: Metacontroller 3 and newer run no CompositeController for it, so no way back"),
        ("warning", "spec.parentResource.revisionHistory", "revision-history",
         "dropped: a DecoratorController keeps no revisions"),
        ("warning", "spec.generateSelector", "generated-selector",
         "dropped: objects lose the label `controller-uid` unless it is written as an ownership mark"),
        ("warning", "spec.childResources[0].updateStrategy.statusChecks", "status-checks",
         "dropped: a DecoratorController has no status checks"),
        ("error", "spec.childResources[0].updateStrategy.method", "rolling-method",
         "RollingRecreate becomes Recreate: all objects at once instead of one after the other"),
        ("warning", "spec.hooks.preUpdateChild", "dead-hook", "dropped: Metacontroller never calls it"),
        ("warning", "spec.hooks.postUpdateChild", "dead-hook", "dropped: Metacontroller never calls it"),
        ("warning", "spec.hooks.sync.webhook.etag", "etag-cleanup",
         "kept answers are never cleaned up without cacheCleanupSeconds"),
    ]  # fmt: skip


def test_everything_that_a_composite_controller_cannot_say_is_told():
    etag = {"webhook": {"etag": {"cacheTimeoutSeconds": 60, "cacheCleanupSeconds": 90}}}
    selector = {"matchLabels": {"a": "b"}}
    source = {
        "apiVersion": "metacontroller.k8s.io/v1",
        "kind": "DecoratorController",
        "spec": {
            "resources": [
                {"apiVersion": "v1", "resource": "pods", "labelSelector": selector, "ignoreStatusChanges": True,
                 "annotationSelector": selector},
                {"apiVersion": "v1", "resource": "services"},
            ],
            "attachments": [
                {"apiVersion": "v1", "resource": "secrets", "updateStrategy": {"method": "RollingInPlace"}},
                {"apiVersion": "v1", "resource": "configmaps"},
            ],
            "resyncPeriodSeconds": 5,
            "hooks": {"sync": {"version": "v2"}, "customize": etag},
        },
    }  # fmt: skip
    result, caveats = convert(source, COMPOSITE)
    assert result == {
        "apiVersion": "metacontroller.k8s.io/v1",
        "kind": "CompositeController",
        "metadata": {},
        "spec": {
            "parentResource": {
                "apiVersion": "v1", "resource": "pods", "labelSelector": selector, "ignoreStatusChanges": True,
            },
            "childResources": [
                {
                    "apiVersion": "v1", "resource": "secrets",
                    "updateStrategy": {"method": "InPlace", "statusChecks": {}},
                },
                {"apiVersion": "v1", "resource": "configmaps"},
            ],
            "generateSelector": True,
            "resyncPeriodSeconds": 5,
            "hooks": {"customize": {"version": "v1"} | etag, "sync": {"version": "v2"}},
        },
        "status": {},
    }  # fmt: skip
    assert _everything(caveats) == [
        ("impossible", "spec.resources", "several-resources", "a CompositeController has one parent resource, not 2"),
        ("impossible", "spec.resources[0].annotationSelector", "annotation-selector",
         "a CompositeController selects by labels only"),
        ("impossible", "spec.resources[0].apiVersion", "core-parent",
         "Metacontroller 3 and newer run no CompositeController for a core type"),
        ("warning", "spec.resources[0]", "parent-changes",
         "labels and annotations in answers cannot be said, and a parent without status subresource gets no status"),
    ]  # fmt: skip
