"""The steps of Kubeflow's move, and the components, as `kubectl apply -k` would send them."""

import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it brings no types
import kubernetes_validate  # type: ignore[import-untyped]  # it brings no types
import pytest

from shadow.config.load import parse
from shadow.config.migration import Migration
from shadow.migrate.controllers import Wishes
from shadow.migrate.convert import convert_text
from shadow.terms import Protocol, Side, Stage
from tests.deploy.test_manifests import ROOT, build, with_component

STEPS = sorted(path.name for path in (ROOT / "kustomize/kubeflow/steps").iterdir())
WITH_PROXY = [step for step in STEPS if step != "7-out"]
CONTROLLERS = json.loads((ROOT / "tests/data/controllers.schema.json").read_text())
FOREIGN = ("metacontroller.k8s.io/", "networking.istio.io/", "security.istio.io/")

Json = dict[str, Any]


def objects(step: str) -> list[Json]:
    return build(f"kubeflow/steps/{step}")


def of_kind(step: str, kind: str) -> list[Json]:
    return [body for body in objects(step) if body["kind"] == kind]


def named(step: str, kind: str, name: str) -> Json:
    (found,) = [body for body in of_kind(step, kind) if body["metadata"]["name"] == name]
    return found


def migration(step: str) -> Migration:
    data = named(step, "ConfigMap", "shadow-config")["data"]
    return parse(data["shadow.yaml"], step).migrations["kfp-profile"]


@pytest.mark.parametrize("name", [f"kubeflow/steps/{step}" for step in STEPS])
@pytest.mark.parametrize("cluster", ["1.27", kubernetes_validate.latest_version()])
def test_every_object_is_valid_and_has_no_unknown_field(name: str, cluster: str):
    for body in build(name):
        if body["apiVersion"].startswith("metacontroller.k8s.io/"):
            jsonschema.Draft202012Validator(CONTROLLERS).validate(body)
        else:
            kubernetes_validate.validate(body, cluster, strict=True)


@pytest.mark.parametrize(
    ("step", "front", "stage", "brake"),
    [
        ("1-composite-front", "CompositeController", Stage.OFF, False),
        ("2-shadow", "CompositeController", Stage.SHADOW, False),
        ("3-decorator-front", "DecoratorController", Stage.SHADOW, False),
        ("4-canary", "DecoratorController", Stage.CANARY, False),
        ("5-live", "DecoratorController", Stage.LIVE, False),
        ("6-complete", "DecoratorController", Stage.COMPLETE, False),
        ("rollback", "DecoratorController", Stage.LIVE, True),
    ],
)
def test_each_step_has_its_front_and_its_stage(step: str, front: str, stage: Stage, brake: bool):
    controllers = [body["kind"] for body in objects(step) if body["kind"].endswith("Controller")]
    assert controllers == [front]
    assert (migration(step).stage, migration(step).brake is not None) == (stage, brake)


def test_what_is_evidence_in_one_step_is_in_the_next():
    same = {step: migration(step).model_dump(exclude={"stage", "canary", "brake"}) for step in WITH_PROXY}
    assert all(settings == same[WITH_PROXY[0]] for settings in same.values())


@pytest.mark.parametrize("step", WITH_PROXY)
def test_metacontroller_calls_the_proxy_and_the_proxy_the_hooks(step: str):
    (controller,) = [body for body in objects(step) if body["kind"].endswith("Controller")]
    assert controller["spec"]["hooks"]["sync"]["webhook"]["url"] == (
        "http://metacontroller-shadow.kubeflow:8080/kfp-profile/sync"
    )
    for side in Side:
        service = migration(step).implementation(side).url.removeprefix("http://")
        selector = named(step, "Service", service)["spec"]["selector"]
        pods = named(step, "Deployment", service)["spec"]["template"]["metadata"]["labels"]
        assert selector.items() <= pods.items()


def test_the_decorator_controller_is_the_converted_composite_controller():
    kustomize = ROOT / "kustomize/kubeflow"
    text = (kustomize / "composite/composite-controller.yaml").read_text()
    selector = {"matchLabels": {"pipelines.kubeflow.org/enabled": "true"}}
    (converted,) = convert_text(text, "cc", Wishes(Protocol.DECORATOR, label_selector=selector)).controllers
    (shipped,) = of_kind("3-decorator-front", "DecoratorController")
    assert converted == shipped


