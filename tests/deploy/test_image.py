"""The image's recipe: what a linter says, and its build steps run for real in a directory."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@dataclass(frozen=True)
class Instruction:
    """`stage` counts the FROM lines, from 0."""

    stage: int
    name: str
    argument: str


def recipe() -> list[Instruction]:
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    found: list[Instruction] = []
    stage = -1
    for line in filter(None, joined.splitlines()):
        name, argument = line.split(None, 1)
        stage += name == "FROM"
        found.append(Instruction(stage, name, argument))
    return found


def arguments(name: str, stage: int) -> list[str]:
    return [each.argument for each in recipe() if (each.name, each.stage) == (name, stage)]


FINAL = recipe()[-1].stage


def test_a_linter_finds_nothing():
    linter = str(Path(sys.executable).parent / "hadolint")
    done = subprocess.run([linter, "Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_base_images_are_pinned_by_tag():
    images = [each.argument.split()[0] for each in recipe() if each.name == "FROM"]
    assert images == ["python:3.12-slim", "python:3.12-slim"]


def test_it_runs_without_root_as_the_manifests_say():
    (user,) = arguments("USER", FINAL)
    deployment = YAML(typ="safe").load(ROOT / "kustomize" / "base" / "deployment.yaml")
    context = deployment["spec"]["template"]["spec"]["securityContext"]
    assert user == f"{context['runAsUser']}:{context['runAsGroup']}"
    assert context["runAsUser"] > 0


def test_the_command_is_the_proxy():
    assert [json.loads(text) for text in arguments("ENTRYPOINT", FINAL)] == [["shadow"]]
    assert [json.loads(text) for text in arguments("CMD", FINAL)] == [["serve"]]
    assert PROJECT["scripts"] == {"shadow": "shadow.cli:main"}


def test_the_version_is_the_projects_everywhere():
    assert arguments("ARG", FINAL) == [f"VERSION={PROJECT['version']}"]
    (image,) = YAML(typ="safe").load(ROOT / "kustomize" / "base" / "kustomization.yaml")["images"]
    assert image == {"name": "metacontroller-shadow", "newTag": PROJECT["version"]}


def test_it_is_labelled():
    (labels,) = arguments("LABEL", FINAL)
    names = re.findall(r"org\.opencontainers\.image\.(\w+)=", labels)
    assert names == ["title", "description", "licenses", "version"]


def test_dependencies_come_by_hash_and_the_package_alone():
    locked, package = [line for line in arguments("RUN", 0) if " pip install " in line]
    assert "--require-hashes -r requirements/run.txt" in locked
    assert "--no-deps --no-build-isolation . " in package


def test_the_build_context_lets_in_what_is_copied_and_no_more():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    allowed = {line[1:] for line in lines if line.startswith("!")}
    copied = {source for line in arguments("COPY", 0) for source in line.split()[:-1]}
    assert "*" in lines
    assert allowed == copied
    assert all((ROOT / source).exists() for source in copied)


def build(root: Path) -> Path:
    """Does the first stage's COPY and RUN in a directory that stands for the root; returns where it installed."""
    source, installed = root / "src", root / "opt" / "shadow"
    source.mkdir()
    for each in recipe():
        if (each.stage, each.name) == (0, "COPY"):
            copy(each.argument.split(), source)
        if (each.stage, each.name) == (0, "RUN"):
            command = each.argument.replace("/opt/shadow", str(installed))
            done = subprocess.run(
                command, shell=True, check=False, cwd=source, env=environment(), capture_output=True, text=True
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return installed


def environment() -> dict[str, str]:
    """Nothing of this process but the way to Python and to the registry."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("PIP_", "SSL_", "REQUESTS_", "HOME")) or name.lower().endswith("_proxy")
    }
    return kept | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def copy(words: list[str], source: Path) -> None:
    *names, target = words
    for name in names:
        where = source / name if target == "./" else source / target
        where.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, where, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, where)


def run(installed: Path, code: str) -> str:
    command = [str(installed / "bin" / "python"), "-I", "-c", code]
    return subprocess.run(command, cwd="/", capture_output=True, text=True, check=True).stdout


@pytest.mark.timeout(600)  # it fetches and installs everything that the image holds
def test_the_steps_make_a_complete_installation(tmp_path):
    installed = build(tmp_path)
    where = Path(run(installed, "import shadow; print(shadow.__file__, end='')"))
    assert where.is_relative_to(installed)
    version = f"import importlib.metadata as m; print(m.version('{PROJECT['name']}'), end='')"
    assert run(installed, version) == PROJECT["version"]
    said = subprocess.run([installed / "bin" / "shadow", "--version"], capture_output=True, text=True, check=True)
    assert said.stdout == f"shadow {PROJECT['version']}\n"
    assert compiled(where.parent) == sources(where.parent)
    assert carried(where.parent) == carried(ROOT / "shadow"), "templates, styles, the hand-over's script"


def sources(package: Path) -> set[Path]:
    return {path.relative_to(package).with_suffix("") for path in package.rglob("*.py")}


def carried(package: Path) -> set[Path]:
    """What is no code and has to come along."""
    files = (path for path in package.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc"))
    return {path.relative_to(package) for path in files}


def compiled(package: Path) -> set[Path]:
    """Modules with bytecode, which a root that cannot be written would never get."""
    return {path.parent.parent.relative_to(package) / path.name.split(".")[0] for path in package.rglob("*.pyc")}
