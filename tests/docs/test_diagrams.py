"""Diagrams are drawn beforehand, so that a page needs nothing from elsewhere; each drawing is of its present source."""

import hashlib
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
SOURCES = sorted(DOCS.glob("diagrams/*.mmd"))
SHOWN = re.compile(r"!\[([^\]]+)\]\(([^)]+\.svg)\)")


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_drawing_is_of_its_source(source: Path):
    digest = hashlib.sha256(source.read_bytes() + (source.parent / "style.json").read_bytes()).hexdigest()
    drawing = source.with_suffix(".svg").read_text()
    assert drawing.endswith(f"<!-- sha256:{digest} -->\n"), "`make diagrams` draws it again"


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_drawing_loads_and_runs_nothing(source: Path):
    drawing = re.sub(r'xmlns(:xlink)?="[^"]*"', "", source.with_suffix(".svg").read_text())
    assert re.findall(r"https?:|@import|<script|<foreignObject|<image|url\((?!#)", drawing) == []


def test_every_drawing_is_shown_and_has_a_source():
    shown = {
        (page.parent / file).resolve() for page in DOCS.glob("**/*.md") for _, file in SHOWN.findall(page.read_text())
    }
    assert shown == {source.with_suffix(".svg") for source in SOURCES} == set(DOCS.glob("**/*.svg"))


def test_no_page_has_a_diagram_drawn_by_its_reader():
    assert [page.name for page in DOCS.glob("**/*.md") if "```mermaid" in page.read_text()] == []
