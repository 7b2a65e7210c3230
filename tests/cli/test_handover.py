"""`shadow handover`: a script from an export or from what the proxy has seen; `--check` is a list and a status."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from shadow.cli.main import main
from tests.cli.control import Control
from tests.migrate.lab import kubeflow_export
from tests.migrate.test_handover import kubectl_in
from tests.simulate.scenes import decorator

SHELLCHECK = shutil.which("shellcheck")


@pytest.fixture
def export(tmp_path: Path) -> str:
    file = tmp_path / "export.json"
    file.write_text(json.dumps(kubeflow_export()))
    return str(file)


def test_the_script_names_resources_as_kubectl_does(export: str, capsys: pytest.CaptureFixture[str]):
    assert main(["handover", "kfp", "--direction", "forward", "--from", export]) == 0
    script = capsys.readouterr().out
    assert "PARENTS=namespaces\n" in script
    assert "deployments.apps destinationrules.networking.istio.io secrets services" in script
    assert "#   2 Deployment (InPlace): without the patch written once" in script


@pytest.mark.parametrize("direction", ["forward", "out", "marks"])
def test_the_script_is_good_bash(export: str, direction: str, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    assert main(["handover", "kfp", "--direction", direction, "--from", export]) == 0
    script = tmp_path / "handover.sh"
    script.write_text(capsys.readouterr().out)
    assert "#@" not in script.read_text()
    checker = [SHELLCHECK, "--severity", "warning"] if SHELLCHECK else ["bash", "-n"]
    done = subprocess.run([*checker, str(script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_check_lists_what_is_missing_and_is_3(export: str, capsys: pytest.CaptureFixture[str]):
    assert main(["handover", "kfp", "--direction", "forward", "--from", export, "--check"]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "ConfigMap kfp-a/metadata-grpc-configmap (OnDelete): annotation, label, last-applied"
    assert lines[-1] == "8 objects and 0 finalizers are still to be done"


@pytest.mark.parametrize(
    ("front", "status", "said"),
    [
        ({"name": "profiles", "kind": "CompositeController"}, 0, "COMPOSITE=profiles\nDECORATOR=profiles\n"),
        (None, 1, "--from"),
    ],
    ids=["seen", "not seen"],
)
def test_without_an_export_the_names_are_those_the_proxy_has_seen(
    api: Control, front: object, status: int, said: str, capsys: pytest.CaptureFixture[str]
):
    api.answer("GET", "/api/v1/migrations/kfp", {"front": front})
    assert main(["handover", "kfp", "--direction", "forward"]) == status
    assert said in "".join(capsys.readouterr())


def test_check_without_an_export_looks_at_the_cluster(
    api: Control, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "state.json").write_text(json.dumps(kubeflow_export()))
    monkeypatch.setenv("KUBECTL_STATE", str(tmp_path / "state.json"))
    monkeypatch.setenv("KUBECTL", kubectl_in(tmp_path))
    front = {"name": "kubeflow-pipelines-profile-controller", "kind": "CompositeController"}
    api.answer("GET", "/api/v1/migrations/kfp", {"front": front})
    assert main(["handover", "kfp", "--direction", "forward", "--check"]) == 3
    assert capsys.readouterr().out.endswith("8 objects and 0 finalizers are still to be done\n")


def test_marks_are_those_of_the_configuration(export: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    side = {"url": "http://hook", "sync": "/sync"}
    migration = {
        "ownership": {"decorator": "d"},
        "old": {"protocol": "composite", **side},
        "new": {"protocol": "decorator", **side},
    }
    (tmp_path / "shadow.yaml").write_text(json.dumps({"migrations": {"kfp": migration}}))
    given = ["--direction", "marks", "--from", export, "--config", str(tmp_path / "shadow.yaml")]
    assert main(["handover", "kfp", *given]) == 0
    assert "DECORATOR=d\nGENERATE_SELECTOR=false\n" in capsys.readouterr().out
    assert main(["handover", "kfp", *given, "--check"]) == 3
    assert "(OnDelete): annotation, last-applied\n" in capsys.readouterr().out


def test_check_is_0_where_nothing_is(export: str, capsys: pytest.CaptureFixture[str]):
    assert main(["handover", "kfp", "--direction", "back", "--from", export, "--check"]) == 0


def test_out_tells_what_the_proxy_alters(export: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    config = tmp_path / "shadow.yaml"
    side = {"url": "http://hook", "sync": "/sync"}
    ownership = {"decorator": "d", "generate_selector": True}
    migration = {
        "status": "drop",
        "ownership": ownership,
        "old": {"protocol": "composite", **side},
        "new": {"protocol": "decorator", **side},
    }
    config.write_text(json.dumps({"migrations": {"kfp": migration}}))
    assert main(["handover", "kfp", "--direction", "out", "--from", export, "--config", str(config)]) == 0
    script = capsys.readouterr().out
    assert all(word in script for word in ("ownership marks", "status: drop", "missing_list", "hold and fallback"))
    assert "translation" not in script


@pytest.mark.parametrize(
    ("argv", "status", "word"),
    [
        (["--direction", "sideways"], 2, "usage"),
    ],
)
def test_wrong_usage_is_2(argv: list[str], status: int, word: str, capsys: pytest.CaptureFixture[str]):
    assert main(["handover", "kfp", *argv]) == status
    assert word in capsys.readouterr().err


def test_the_way_back_takes_the_composite_controllers_manifest_beside_the_export(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    now, manifest = tmp_path / "export.json", tmp_path / "composite.json"
    now.write_text(json.dumps(decorator("kfp", resource="namespaces")))
    manifest.write_text(json.dumps(kubeflow_export()["items"][0]))
    argv = ["handover", "kfp", "--direction", "back", "--from", str(now)]
    assert main(argv) == 1
    failed = capsys.readouterr()
    assert "name its manifest with another --from" in failed.err
    done = subprocess.run(
        ["bash", "-s", "--", "--apply"], input=failed.out, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, ""), "an empty script would say that all is done"
    assert main([*argv, "--from", str(manifest), "--from", str(manifest)]) == 0, "twice the same is not two"
    assert "GENERATE_SELECTOR=true" in capsys.readouterr().out
