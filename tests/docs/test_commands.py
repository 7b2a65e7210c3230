"""What the documents tell people to type: `shadow` is run against a proxy, `kubectl` as far as it goes without a
cluster, every manifest is built, every target of `make` is there.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from shadow.cli.main import main, parser
from shadow.config.load import load
from shadow.config.model import Configuration
from shadow.profile.hook import answer
from shadow.profile.server import create_app
from tests.cli.test_with_a_proxy import listening
from tests.deploy.test_manifests import ROOT, build
from tests.migrate.lab import CAPTURES, kubeflow_export
from tests.profile.captures import settings
from tests.profile.test_server import running

FOLLOWED_ELSEWHERE = "first-migration.md"
GUIDES = sorted(
    path
    for path in [ROOT / "README.md", *(ROOT / "docs").glob("**/*.md"), *(ROOT / "kustomize").glob("*.md")]
    if path.name != FOLLOWED_ELSEWHERE
)
FENCE = re.compile(r"^```[a-z]*\n(.*?)^```", re.DOTALL | re.MULTILINE)


def lines(guide: Path) -> list[str]:
    """The commands of every block, continued lines joined, what follows a pipe or a redirection left out."""
    typed = "\n".join(FENCE.findall(guide.read_text())).replace("\\\n", " ")
    return [re.split(r"\s(?:>|\||\|\||2>|&&)\s", line.strip().removeprefix("$ "))[0] for line in typed.splitlines()]


def commands(program: str) -> list[list[str]]:
    """Each command line of `program` once, in the order of the pages; `...` after the fact is no argument."""
    found = {line: None for guide in GUIDES for line in lines(guide) if line.startswith(f"{program} ")}
    return [shlex.split(line, comments=True) for line in found]


def named(option: str) -> list[str]:
    """The files and directories of this repository that commands name."""
    pattern = re.compile(rf"{option} (kustomize/\S+)")
    return sorted({found for guide in GUIDES for line in lines(guide) for found in pattern.findall(line)})


ELSEWHERE = {"serve", "demo", "profile", "replay", "redact"}
"""Those that never end, and those that are run on recordings: in `tests/deploy/test_pipelines.py` and `tests/cli`."""
OURS = [words for words in commands("shadow") if words[1] not in ELSEWHERE]
KUBECTL, APPLIED, CONFIGURED = commands("kubectl"), named("-k"), named("--config")


def test_there_is_something_to_check():
    assert len(OURS) > 20
    assert len(KUBECTL) > 20
    assert APPLIED
    assert CONFIGURED


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory with the files that the pages speak of, and a proxy at the place where commands look for it."""
    directory = tmp_path_factory.mktemp("desk")
    (directory / "kustomize").symlink_to(ROOT / "kustomize")
    kubeflow = ROOT / "kustomize/kubeflow"
    export, captured = kubeflow_export(), json.loads((CAPTURES / "kfp-old-composite-2.6.1-steady.json").read_text())
    (directory / "recordings").mkdir()
    texts = {
        "captured.json": json.dumps(captured),
        "team-a.jsonl": json.dumps(captured),
        "recordings/calls.jsonl": json.dumps(captured),
        "composite-controller.yaml": (kubeflow / "composite/composite-controller.yaml").read_text(),
        "new-decorator-controller.yaml": (kubeflow / "decorator/decorator-controller.yaml").read_text(),
        "token": "fake-token",
        "objects.json": json.dumps(export | {"items": export["items"][1:]}),
        "controllers.json": json.dumps(export | {"items": export["items"][:1]}),
        "export.json": json.dumps(export),
    }
    with running(create_app(lambda protocol, call, _: answer(protocol, call, settings()))) as hook:
        both = {
            "old": {"protocol": "composite", "url": hook, "sync": "/composite/sync"},
            "new": {"protocol": "decorator", "url": hook, "sync": "/decorator/sync"},
        }
        server = {"hooks": "127.0.0.1:0", "control": "127.0.0.1:0"}
        texts["shadow.yaml"] = json.dumps({"server": server, "migrations": {"kfp-profile": both}})
        texts["rules-i-try.yaml"] = texts["shadow.yaml"]
        for name, text in texts.items():
            (directory / name).write_text(text)
        command = [sys.executable, "-m", "shadow", "serve", "--config", "shadow.yaml"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=directory) as process:
            try:
                told = listening(process)
                url = f"{told['hooks']}/kfp-profile/sync"
                httpx.post(url, json=captured["request"], trust_env=False).raise_for_status()
                (directory / "control").write_text(told["control"])
                yield directory
            finally:
                process.terminate()
                process.communicate(timeout=20)


@pytest.mark.parametrize("words", OURS, ids=" ".join)
def test_every_command_does_something_sensible(
    words: list[str], desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(desk)
    monkeypatch.setenv("SHADOW_CONTROL", (desk / "control").read_text())
    impatient = [re.sub(r"^\d+m$", "1s", word) if before == "--wait" else word for before, word in pairwise(words)]
    here = [word.removeprefix("/etc/shadow/") for word in impatient]  # where a workflow mounts what lies on the desk
    status = main(here)
    told = capsys.readouterr()
    assert status in (0, 3, 4), told.err
    assert told.out or "-o" in words


@pytest.mark.parametrize("words", [words for words in commands("shadow") if words not in OURS], ids=" ".join)
def test_every_other_command_can_be_typed_like_that(words: list[str]):
    parser(words[1]).parse_args(words[1:])


@pytest.mark.parametrize("words", KUBECTL, ids=" ".join)
def test_kubectl_understands_every_command(words: list[str], desk: Path):
    """There is no cluster, so all it can complain of is that."""
    kubectl = [str(Path(sys.executable).parent / "kubectl"), "--server", "http://127.0.0.1:1"]
    if words[1] == "kustomize":
        kubectl = kubectl[:1]
    for file in re.findall(r"--from-file=(?:\S+=)?(\S+)", " ".join(words)):
        (desk / file).touch()
    done = subprocess.run([*kubectl, *words[1:]], cwd=desk, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0 or "refused" in done.stderr, done.stderr


@pytest.mark.parametrize("words", commands("make"), ids=" ".join)
def test_make_has_every_target(words: list[str]):
    done = subprocess.run(
        ["make", "--dry-run", *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("directory", APPLIED)
def test_every_manifest_is_there(directory: str):
    assert build(directory.removeprefix("kustomize/"))


@pytest.mark.parametrize("file", CONFIGURED)
def test_every_configuration_is_accepted(file: str):
    assert isinstance(load(ROOT / file), Configuration)
