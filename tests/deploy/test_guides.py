"""What the guides tell people to type: every `shadow` command is one, every manifest is there and is built."""

import re
import shlex
from pathlib import Path

import pytest

from shadow.cli.main import parser
from shadow.config.load import load
from shadow.config.model import Configuration
from tests.deploy.test_manifests import ROOT, build

GUIDES = sorted([*(ROOT / "docs/how-to").glob("*.md"), *(ROOT / "docs/reference").glob("*.md")])
FENCE = re.compile(r"^```[a-z]*\n(.*?)^```", re.DOTALL | re.MULTILINE)


def lines(guide: Path) -> list[str]:
    """The commands of every block, continued lines joined, what follows a pipe or a redirection left out."""
    typed = "\n".join(FENCE.findall(guide.read_text())).replace("\\\n", " ")
    return [re.split(r"\s(?:>|\||2>)\s", line.strip())[0] for line in typed.splitlines()]


COMMANDS = sorted(
    {
        (guide.name, line)
        for guide in GUIDES
        for line in lines(guide)
        if line.startswith("shadow ") and "..." not in line.partition("--because")[0]
    }
)


def named(option: str) -> list[str]:
    """The files and directories of this repository that commands name."""
    pattern = re.compile(rf"{option} (kustomize/\S+)")
    return sorted({found for guide in GUIDES for line in lines(guide) for found in pattern.findall(line)})


APPLIED, CONFIGURED = named("-k"), named("--config")


def test_there_is_something_to_check():
    assert len(COMMANDS) > 15
    assert APPLIED
    assert CONFIGURED


@pytest.mark.parametrize(("guide", "line"), COMMANDS)
def test_every_command_can_be_typed_like_that(guide: str, line: str):
    _, *arguments = shlex.split(line, comments=True)
    parser(arguments[0]).parse_args(arguments)


@pytest.mark.parametrize("directory", APPLIED)
def test_every_manifest_is_there(directory: str):
    assert build(directory.removeprefix("kustomize/"))


@pytest.mark.parametrize("file", CONFIGURED)
def test_every_configuration_is_accepted(file: str):
    assert isinstance(load(ROOT / file), Configuration)
