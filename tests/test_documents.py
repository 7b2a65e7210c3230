"""What the documents promise: links lead somewhere, configurations are accepted, no command is forgotten."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from shadow.cli.main import COMMANDS, parser
from shadow.config.load import parse
from tests.hook_server import HookServer, answer_json

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("kustomize/**/*.md")])
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
ANCHOR = re.compile(r"\]\((?!https?://)([^)#\s]*)#([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
WHOLE_CONFIGURATION = re.compile(r"```yaml\n((?:# [^\n]*\n)?(?:server:[^\n]*\n)?migrations:\n.*?)```", re.DOTALL)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_relative_link_leads_somewhere(document: Path):
    prose = FENCE.sub("", document.read_text())
    assert [target for target in LINK.findall(prose) if not (document.parent / target).exists()] == []


def headings(document: Path) -> set[str]:
    """The anchors of a page's headings, as sites and forges make them."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_anchor_is_a_heading(document: Path):
    named = ANCHOR.findall(FENCE.sub("", document.read_text()))
    pages = {target: headings(document.parent / target if target else document) for target, _ in named}
    assert [(target, anchor) for target, anchor in named if anchor not in pages[target]] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_whole_configuration_is_accepted(document: Path):
    for text in WHOLE_CONFIGURATION.findall(document.read_text()):
        assert parse(text, name(document)).migrations


def test_the_readme_shows_a_configuration():
    assert WHOLE_CONFIGURATION.search((ROOT / "README.md").read_text())


def test_the_reference_knows_every_command():
    reference = (ROOT / "docs/reference/cli.md").read_text()
    assert [command for command in COMMANDS if f"`shadow {command} " not in reference] == []


def test_the_example_of_the_simulated_cluster_runs(tmp_path: Path):
    (script,) = re.findall(r"```python\n(import asyncio.*?)```", (ROOT / "docs/simulate.md").read_text(), re.DOTALL)
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "team-a"}}
    with HookServer(answer_json({"attachments": [settings]})) as hook:
        webhook = {"version": "v1", "webhook": {"url": f"{hook.url}/sync"}}
        controller = {
            "apiVersion": "metacontroller.k8s.io/v1alpha1",
            "kind": "DecoratorController",
            "metadata": {"name": "settings"},
            "spec": {
                "resources": [{"apiVersion": "v1", "resource": "namespaces"}],
                "attachments": [{"apiVersion": "v1", "resource": "configmaps"}],
                "hooks": {"sync": webhook},
            },
        }
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-a", "uid": "u1"}}
        export = {"apiVersion": "v1", "kind": "List", "items": [controller, namespace]}
        (tmp_path / "export.json").write_text(json.dumps(export))
        command = [sys.executable, "-c", script]
        ran = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert ran.stderr == ""
    assert ran.stdout == "create ConfigMap team-a/settings 201\nat rest\n"


def test_every_document_is_listed():
    index = ROOT / "docs/index.md"
    linked = {(index.parent / target.partition("#")[0]).resolve() for target in LINK.findall(index.read_text())}
    assert [name(path) for path in ROOT.glob("docs/**/*.md") if path != index and path.resolve() not in linked] == []


def options(command: str) -> set[str]:
    """The long options that a command takes."""
    subparsers = next(action for action in parser(command)._actions if isinstance(action.choices, dict))
    assert isinstance(subparsers.choices, dict)
    return {
        option
        for action in subparsers.choices[command]._actions
        for option in action.option_strings
        if option[1] == "-"
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_the_reference_knows_every_option(command: str):
    documents = "".join(path.read_text() for path in ROOT.glob("docs/**/*.md"))
    assert [option for option in sorted(options(command)) if option not in documents] == []


SHOWN = re.compile(r"(?:^|[\s`$(|])shadow ([a-z]+)((?: [^\n`|$]*)?)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_no_document_shows_a_command_that_is_not_there(document: Path):
    text = document.read_text().replace("\\\n", " ")
    blocks = "\n".join([*re.findall(r"```[a-z]*\n(.*?)```", text, re.DOTALL), *re.findall(r"`(shadow [^`]+)`", text)])
    for command, rest in SHOWN.findall(blocks):
        assert command in COMMANDS
        given = {each.rstrip("].,") for each in re.findall(r"(?<![\w-])--[a-z][a-z-]*", rest)}
        assert given <= options(command), f"shadow {command}{rest}"


NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_the_threat_model_names_tests_that_there_are():
    named = NAMED_TEST.findall((ROOT / "docs/security.md").read_text())
    assert len(named) > 30
    missing = [
        f"{path}::{test}"
        for path, test in named
        if not re.search(rf"def {test}\(", (ROOT / path).read_text() if (ROOT / path).exists() else "")
    ]
    assert missing == []


def test_each_measure_of_the_threat_model_is_held_by_a_test():
    rows = [line for line in (ROOT / "docs/security.md").read_text().splitlines() if line.count(" | ") == 2]
    measures = [row for row in rows if not row.startswith(("| threat |", "|---"))]
    assert len(measures) > 20
    assert [row for row in measures if not NAMED_TEST.search(row)] == []
