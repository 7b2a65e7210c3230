"""What `kubectl apply -k` would send: valid for old and new clusters, as restricted as can be, and true to itself."""

import copy
import json
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # it brings no types
import pytest
from ruamel.yaml import YAML

from shadow.config import load
from shadow.config.model import Configuration
from shadow.terms import Stage

ROOT = Path(__file__).parents[2]
OVERLAYS = ["overlays/staging", "overlays/canary", "overlays/live", "overlays/rollback"]
OUR_LABEL = {"app.kubernetes.io/name": "metacontroller-shadow"}

every_build = pytest.mark.parametrize("name", ["base", *OVERLAYS])


@cache
def build(name: str) -> list[dict[str, Any]]:
    kubectl = Path(sys.executable).parent / "kubectl"
    command = [str(kubectl), "kustomize", str(ROOT / "kustomize" / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return list(YAML(typ="safe").load_all(done.stdout))


@cache
def with_component(name: str) -> list[dict[str, Any]]:
    """The base with one component, as an overlay of a user's own would have it."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path("../" * (len(Path(directory).resolve().parts) - 1)) / (ROOT / "kustomize").relative_to("/")
        overlay = {"resources": [str(root / "base")], "components": [str(root / "components" / name)]}
        Path(directory, "kustomization.yaml").write_text(json.dumps(overlay))
        return build(str(Path(directory).resolve()))


def one(name: str, kind: str) -> dict[str, Any]:
    (found,) = [item for item in build(name) if item["kind"] == kind]
    return found


def pod(name: str) -> Any:
    return one(name, "Deployment")["spec"]["template"]["spec"]


def container(name: str) -> Any:
    (only,) = pod(name)["containers"]
    return only


def configuration(name: str) -> Configuration:
    return load.parse(one(name, "ConfigMap")["data"]["shadow.yaml"], "shadow.yaml")


@every_build
@pytest.mark.parametrize("cluster", ["1.27", kubernetes_validate.latest_version()])
def test_every_object_is_valid_and_has_no_unknown_field(name, cluster):
    for item in build(name):
        kubernetes_validate.validate(item, cluster, strict=True)


KUSTOMIZATIONS = {
    str(file.parent.relative_to(ROOT / "kustomize")): YAML(typ="safe").load(file)["kind"]
    for file in sorted((ROOT / "kustomize").rglob("kustomization.yaml"))
}


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_every_directory_is_built(name):
    whole = KUSTOMIZATIONS[name] == "Kustomization"
    for item in build(name) if whole else with_component(name.removeprefix("components/")):
        if not item["apiVersion"].startswith(FOREIGN):
            kubernetes_validate.validate(item, "1.27", strict=True)


FOREIGN = ("metacontroller.k8s.io/", "networking.istio.io/", "security.istio.io/", "monitoring.coreos.com/")
"""Of kinds that Kubernetes itself does not know."""


def test_validation_finds_a_misspelled_field():
    claim = copy.deepcopy(one("base", "PersistentVolumeClaim"))
    claim["spec"]["accessMode"] = claim["spec"].pop("accessModes")
    with pytest.raises(kubernetes_validate.ValidationError, match="accessMode"):
        kubernetes_validate.validate(claim, "1.27", strict=True)


@every_build
def test_it_needs_a_token_that_it_does_not_bring(name):
    kinds = [item["kind"] for item in build(name)]
    assert sorted(kinds) == [
        *("ConfigMap", "Deployment", "NetworkPolicy", "PersistentVolumeClaim", "Service", "ServiceAccount")
    ]
    assert {"secretName": "shadow-control-token", "defaultMode": 0o440} in [
        volume.get("secret") for volume in pod(name)["volumes"]
    ]


@every_build
def test_one_process_at_a_time_has_the_store(name):
    spec = one(name, "Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert one(name, "PersistentVolumeClaim")["spec"]["accessModes"] == ["ReadWriteOnce"]


@every_build
def test_the_pod_is_as_restricted_as_can_be(name):
    assert pod(name)["automountServiceAccountToken"] is False
    assert one(name, "ServiceAccount")["automountServiceAccountToken"] is False
    assert pod(name)["securityContext"]["runAsNonRoot"] is True
    assert pod(name)["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container(name)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@every_build
def test_memory_is_limited_and_cpu_is_not(name):
    resources = container(name)["resources"]
    assert set(resources["requests"]) == {"cpu", "memory"}
    assert set(resources["limits"]) == {"memory"}


@every_build
def test_there_is_time_to_drain(name):
    assert pod(name)["terminationGracePeriodSeconds"] > 10


@every_build
def test_selectors_and_names_meet(name):
    labels = one(name, "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert labels.items() >= OUR_LABEL.items()
    assert one(name, "Deployment")["spec"]["selector"]["matchLabels"] == OUR_LABEL
    assert one(name, "Service")["spec"]["selector"] == OUR_LABEL
    assert one(name, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"] == OUR_LABEL
    assert pod(name)["serviceAccountName"] == one(name, "ServiceAccount")["metadata"]["name"]
    assert len({item["metadata"]["namespace"] for item in build(name)}) == 1


@every_build
def test_the_service_shows_both_ports_by_name(name):
    ports = {port["name"]: port["port"] for port in one(name, "Service")["spec"]["ports"]}
    assert ports == {"http-hooks": 8080, "http-control": 9090}
    assert {port["name"]: port["containerPort"] for port in container(name)["ports"]} == ports


@every_build
def test_probes_ask_the_control_port(name):
    paths = {probe: container(name)[probe]["httpGet"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {get["port"] for get in paths.values()} == {"http-control"}
    assert [get["path"] for get in paths.values()] == ["/livez", "/livez", "/readyz"]


@every_build
def test_the_policy_lets_metacontroller_in_and_nobody_else_to_the_hooks(name):
    callers, operators = one(name, "NetworkPolicy")["spec"]["ingress"]
    assert callers["ports"] == [{"port": "http-hooks"}]
    assert [peer["podSelector"]["matchLabels"] for peer in callers["from"]] == [
        {"app.kubernetes.io/name": "metacontroller"},
        {"app": "metacontroller"},
    ]
    assert operators["ports"] == [{"port": "http-control"}]
    assert [peer["podSelector"]["matchLabels"] for peer in operators["from"]] == [
        {"metacontroller-shadow/control": "true"}
    ]


@every_build
def test_the_configuration_is_valid_and_lies_where_the_pod_mounts_it(name):
    server, store = configuration(name).server, configuration(name).store
    mounts = {mount["name"]: mount["mountPath"] for mount in container(name)["volumeMounts"]}
    assert container(name)["args"] == ["serve", "--config", f"{mounts['config']}/shadow.yaml"]
    assert str(server.token_file) == f"{mounts['control-token']}/token"
    assert store == f"sqlite:///{mounts['state']}/shadow.db"
    assert {"name": "SHADOW_STORE", "value": store} in container(name)["env"]
    assert (str(server.hooks), str(server.control)) == ("0.0.0.0:8080", "0.0.0.0:9090")


@every_build
def test_a_changed_configuration_keeps_its_name(name):
    volumes = [volume["configMap"]["name"] for volume in pod(name)["volumes"] if "configMap" in volume]
    assert volumes == [one(name, "ConfigMap")["metadata"]["name"]] == ["shadow-config"]


@pytest.mark.parametrize(
    ("name", "stage", "changed"),
    [
        ("base", Stage.SHADOW, set()),
        ("overlays/staging", Stage.SHADOW, set()),
        ("overlays/canary", Stage.CANARY, {"stage", "canary"}),
        ("overlays/live", Stage.LIVE, {"stage"}),
        ("overlays/rollback", Stage.LIVE, {"stage", "brake"}),
    ],
)
def test_an_overlay_changes_what_it_is_named_for_and_nothing_else(name, stage, changed):
    base, overlay = (configuration(each).migrations["kfp-profile"] for each in ("base", name))
    fields = type(base).model_fields
    assert {field for field in fields if getattr(base, field) != getattr(overlay, field)} == changed
    assert overlay.stage is stage
    assert (overlay.brake is not None) is (name == "overlays/rollback")


@pytest.mark.parametrize("name", OVERLAYS)
def test_overlays_share_server_and_store_with_the_base(name):
    base, overlay = configuration("base"), configuration(name)
    assert (base.server, base.store) == (overlay.server, overlay.store)


def test_the_trial_is_in_a_namespace_of_its_own():
    namespaces = {name: one(name, "Deployment")["metadata"]["namespace"] for name in ["base", *OVERLAYS]}
    assert namespaces.pop("overlays/staging") == "kubeflow-staging"
    assert set(namespaces.values()) == {"kubeflow"}
