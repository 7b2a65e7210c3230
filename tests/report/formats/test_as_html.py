"""One HTML file: everything in it is text, and it asks for nothing. How it looks is seen in `tests/browser`."""

import re
from pathlib import Path

from lxml import html

from shadow.report.formats.as_html import render
from tests.report.everything import report_of
from tests.report.formats.hostile import hostile, nasty
from tests.report.scene import compared, difference, reported


@nasty
def test_whatever_an_answer_holds_is_text(tmp_path: Path, text: str):
    document = html.document_fromstring("".join(render(hostile(tmp_path, text))))
    assert document.xpath("//script|//iframe|//*[@onerror]|//object|//form") == []
    assert len(document.xpath("//style")) == len(document.xpath("//svg")) == 1
    assert {image.get("src")[:5] for image in document.xpath("//img")} == {"data:"}
    assert "49" not in document.xpath("//main")[0].text_content()  # 7*7
    assert "alert(1)" not in document.xpath("//style")[0].text


def test_nothing_is_loaded_from_anywhere(tmp_path: Path):
    shown = "".join(render(report_of(tmp_path)))
    assert not re.findall(r"(?:src|href|action)=\"(?!data:)|url\(|@import", shown)
    [policy] = html.document_fromstring(shown).xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def test_both_values_stand_side_by_side_under_their_path(tmp_path: Path):
    report = report_of(tmp_path)
    document = html.document_fromstring("".join(render(report)))
    [detail] = [
        each for each in document.xpath("//details[@class='difference']") if "new-update" in each.text_content()
    ]
    assert re.sub(r"\s+", " ", detail.xpath(".//div[@class='diff']")[0].text_content()).startswith(" oldnew 1-spec: 1")


def test_long_lists_are_cut_with_a_remedy(tmp_path: Path):
    calls = [compared(f"team-{n:03}", difference(f"svc-{n}", parent=f"team-{n:03}")) for n in range(502)]
    document = html.document_fromstring("".join(render(reported(tmp_path, *calls))))
    assert len(document.xpath("//details[@class='difference']")) == 500
    said = document.text_content()
    assert "and 2 more: the report as JSON or CSV has them all" in said
    assert "and 2 more that do not agree" in said
