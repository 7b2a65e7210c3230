"""The script is run as it is, against a cluster in a file; then the simulated Metacontroller says whether it helped."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shadow.config.migration import Ownership
from shadow.migrate.export import Export, read_export
from shadow.migrate.handover import Plan, needs, plan_from_export, script, with_marks
from shadow.migrate.marks import Direction, Names, marked, wanted
from shadow.simulate import Cluster
from tests.simulate.scenes import Json, cluster_with, composite, decorator, told, wanting, widget

KUBECTL = Path(__file__).parent / "kubectl.py"
METHODS = {"configmaps": "InPlace", "secrets": "OnDelete", "services": "Recreate"}
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "metacontroller-0", "namespace": "metacontroller"},
    "spec": {"containers": [{"image": "ghcr.io/metacontroller/metacontroller:v4.17.2"}]},
    "status": {"phase": "Running"},
}
PROXY_POD: Json = {
    **POD,
    "metadata": {"name": "s", "namespace": "n"},
    "spec": {"containers": [{"image": "metacontroller-shadow:1"}]},
}
STATEFUL_SET = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "metadata": {
        "name": "metacontroller",
        "namespace": "metacontroller",
        "annotations": {"argocd.argoproj.io/tracking-id": "kubeflow:apps/StatefulSet:metacontroller/metacontroller"},
        "labels": {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux"},
    },
    "spec": {"template": {"spec": POD["spec"]}},
}
TRICKY = {"text": '<a> & "b" \u2028 \\ ünï \U0001f600', "number": "1.0"}


def _items() -> list[Json]:
    metadata = {"name": "a", "namespace": "ns"}
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {**metadata, "labels": {"app": "w"}}, "data": TRICKY},
        {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"key": "ZmFrZQ=="}},
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 80}]}},
    ]


def _rules() -> list[Json]:
    return [
        {"apiVersion": "v1", "resource": resource, "updateStrategy": {"method": method}}
        for resource, method in METHODS.items()
    ]


CC = composite("both", childResources=_rules())
DC = decorator("both", attachments=_rules())


def kubectl_in(directory: Path) -> str:
    """A command that stands for kubectl; the cluster is the file that KUBECTL_STATE names."""
    command = directory / "kubectl"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "{KUBECTL}" "$@"\n')
    command.chmod(0o755)
    return str(command)


@dataclass
class Live:
    """A cluster in a file, and the script's way to it."""

    directory: Path

    @property
    def file(self) -> Path:
        return self.directory / "state.json"

    @property
    def items(self) -> list[Json]:
        found: list[Json] = json.loads(self.file.read_text())["items"]
        return found

    def save(self, *bodies: Json) -> None:
        self.file.write_text(json.dumps({"items": list(bodies)}))

    def export(self) -> Export:
        return read_export([(json.dumps({"kind": "List", "items": self.items}), "state.json")])

    def without(self, kind: str) -> None:
        """Delete what is of this kind."""
        self.save(*(body for body in self.items if body["kind"] != kind))

    def run(
        self, direction: Direction, *arguments: str, plan: Plan | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """The script with everything read on the cluster, as it is without an export, or of this plan."""
        file = self.directory / "handover.sh"
        file.write_text(script(plan or Plan("m", direction, "both", "both")))
        settings = {**os.environ, "KUBECTL": kubectl_in(self.directory), "KUBECTL_STATE": str(self.file), **environment}
        return subprocess.run(
            ["bash", str(file), *arguments], capture_output=True, text=True, env=settings, timeout=60, check=False
        )

    @property
    def uid(self) -> str:
        """The parent's."""
        return next(str(body["metadata"]["uid"]) for body in self.items if body["kind"] == "Widget")

    async def writes(self, controller: Json, *desired: Json) -> list[str]:
        """What Metacontroller writes with this controller alone, by default with a hook that says what it did."""
        cluster = cluster_with(hook=wanting(*(desired or _items())))
        for body in self.items:
            if body["kind"] in ("Widget", "ConfigMap", "Secret", "Service"):
                cluster.api.load(body)
        cluster.apply(controller)
        mark = cluster.mark()
        assert (await cluster.settle()).quiet
        return told(cluster.since(mark))


@pytest.fixture
async def live(tmp_path: Path) -> Live:
    """At rest under the CompositeController; Metacontroller is stopped."""
    cluster = cluster_with(CC, widget(), hook=wanting(*_items()))
    assert (await cluster.settle()).quiet
    found = Live(tmp_path)
    found.save(*_everything(cluster), PROXY_POD, STATEFUL_SET)
    return found


def _everything(cluster: Cluster) -> list[Json]:
    exported: list[Json] = cluster.export()["items"]
    return exported


async def test_forward_without_a_write_of_any_object(live: Live):
    done = live.run(Direction.FORWARD, "--apply")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "3 of 3\n"
    assert await live.writes(DC) == []


async def test_back_without_a_write_of_any_object(live: Live):
    live.run(Direction.FORWARD, "--apply")
    assert live.run(Direction.BACK, "--apply").returncode == 0
    assert await live.writes(CC) == []


async def test_marks_switched_on_later_are_written_by_nobody_but_the_script(live: Live):
    marked_answers = [
        {
            **body,
            "metadata": {
                **body["metadata"],
                "annotations": {"metacontroller.k8s.io/decorator-controller": "both"},
                "labels": {**body["metadata"].get("labels", {}), "controller-uid": live.uid},
            },
        }
        for body in _items()
    ]
    assert "update ConfigMap a 200" in await live.writes(CC, *marked_answers)
    done = live.run(Direction.MARKS, "--apply")
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "3 of 3\n")
    assert await live.writes(CC, *marked_answers) == []
    assert await live.writes(DC, *marked_answers) == []
    assert live.run(Direction.MARKS, "--check").returncode == 0


