"""What is read with kubectl is what an export of the same cluster would say."""

import json
from pathlib import Path

import pytest

from shadow.migrate.export import read_export
from shadow.migrate.handover import needs, plan_from_export
from shadow.migrate.live import KubectlError, read_cluster
from shadow.migrate.marks import Direction
from tests.migrate.lab import kubeflow_export
from tests.migrate.test_handover import kubectl_in

NAME = "kubeflow-pipelines-profile-controller"


def test_it_says_what_an_export_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "state.json").write_text(json.dumps(kubeflow_export()))
    monkeypatch.setenv("KUBECTL_STATE", str(tmp_path / "state.json"))
    live, exported = read_cluster(NAME, kubectl_in(tmp_path)), read_export([(json.dumps(kubeflow_export()), "e")])
    plan = plan_from_export("m", Direction.FORWARD, live)
    assert plan == plan_from_export("m", Direction.FORWARD, exported)
    assert needs(plan, live) == needs(plan, exported) != []


def test_without_kubectl_it_says_so(tmp_path: Path):
    with pytest.raises(KubectlError, match="--from"):
        read_cluster(NAME, str(tmp_path / "kubectl"))


def test_what_kubectl_complains_of_is_told(tmp_path: Path):
    command = tmp_path / "kubectl"
    command.write_text("#!/bin/sh\necho first >&2; echo The connection was refused >&2; exit 1\n")
    command.chmod(0o755)
    with pytest.raises(KubectlError, match="kubectl get compositecontroller: The connection was refused"):
        read_cluster(NAME, str(command))
