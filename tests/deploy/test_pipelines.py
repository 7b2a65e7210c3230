"""The pipelines of docs/gate-a-move.md that replay: each is what its tool takes, and its lines do what is said."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from check_jsonschema.builtin_schemas import get_builtin_schema  # type: ignore[import-untyped]
from hera.workflows.models import WorkflowTemplate
from lxml import etree
from ruamel.yaml import YAML

from tests.hook_server import HookServer, answer_json
from tests.proxy.bodies import answer, config_map, observed, request

PAGE = (Path(__file__).parents[2] / "docs/gate-a-move.md").read_text()
ONE = config_map("one", annotations={})
WHEEL = "metacontroller_shadow-0.1.0-py3-none-any.whl"
Start = Callable[..., HookServer]


def pipeline(beginning: str) -> Any:
    """The YAML block that holds this text, as YAML 1.2 reads it."""
    [text] = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if beginning in block]
    return YAML(typ="safe", pure=True).load(text)


GITHUB, GITLAB, ARGO = (
    pipeline(beginning) for beginning in ("on: pull_request", ".gitlab-ci.yml", "kind: WorkflowTemplate")
)
ARGO_REPLAY = next(each for each in ARGO["spec"]["templates"] if "script" in each)


@pytest.mark.parametrize(
    ("name", "document"),
    [("github-workflows", GITHUB), ("github-workflows", pipeline("on: workflow_dispatch")), ("gitlab-ci", GITLAB)],
    ids=["github", "github-verdict", "gitlab"],
)
def test_its_own_tool_would_take_it(name: str, document: Any):
    schema = get_builtin_schema(f"vendor.{name}")
    jsonschema.validators.validator_for(schema)(schema).validate(document)


def test_the_schemas_take_not_everything():
    schema = get_builtin_schema("vendor.github-workflows")
    broken = {**GITHUB, "jobs": {"replay": {"steps": GITHUB["jobs"]["replay"]["steps"], "run-on": "ubuntu-latest"}}}
    assert not jsonschema.validators.validator_for(schema)(schema).is_valid(broken)


def test_argo_knows_every_field():
    """Fields that its model does not have are left out when it writes the document again."""
    read = WorkflowTemplate.model_validate(ARGO)
    assert read.model_dump(by_alias=True, exclude_none=True, mode="json") == ARGO


def test_argo_hands_on_what_exists():
    names = {each["name"] for each in ARGO["spec"]["templates"]}
    assert ARGO["spec"]["entrypoint"] in names
    [[step]] = ARGO["spec"]["templates"][0]["steps"]
    assert step["template"] in names
    given = {each["name"] for each in step["arguments"]["artifacts"]}
    assert given == {each["name"] for each in ARGO_REPLAY["inputs"]["artifacts"]}
    mounted = {each["name"] for each in ARGO_REPLAY["script"]["volumeMounts"]}
    assert mounted == {each["name"] for each in ARGO["spec"]["volumes"]}


def test_argo_hands_over_where_its_script_works():
    [mounted] = [each for each in ARGO_REPLAY["script"]["volumeMounts"] if each["name"] == "work"]
    [recordings] = ARGO_REPLAY["inputs"]["artifacts"]
    written = ARGO_REPLAY["outputs"]["artifacts"]
    assert ARGO_REPLAY["script"]["source"].startswith(f"cd {mounted['mountPath']}\nshadow replay recordings ")
    assert recordings["path"] == f"{mounted['mountPath']}/recordings"
    assert {str(Path(each["path"]).parent) for each in written} == {mounted["mountPath"]}


def test_what_they_publish_is_what_the_replay_writes():
    written = {"report.md", "report.xml", "report.html"}
    artifacts = GITLAB["replay"]["artifacts"]
    assert {*artifacts["paths"], artifacts["reports"]["junit"]} == written
    assert {Path(each["path"]).name for each in ARGO_REPLAY["outputs"]["artifacts"]} == written
    assert GITHUB["jobs"]["replay"]["steps"][-1]["with"]["path"] == "report.*"


class Machine:
    """Where the lines run: a checkout with a recording and a configuration, and `shadow` on the path."""

    def __init__(self, directory: Path, old: str, new: str) -> None:
        self.directory = directory
        self.summary = directory / "summary.md"
        (directory / "recordings").mkdir()
        call = {"controller": "decorator", "hook": "sync", "request": json.loads(request(observed(ONE)))}
        (directory / "recordings/one.json").write_text(json.dumps({**call, "status": 200, "answer": answer(ONE)}))
        sides = {
            name: {"protocol": "decorator", "url": url, "sync": "/sync"} for name, url in (("old", old), ("new", new))
        }
        (directory / "shadow.yaml").write_text(
            json.dumps({"migrations": {"kfp-profile": {"stage": "shadow", **sides}}})
        )
        self._command("shadow", f'exec {sys.executable} -m shadow "$@"')
        (directory / "wheels").mkdir()
        (directory / "wheels" / WHEEL).touch()
        self._command("pip", f'[ "$*" = "install wheels/{WHEEL}" ]')  # it is: this checkout

    def _command(self, name: str, line: str) -> None:
        path = self.directory / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)

    def run(self, line: str, *shell: str, replaced: Mapping[str, str] | None = None) -> int:
        for old, new in (replaced or {}).items():
            line = line.replace(old, new)
        path = f"{self.directory / 'bin'}:{os.environ['PATH']}"
        environment = os.environ | {"PATH": path, "GITHUB_STEP_SUMMARY": str(self.summary)}
        return subprocess.run([*shell, line], cwd=self.directory, env=environment, check=False).returncode


def github(machine: Machine) -> int:
    """As its runner does: a step that fails ends the job, but for those that run all the same."""
    status = 0
    for step in GITHUB["jobs"]["replay"]["steps"]:
        if "run" in step and (status == 0 or step.get("if") == "${{ !cancelled() }}"):
            status = machine.run(step["run"], "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c") or status
    assert machine.summary.read_text() == (machine.directory / "report.md").read_text()
    return status


def gitlab(machine: Machine) -> int:
    return machine.run("\n".join(GITLAB["replay"]["script"]), "sh", "-ec")


def argo(machine: Machine) -> int:
    work = str(machine.directory)
    return machine.run(ARGO_REPLAY["script"]["source"], "sh", "-ec", replaced={"/replay": work, "/etc/shadow": work})


@pytest.mark.parametrize(
    ("tool", "agree"),
    [(github, True), (github, False), (gitlab, False), (argo, False)],
    ids=["github, agree", "github, differ", "gitlab, differ", "argo, differ"],
)
def test_its_lines_run_and_fail_where_something_differs(tmp_path: Path, hook_server: Start, tool: Any, agree: bool):
    old = hook_server(answer_json(answer(ONE)))
    new = hook_server(answer_json(answer(*([ONE] if agree else []))))
    machine = Machine(tmp_path, old.url, new.url)
    assert tool(machine) == (0 if agree else 3)
    suite = etree.parse(tmp_path / "report.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("1", "0" if agree else "1")
    assert ("new would delete" in (tmp_path / "report.md").read_text()) is not agree


def test_the_line_for_what_is_new_passes_what_is_known_and_nothing_that_was_not_compared(
    tmp_path: Path, hook_server: Start
):
    [line] = re.findall(r"^shadow replay .*--fail-on new .*$", PAGE, re.MULTILINE)
    old, new = hook_server(answer_json(answer(ONE))), hook_server(answer_json(answer()))
    machine = Machine(tmp_path, old.url, new.url)
    known = line.replace("--baseline main.json --fail-on new", "").replace("report.json", "main.json")
    statuses = [machine.run(each, "sh", "-ec") for each in (known, line)]
    new.behaviour = answer_json(answer(config_map("two")))
    statuses.append(machine.run(line, "sh", "-ec"))
    new.behaviour = answer_json({}, status=500)
    statuses.append(machine.run(line, "sh", "-ec"))
    assert statuses == [3, 0, 3, 4]
