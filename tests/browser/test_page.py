"""What a person on call does with the page, done by a real Chromium."""

from pathlib import Path

import pytest

from tests.browser.conftest import PARENTS, TOKEN, Browse, Shown
from tests.browser.driver import Browser

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text()
TAB, ENTER = "\ue004", "\ue007"
REFRESH = "document.dispatchEvent(new Event('visibilitychange'))"
PAGES = ("/", "/migrations/m", "/migrations/m/differences", "/migrations/m/parents", "/migrations/m/comparisons",
         "/migrations/m/history", "/migrations/m/brake", "DIFFERENCE", "COMPARISON")  # fmt: skip


def address(proxy: Shown, page: str) -> str:
    """The page's URL; one difference and one comparison have ids that are found first."""
    if page == "DIFFERENCE":
        page = f"/migrations/m/differences/{proxy.get('/api/v1/migrations/m/differences').json()['items'][0]['id']}"
    if page == "COMPARISON":
        page = f"/migrations/m/comparisons/{proxy.get('/api/v1/migrations/m/comparisons').json()['items'][0]['id']}"
    return proxy.control + page


def test_log_in_read_a_mismatch_pull_the_brake_see_it_in_force_release_it(browse: Browse, proxy: Shown):
    browser = browse()
    browser.click("h2 a")
    browser.wait("return document.querySelector('.difference')")
    assert "delete" in browser.text(".difference summary")

    browser.click(".difference summary")
    browser.wait("return document.querySelector('.difference .diff')")
    assert "name: two" in browser.text(".difference .diff")

    browser.click(".tabs .button")
    browser.wait("return document.querySelector('[name=because]')")
    browser.type("[name=because]", "team-a lost its UI")
    browser.click("main button")
    browser.wait("return document.querySelector('[data-live=brake] .notice')")
    assert "team-a lost its UI" in browser.text("[data-live=brake]")
    brake = proxy.get("/api/v1/migrations/m").json()["brake"]
    assert (brake["on"], brake["by"], brake["because"]) == (True, "alice", "team-a lost its UI")

    browser.click(".tabs .button")
    browser.wait("return document.querySelector('[value=release]')")
    browser.type("[name=because]", "fixed")
    browser.click("[value=release]")
    browser.wait("return !document.querySelector('[data-live=brake] .notice')")
    assert proxy.get("/api/v1/migrations/m").json()["brake"]["on"] is False
    assert browser.console() == []


def test_a_wrong_token_stays_outside(browse: Browse, proxy: Shown):
    browser = browse()
    browser.click(".top button")
    browser.wait("return document.querySelector('#token')")
    browser.open(f"{proxy.control}/migrations/m/parents")
    browser.type("#token", "fake-wrong")
    browser.click("main button")
    browser.wait("return document.querySelector('[role=alert]')")
    browser.type("#token", TOKEN)
    browser.click("main button")
    browser.wait("return document.querySelector('h1')?.innerText === 'Parents'")


@pytest.mark.parametrize(("dark", "width"), [(False, 1280), (True, 380)])
def test_nothing_keeps_anybody_out_and_nothing_sticks_out(browse: Browse, proxy: Shown, dark: bool, width: int):
    browser = browse(dark=dark, width=width)
    for page in PAGES:
        browser.open(address(proxy, page))
        assert (page, violations(browser)) == (page, [])
        wide = browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert (page, wide) == (page, 0)
    assert browser.console() == []


def violations(browser: Browser) -> list[str]:
    browser.run(AXE + ";window.axe = axe;")
    found = browser.run("return axe.run(document).then(result => result.violations)")
    return [f"{one['id']} ({one['impact']}): {one['nodes'][0]['html'][:200]}" for one in found]


def test_it_keeps_itself_up_to_date_and_touches_only_what_changed(browse: Browse, proxy: Shown):
    browser = browse()
    browser.open(f"{proxy.control}/migrations/m")
    browser.click(".difference summary")
    browser.wait("return document.querySelector('.difference .diff')")
    browser.run("""
        window.touched = new Set();
        new MutationObserver(changes => changes.forEach(change =>
            change.target.closest && touched.add(change.target.closest('[data-live]')?.dataset.live)
        )).observe(document.querySelector('main'), {childList: true, subtree: true});
    """)
    served = browser.text("[data-live=facts]")
    proxy.call(0)
    browser.wait(f"{REFRESH}; return document.querySelector('[data-live=facts]').innerText !== arguments[0]", served)
    assert browser.run("return document.querySelector('.difference').open")
    assert "name: two" in browser.text(".difference .diff")
    assert "ladder" not in browser.run("return [...touched]")


def test_differences_open_by_the_keyboard(browse: Browse, proxy: Shown):
    browser = browse()
    browser.open(f"{proxy.control}/migrations/m/differences")
    browser.press(TAB)
    assert browser.run("return document.activeElement.className") == "skip"
    for _ in range(20):
        browser.press(TAB)
        if browser.run("return document.activeElement.matches('.difference > summary')"):
            break
    assert browser.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    browser.press(ENTER)
    browser.wait("return document.querySelector('.difference[open] .diff')")


def test_parents_are_searched_and_paged(browse: Browse, proxy: Shown):
    browser = browse()
    browser.open(f"{proxy.control}/migrations/m/parents")
    browser.click(".pages a")
    browser.wait("return document.querySelectorAll('tbody tr').length === arguments[0]", PARENTS - 25)
    browser.type("[type=search]", "TEAM-07")
    browser.click(".filter button")
    browser.wait("return document.querySelectorAll('tbody tr').length === 1")
    assert "team-07" in browser.text("tbody")


def test_a_difference_is_acknowledged_with_a_note(browse: Browse, proxy: Shown):
    browser = browse()
    browser.open(address(proxy, "DIFFERENCE"))
    browser.type("[name=note]", "known since v1.4")
    browser.click(".note button")
    browser.wait("return document.querySelector('.notice')")
    assert "alice" in browser.text(".notice")
    assert "known since v1.4" in browser.text(".notice")
    browser.click("[value=withdraw]")
    browser.wait("return !document.querySelector('.notice')")
