"""The documentation as a site: built strictly, every page in its navigation, every link and anchor alive."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]

FETCHED = re.compile(
    r'<(?:script|img|iframe|link(?=[^>]*stylesheet))\b[^>]*(?:src|href)="?https?://[^>]*|class="mermaid"'
)
"""What a page would need the network for. A link is only followed when somebody clicks."""


def build(where: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "zensical"), "build", "--strict"]
    return subprocess.run(command, cwd=where, capture_output=True, text=True, check=False, timeout=60)


def pages(entry: Any) -> list[str]:
    """The files that an entry of the navigation leads to: `{title: file}` or `{title: [entry, ...]}`."""
    if isinstance(entry, str):
        return [entry]
    return [file for each in (entry.values() if isinstance(entry, dict) else entry) for file in pages(each)]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "zensical.toml", tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    return tmp_path


def test_it_is_built_without_a_warning(copied: Path):
    built = build(copied)
    assert built.returncode == 0, built.stdout + built.stderr
    for page in pages(PROJECT["nav"]):
        assert (copied / "site" / page).with_suffix(".html").exists()
    built_pages = [page.read_text() for page in (copied / "site").glob("**/*.html")]
    assert [found for page in built_pages for found in FETCHED.findall(page)] == []


def test_a_dead_link_and_a_dead_anchor_are_errors(copied: Path):
    with (copied / "docs/index.md").open("a") as index:
        index.write("\n[nowhere](nowhere.md), [no such heading](effects.md#no-such-heading)\n")
    built = build(copied)
    assert built.returncode != 0
    assert "2 issues found" in built.stdout + built.stderr


def test_every_page_is_in_the_navigation_once():
    there = sorted(str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").glob("**/*.md"))
    assert sorted(pages(PROJECT["nav"])) == there


def test_it_is_ordered_by_what_a_reader_wants():
    assert [title for entry in PROJECT["nav"] for title in entry] == [
        "Home",
        "Tutorial",
        "How to",
        "Reference",
        "Explanation",
    ]
