"""The report as a file, opened by a real Chromium from the disk: no server, no network."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from shadow.report.formats.as_html import render
from tests.browser.driver import Browser
from tests.browser.test_page import AXE
from tests.report.everything import report_of

LUMINANCE = """
const [r, g, b] = getComputedStyle(document.querySelector(arguments[0])).backgroundColor.match(/\\d+/g).map(Number);
return (r + g + b) / 3;
"""
SHOWN = "return [...document.querySelectorAll('.difference .diff')].every(each => each.checkVisibility())"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("report")
    path = directory / "report.html"
    path.write_text("".join(render(report_of(directory))))
    return path


@pytest.fixture(scope="module")
def window(driver: httpx.Client) -> Iterator[Browser]:
    with Browser(driver) as browser:
        yield browser


@pytest.fixture
def light(window: Browser, file: Path) -> Browser:
    window.media("screen")
    window.open(file.as_uri())
    return window


def test_it_opens_from_the_disk_and_asks_for_nothing(light: Browser):
    assert "16 unexplained differences" in light.text("h1")
    assert (
        light.run("return performance.getEntriesByType('resource').filter(e => !e.name.startsWith('data:')).length")
        == 0
    )
    assert light.run("return document.querySelector('.brand img').naturalWidth") > 0
    assert light.console() == []


def test_a_difference_opens_without_a_script(light: Browser):
    closed = ".difference:not([open])"
    light.click(f"{closed} > summary")
    assert light.run("return document.querySelectorAll('.difference[open]').length") == 6
    assert light.run("return document.scripts.length") == 0


def test_it_meets_what_the_page_meets(light: Browser):
    light.run(AXE)
    found = light.run("return axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => v.id))")
    assert found == []


def test_paper_shows_what_is_folded_on_light_ground(light: Browser):
    assert not light.run(SHOWN)
    light.media("print")
    assert light.run(SHOWN)
    assert light.run("return getComputedStyle(document.querySelector('.top')).display") == "none"


def test_a_dark_screen_gets_it_dark_and_paper_does_not(driver: httpx.Client, file: Path):
    with Browser(driver, dark=True) as browser:
        browser.open(file.as_uri())
        assert browser.run(LUMINANCE, ".card") < 60
        browser.media("print")
        assert browser.run(LUMINANCE, ".card") > 200
