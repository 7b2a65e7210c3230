"""What the documents promise: links lead somewhere, configurations are accepted, no command is forgotten."""

import re
from pathlib import Path

import pytest

from shadow.cli.main import COMMANDS
from shadow.config.load import parse

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
WHOLE_CONFIGURATION = re.compile(r"```yaml\n((?:# .*\n)?migrations:\n.*?)```", re.DOTALL)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_relative_link_leads_somewhere(document: Path):
    broken = [target for target in LINK.findall(document.read_text()) if not (document.parent / target).exists()]
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_whole_configuration_is_accepted(document: Path):
    for text in WHOLE_CONFIGURATION.findall(document.read_text()):
        assert parse(text, name(document)).migrations


def test_the_readme_shows_a_configuration():
    assert WHOLE_CONFIGURATION.search((ROOT / "README.md").read_text())


def test_the_reference_knows_every_command():
    reference = (ROOT / "docs/reference/cli.md").read_text()
    assert [command for command in COMMANDS if f"`shadow {command} " not in reference] == []
