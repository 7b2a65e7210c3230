import json

import pytest

from shadow.protocol.controller import ChildRule, DeclaredHook, ParentRule, read_controller
from shadow.protocol.resources import likeness, match_resources
from shadow.protocol.wire import UnreadableError
from shadow.terms import Hook, HookVersion, Protocol
from tests.protocol.recordings import CONTROLLERS, compact, effects, recordings


def test_a_composite_controller_is_read():
    controller = read_controller(compact(CONTROLLERS[Protocol.COMPOSITE]))
    assert (controller.protocol, controller.name, controller.uid) == (Protocol.COMPOSITE, "lab", "c-uid")
    assert (controller.resource_version, controller.generation) == ("7", 2)
    assert controller.generate_selector
    assert controller.parents == (ParentRule("lab.example.com/v1", "widgets"),)
    assert controller.children == (ChildRule("v1", "configmaps", "InPlace"),)
    assert controller.hooks == {Hook.SYNC: DeclaredHook(url="http://hook.example/sync")}


def test_an_empty_object_declares_nothing():
    controller = read_controller(b"{}")
    assert (controller.name, controller.children, controller.hooks, controller.rolling) == ("", (), {}, False)
    assert controller.version(Hook.SYNC) is HookVersion.V1
    assert not controller.strict(Hook.SYNC)


@pytest.mark.parametrize("text", [b"[]", b'{"spec": 1}', b"nope"])
def test_what_is_no_controller_is_unreadable(text):
    with pytest.raises(UnreadableError):
        read_controller(text)


@pytest.mark.parametrize("case", recordings(), ids=lambda each: each.name)
def test_recorded_hook_versions_are_found(case):
    assert read_controller(compact(case.request["controller"])).version(case.hook) is case.version


@pytest.mark.parametrize(
    ("hook", "strict"),
    [
        ({}, False),
        ({"version": "v1"}, False),
        ({"version": "v2"}, True),
        ({"version": "v1", "webhook": {"responseUnMarshallMode": "strict"}}, True),
        ({"version": "v2", "webhook": {"responseUnMarshallMode": "loose"}}, False),
    ],
)
def test_strictness_is_the_versions_unless_it_is_declared(hook, strict):
    assert read_controller(compact({"spec": {"hooks": {"sync": hook}}})).strict(Hook.SYNC) is strict


def test_etag_settings_are_read():
    etag = {"enabled": True, "cacheTimeoutSeconds": 60, "cacheCleanupSeconds": 90}
    hook = read_controller(compact({"spec": {"hooks": {"customize": {"webhook": {"etag": etag}}}}})).hooks[
        Hook.CUSTOMIZE
    ]
    assert (hook.etag, hook.etag_timeout_seconds, hook.etag_cleanup_seconds) == (True, 60, 90)


@pytest.mark.parametrize(
    "case",
    {json.dumps(case["request"]["controller"]["spec"]): case for case in effects()}.values(),
    ids=lambda case: case["id"],
)
def test_every_observed_kind_has_its_declared_method(case):
    controller = read_controller(compact(case["request"]["controller"]))
    observed = case["request"].get("children", case["request"].get("attachments"))
    methods = controller.methods(observed)
    assert set(methods) == set(observed)
    assert set(methods.values()) == {case["strategy"] or "OnDelete"}
    assert controller.rolling is (case["strategy"] or "").startswith("Rolling")
    assert controller.strict(Hook(case["hook"])) is (case["unmarshall_mode"] == "strict")


def test_a_kind_without_a_rule_is_updated_on_delete():
    controller = read_controller(compact(CONTROLLERS[Protocol.DECORATOR]))
    assert controller.methods(["ConfigMap.v1", "Secret.v1"]) == {"ConfigMap.v1": "InPlace", "Secret.v1": "OnDelete"}


