"""`shadow convert`: the result on stdout, everything to know on stderr, and nothing half done."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from shadow.cli.main import main
from tests.migrate.texts import BLOCK, BLOCK_CONVERTED, DECORATOR


@pytest.fixture
def composite(tmp_path: Path) -> str:
    file = tmp_path / "cc.yaml"
    file.write_text(BLOCK)
    return str(file)


@pytest.fixture
def decorator(tmp_path: Path) -> str:
    file = tmp_path / "dc.yaml"
    file.write_text(DECORATOR)
    return str(file)


def test_the_result_goes_to_stdout_and_what_is_lost_to_stderr(composite: str, capsys: pytest.CaptureFixture[str]):
    assert main(["convert", composite]) == 0
    out, err = capsys.readouterr()
    assert out == BLOCK_CONVERTED
    assert [line.partition(": ")[0] for line in err.splitlines()] == [f"{composite}:{line}" for line in (8, 12, 25)]
    assert "[hook-unchanged, docs/reference/convert.md#hook-unchanged]" in err.splitlines()[-1]


def test_what_cannot_be_converted_is_1_and_prints_nothing(
    tmp_path: Path, decorator: str, capsys: pytest.CaptureFixture[str]
):
    core = tmp_path / "core.yaml"
    core.write_text(DECORATOR.replace("lab.example.com/v1", "v1"))
    assert main(["convert", str(core), "--reverse"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "impossible" in err
    assert "core-parent" in err


def test_the_union_of_two_declares_the_kinds_of_both(
    composite: str, decorator: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["convert", "--union", composite, decorator]) == 0
    (body,) = YAML(typ="safe").load_all(capsys.readouterr().out)
    assert [rule["resource"] for rule in body["spec"]["attachments"]] == ["configmaps", "secrets", "deployments"]


def test_the_role_allows_what_a_decorator_controller_writes(composite: str, capsys: pytest.CaptureFixture[str]):
    assert main(["convert", composite, "--rbac", "--proxy-url", "http://shadow:8080/kfp"]) == 0
    controller, role = YAML(typ="safe").load_all(capsys.readouterr().out)
    assert controller["spec"]["hooks"]["sync"]["webhook"]["url"] == "http://shadow:8080/kfp/sync"
    allowed = {
        (group, resource): set(rule["verbs"])
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    assert role["kind"] == "ClusterRole"
    assert "update" in allowed[("", "namespaces")] & allowed[("", "namespaces/status")]
    assert {"create", "delete", "watch"} <= allowed[("apps", "deployments")]


@pytest.mark.parametrize(
    "argv",
    [
        ["--label-selector", "a in b"],
        ["--proxy-url", "shadow:8080"],
        ["--proxy-url", "http://user@shadow"],
        ["--rbac", "--reverse"],
    ],
    ids=" ".join,
)
def test_wrong_arguments_are_2(composite: str, argv: list[str], capsys: pytest.CaptureFixture[str]):
    assert main(["convert", composite, *argv]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "command",
    [["convert"], ["redact"], ["handover", "m", "--direction", "forward", "--from"]],
    ids=lambda command: command[0],
)
@pytest.mark.parametrize("there", [False, True], ids=["not there", "a directory"])
def test_a_file_that_is_none_is_one_line_with_a_remedy(
    tmp_path: Path, command: list[str], there: bool, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path if there else tmp_path / "none.yaml"
    assert main([*command, str(path)]) == 1
    remedy = "Is a directory; name a file in it" if there else "No such file or directory; check the path"
    assert capsys.readouterr().err.startswith(f"shadow: {path}: {remedy}")