def test_where_no_controller_generates_labels_marks_give_none(live: Live):
    live.save(*(body for body in live.items if body["kind"] != "CompositeController"), DC)
    live.run(Direction.MARKS, "--apply")
    plan = with_marks(plan_from_export("m", Direction.MARKS, live.export()), Ownership(decorator="both"))
    assert needs(plan, live.export()) == []
    labelled = with_marks(plan, Ownership(decorator="other", generate_selector=True))
    assert [sorted(need.lacks) for need in needs(labelled, live.export())] == [["annotation", "last-applied"]] * 3
    assert live.run(Direction.MARKS, "--finalizers").returncode == 2


async def test_annotated_while_it_runs_costs_what_the_script_says(live: Live):
    live.save(*live.items, POD)
    said = live.run(Direction.FORWARD, "--annotate", "--apply")
    assert said.returncode == 0
    assert "services: Recreate" in said.stdout
    assert await live.writes(DC) == ["update ConfigMap a 200", "delete Service a 200", "create Service a 201"]


async def test_started_amid_the_script_a_composite_controller_releases_nothing(live: Live):
    """It would, if it missed its label on what it owns: seen on a real cluster, where all of that was lost to both."""
    owners = [body["metadata"].get("ownerReferences") for body in live.items]
    assert live.run(Direction.FORWARD, "--apply", KUBECTL_FAIL_AFTER="1").returncode != 0
    assert await live.writes(CC) == ["update ConfigMap a 200"]  # undone, not lost
    assert live.run(Direction.FORWARD, "--apply").stdout == "2 of 2\n"
    assert [body["metadata"].get("ownerReferences") for body in live.items] == owners
    live.without("CompositeController")
    live.save(*live.items, DC)
    assert live.run(Direction.FORWARD, "--check").returncode == 0  # the labels are still there, and hinder nobody
    assert await live.writes(DC) == []
    assert "3 objects carry the label controller-uid" in live.run(Direction.FORWARD, "--finalizers", "--apply").stdout
    assert not any("controller-uid" in (body["metadata"].get("labels") or {}) for body in live.items)
    assert await live.writes(DC) == []


async def test_with_the_composite_controller_deleted_first_everything_goes_at_once(live: Live):
    plan = plan_from_export("m", Direction.FORWARD, live.export())
    live.without("CompositeController")
    assert live.run(Direction.FORWARD, "--apply", plan=plan).stdout == "3 of 3\n"
    assert not any("controller-uid" in (body["metadata"].get("labels") or {}) for body in live.items)
    assert await live.writes(DC) == []


def test_it_patches_as_the_table_of_marks_says(live: Live):
    names = Names("both", generate_selector=True)
    expected = {
        body["kind"]: marked(body, wanted(Direction.FORWARD, names, live.uid))["metadata"]
        for body in live.items
        if body["kind"] in ("ConfigMap", "Secret", "Service")
    }
    plan = plan_from_export("m", Direction.FORWARD, live.export())
    live.without("CompositeController")
    live.run(Direction.FORWARD, "--apply", plan=plan)
    for body in live.items:
        if body["kind"] in expected:
            fields = ("annotations", "labels", "ownerReferences")
            found = {field: body["metadata"].get(field) or None for field in fields}
            assert found == {field: expected[body["kind"]].get(field) for field in fields}