@pytest.mark.parametrize(
    ("declared", "harshest"),
    [
        pytest.param(
            {"configmaps": ("ConfigMap", "InPlace"), "secrets": ("Secret", "Recreate")},
            {"ConfigMap": "InPlace", "Secret": "Recreate"},
            id="regular",
        ),
        pytest.param(
            {"people": ("Person", "Recreate"), "data": ("Datum", "OnDelete"), "cats": ("Cat", "InPlace")},
            {"Person": "Recreate", "Datum": "Recreate", "Cat": "Recreate"},
            id="irregular",
        ),
        pytest.param(
            {"pods": ("PodSet", "RollingRecreate"), "zzz": ("Pod", "OnDelete")},
            {"PodSet": "RollingRecreate", "Pod": "RollingRecreate"},
            id="misleading",
        ),
        pytest.param(
            {"mice": ("Mouse", "InPlace"), "oxen": ("Ox", None)}, {"Mouse": "InPlace", "Ox": "InPlace"}, id="mild"
        ),
        pytest.param(
            {"abs": ("AB", "InPlace"), "ab": ("Ab", "Recreate")}, {"AB": "Recreate", "Ab": "Recreate"}, id="either-way"
        ),
        pytest.param(
            {"gas": ("Gas", "Recreate"), "gaes": ("Ga", "InPlace")}, {"Gas": "Recreate", "Ga": "InPlace"}, id="one-way"
        ),
        pytest.param(
            {"data": ("Data", "InPlace"), "datas": ("Datum", "Recreate")},
            {"Data": "Recreate", "Datum": "Recreate"},
            id="one-of-two-plurals",
        ),
    ],
)
def test_where_plurals_tell_no_kind_for_certain_the_most_harmful_method_counts(declared, harshest):
    rules = [
        {"apiVersion": "lab/v1", "resource": plural} | ({"updateStrategy": {"method": method}} if method else {})
        for plural, (_, method) in declared.items()
    ]
    rules.append({"apiVersion": "v1", "resource": "configmaps", "updateStrategy": {"method": "InPlace"}})
    controller = read_controller(compact({"kind": "DecoratorController", "spec": {"attachments": rules}}))
    keys = [*(f"{kind}.lab/v1" for kind, _ in declared.values()), "ConfigMap.v1"]
    expected = {f"{kind}.lab/v1": method for kind, method in harshest.items()}
    assert controller.harshest_methods(keys) == expected | {"ConfigMap.v1": "InPlace"}


@pytest.mark.parametrize(
    "resources",
    [
        {"Policy": "policies", "Pod": "pods"},
        {"Ingress": "ingresses", "Endpoints": "endpoints"},
        {"Gateway": "gateways", "GatewayClass": "gatewayclasses"},
        {"Service": "services", "ServiceAccount": "serviceaccounts", "ServiceEntry": "serviceentries"},
        {"Mouse": "mice", "Moose": "moose", "Goose": "geese"},
        {"Child": "children", "Config": "configs"},
        {"Datum": "data", "Deployment": "deployments"},
        {"Policy": "policys", "Policye": "policyes"},
        {"Gas": "gas", "Ga": "gaes"},
        {"Foo": "foos", "Foos": "fooses", "Fooes": "fooeses"},
    ],
)
def test_plurals_and_kinds_are_matched_one_to_one(resources):
    declared = [("lab/v1", plural) for plural in sorted(resources.values(), reverse=True)]
    matched = match_resources(declared, [f"{kind}.lab/v1" for kind in resources])
    assert matched == {f"{kind}.lab/v1": ("lab/v1", plural) for kind, plural in resources.items()}


def test_an_api_version_keeps_its_kinds_to_itself():
    matched = match_resources(
        [("v1", "events"), ("events.k8s.io/v1", "events")], ["Event.v1", "Event.events.k8s.io/v1"]
    )
    assert matched == {"Event.v1": ("v1", "events"), "Event.events.k8s.io/v1": ("events.k8s.io/v1", "events")}


def test_a_regular_plural_is_likelier_than_a_common_beginning():
    assert likeness("Policy", "policies") == 1 > likeness("Policy", "policysets") > likeness("Policy", "pods") > 0