@pytest.mark.parametrize(
    ("step", "admitted"),
    [
        ("5-live", [{"app.kubernetes.io/name": "metacontroller-shadow"}]),
        ("7-out", [{"app.kubernetes.io/name": "metacontroller"}, {"app": "metacontroller"}]),
    ],
)
def test_the_hooks_admit_who_calls_them_and_nobody_else(step: str, admitted: list[Json]):
    policy = named(step, "NetworkPolicy", "profile-controller-hooks")["spec"]
    assert [peer["podSelector"]["matchLabels"] for rule in policy["ingress"] for peer in rule["from"]] == admitted
    for side in Side if step != "7-out" else [Side.NEW]:
        labels = named(step, "Deployment", f"profile-controller-{side}")["spec"]["template"]["metadata"]["labels"]
        assert policy["podSelector"]["matchLabels"].items() <= labels.items()


def test_out_means_that_nothing_of_the_proxy_is_left():
    assert "metacontroller-shadow." not in json.dumps(objects("7-out"))
    assert {body["metadata"]["name"] for body in of_kind("7-out", "Deployment")} == {"profile-controller-new"}


@pytest.mark.parametrize("step", STEPS)
def test_images_are_pinned_and_pods_restricted(step: str):
    for deployment in of_kind(step, "Deployment"):
        pod = deployment["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        for container in pod["containers"]:
            name, _, tag = container["image"].rpartition(":")
            assert name
            assert tag not in ("", "latest")
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert "cpu" not in container["resources"]["limits"]


def test_several_replicas_have_no_volume_of_their_own():
    bodies = with_component("postgres")
    for body in bodies:
        kubernetes_validate.validate(body, "1.27", strict=True)
    (deployment,) = [body for body in bodies if body["kind"] == "Deployment"]
    spec = deployment["spec"]
    assert "PersistentVolumeClaim" not in {body["kind"] for body in bodies}
    assert "PodDisruptionBudget" in {body["kind"] for body in bodies}
    assert (spec["replicas"], spec["strategy"]["type"]) == (2, "RollingUpdate")
    volumes = spec["template"]["spec"]["volumes"]
    assert next(volume for volume in volumes if volume["name"] == "state").keys() == {"name", "emptyDir"}


def test_the_overlay_of_replicas_is_configured_for_what_is_mounted():
    bodies = build("overlays/replicas")
    for body in bodies:
        kubernetes_validate.validate(body, "1.27", strict=True)
    (deployment,) = [body for body in bodies if body["kind"] == "Deployment"]
    (config,) = [body for body in bodies if body["kind"] == "ConfigMap"]
    configuration = parse(config["data"]["shadow.yaml"], "overlays/replicas")
    pod = deployment["spec"]["template"]["spec"]
    (container,), (init,) = pod["containers"], pod["initContainers"]
    environment = {each["name"]: each["value"] for each in container["env"]}
    assert environment["SHADOW_STORE"] == configuration.store
    assert environment["PGPASSFILE"] == init["command"][-1]  # by its owner alone, or libpq would not take it
    assert init["command"][:3] == ["install", "-m", "0600"]
    assert init["image"] == container["image"]
    mounted = [mount["mountPath"] for mount in container["volumeMounts"]]
    for path in (str(configuration.redaction.key_file), environment["PGPASSFILE"]):
        assert any(path.startswith(f"{directory}/") for directory in mounted)


@pytest.mark.parametrize("component", ["istio", "istio-no-sidecar"])
def test_the_mesh_repeats_no_call(component: str):
    bodies = with_component(component)
    (deployment,) = [body for body in bodies if body["kind"] == "Deployment"]
    injected = deployment["spec"]["template"]["metadata"]["labels"]["sidecar.istio.io/inject"]
    if component == "istio-no-sidecar":
        assert injected == "false"
        return
    assert injected == "true"
    named = {(body["kind"], body["metadata"]["name"]): body for body in bodies}
    egress = named["NetworkPolicy", "metacontroller-shadow"]["spec"]["egress"]
    (to_istiod,) = [rule for rule in egress if rule.get("ports") == [{"port": 15012}]]
    assert to_istiod["to"][0]["podSelector"] == {"matchLabels": {"app": "istiod"}}
    (service,) = [body for body in bodies if body["kind"] == "VirtualService"]
    assert [route["retries"] for route in service["spec"]["http"]] == [{"attempts": 0}]
