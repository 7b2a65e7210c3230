"""Markdown as another renderer reads it: folds closed and whole, nothing that an answer holds is markup."""

import re
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from markdown_it import MarkdownIt

from shadow.report import Report
from shadow.report.formats.as_markdown import LIMIT_BYTES, render
from tests.report.everything import report_of
from tests.report.formats.hostile import hostile, nasty
from tests.report.scene import compared, difference, reported


def page(report: Report) -> Any:
    """The document as HTML, told that whatever it holds is meant."""
    text = "".join(render(report))
    assert len(text.encode()) <= LIMIT_BYTES
    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert rendered.count("<details>") == rendered.count("</details>") == rendered.count("</summary>")
    return html.document_fromstring(rendered)


@nasty
def test_whatever_an_answer_holds_is_text(tmp_path: Path, text: str):
    document = page(hostile(tmp_path, text))
    assert document.xpath("//script|//img|//iframe|//style|//a|//*[@onerror]|//h1") == []
    assert len(document.xpath("//table")) == 1
    prose = " ".join(document.xpath("//text()[not(ancestor::code)]"))
    assert not re.search(r"\w://|\bwww\.|\w@\w|@everyone|#\d|GH-\d", prose)  # GitHub makes links of these, too


def test_a_report_with_everything_is_a_summary_a_table_and_closed_folds(tmp_path: Path):
    document = page(report_of(tmp_path))
    assert document.xpath("//details[@open]") == []
    assert len(document.xpath("//table//tbody/tr")) == 16
    assert [each.tag for each in document.find("body")][:4] == ["h3", "p", "ul", "table"]
    assert len(document.xpath("//details//pre/code[contains(@class, 'language-diff')]")) == 16


@pytest.mark.parametrize("length", [2_000, 200_000])
def test_one_absurd_name_leaves_room_for_all_else(tmp_path: Path, length: int):
    absurd = difference("x" * length, path="y" * length, old="z" * length)
    document = page(reported(tmp_path, compared("team-a", absurd, difference("ui"))))
    assert "Service <namespace>/ui" in document.text_content()
    assert "Cut here" not in document.text_content()


def test_what_is_cut_is_cut_between_folds(tmp_path: Path):
    large = {str(number): "ü" * 150 for number in range(20)}
    call = compared("team-a", *(difference(f"svc-{number}", old=large) for number in range(40)))
    document = page(reported(tmp_path, call))
    assert document.find("body")[-1].text_content().startswith("Cut here")