def test_while_metacontroller_runs_nothing_is_patched(live: Live):
    live.save(*live.items, POD)
    before = live.items
    done = live.run(Direction.FORWARD, "--apply")
    assert done.returncode == 1
    assert "metacontroller/metacontroller-0" in done.stderr
    assert live.items == before


def test_broken_off_it_goes_on_where_it_was_and_check_is_3_until_all_is_done(live: Live):
    assert live.run(Direction.FORWARD, "--apply", KUBECTL_FAIL_AFTER="1").returncode != 0
    missing = live.run(Direction.FORWARD, "--check")
    assert missing.returncode == 3
    assert "2 objects need a patch; about 1 seconds" in missing.stdout
    assert live.run(Direction.FORWARD, "--apply").stdout == "2 of 2\n"
    assert live.run(Direction.FORWARD, "--apply").stdout == ""
    assert live.run(Direction.FORWARD, "--check").returncode == 0


def test_without_apply_it_tells_the_steps_and_writes_nothing(live: Live):
    composite = next(body for body in live.items if body["kind"] == "CompositeController")
    metadata = {**composite["metadata"], "labels": {"argocd.argoproj.io/instance": "controllers"}}
    live.save(*(body for body in live.items if body != composite), {**composite, "metadata": metadata})
    before = live.file.read_text()
    done = live.run(Direction.FORWARD)
    assert (done.returncode, done.stderr) == (0, "")
    assert live.file.read_text() == before
    assert "kubectl --namespace metacontroller scale statefulset metacontroller --replicas 0" in done.stdout
    assert "Argo CD: switch off automated sync of application kubeflow" in done.stdout
    assert "Argo CD: switch off automated sync of application controllers" in done.stdout, "it would come back"
    assert "flux suspend kustomization apps --namespace flux" in done.stdout


def test_nothing_of_an_object_is_in_the_script_or_in_its_output(live: Live):
    export = live.export()
    plan = plan_from_export("m", Direction.FORWARD, export)
    assert "ZmFrZQ" not in script(plan, export)
    assert "ZmFrZQ" not in live.run(Direction.FORWARD).stdout


def test_finalizers_go_only_after_their_controller(live: Live):
    finalizer = "metacontroller.io/compositecontroller-both"
    bodies = [
        {**body, "metadata": {**body["metadata"], "finalizers": ["other", finalizer]}}
        if body["kind"] == "Widget"
        else body
        for body in live.items
    ]
    live.save(*bodies)
    assert live.run(Direction.FORWARD, "--finalizers", "--apply").returncode == 1
    live.save(*(body for body in bodies if body["kind"] != "CompositeController"), DC)
    done = live.run(Direction.FORWARD, "--finalizers", "--apply")
    assert (done.returncode, done.stderr) == (0, "")
    (found,) = [body for body in live.items if body["kind"] == "Widget"]
    assert found["metadata"]["finalizers"] == ["other"]


def test_an_export_tells_the_same_as_the_script(live: Live):
    plan = plan_from_export("m", Direction.FORWARD, live.export())
    assert [str(need) for need in needs(plan, live.export())] == [
        "ConfigMap ns/a (InPlace): annotation, label, last-applied",
        "Secret ns/a (OnDelete): annotation, label, last-applied",
        "Service ns/a (Recreate): annotation, label, last-applied",
    ]
    live.run(Direction.FORWARD, "--apply")
    assert needs(plan, live.export()) == []


def test_a_last_applied_that_cannot_be_spelled_again_is_left_and_told(live: Live):
    def unusual(body: Json) -> Json:
        annotations: dict[str, Any] = body["metadata"].get("annotations") or {}
        applied = {key: f"{value} " for key, value in annotations.items()}
        return {**body, "metadata": {**body["metadata"], "annotations": applied}}

    live.save(*(unusual(body) if body["kind"] == "ConfigMap" else body for body in live.items))
    done = live.run(Direction.FORWARD, "--apply")
    assert done.returncode == 3
    assert "2 of 2" in done.stdout
    assert "configmaps ns/a" in live.run(Direction.FORWARD, "--check").stdout


@pytest.mark.parametrize("argument", ["--nonsense", "apply"])
def test_an_unknown_argument_is_2(live: Live, argument: str):
    assert live.run(Direction.FORWARD, argument).returncode == 2
