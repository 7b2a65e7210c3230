"""A proxy with something to look at, and a Chromium to look with."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.browser.driver import Browser, chromedriver, missing
from tests.hook_server import HookServer, answer_json
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import free_port

Browse = Callable[..., Browser]
TOKEN = "fake-token-of-alice"
PARENTS = 30
ONE, TWO, THREE = config_map("one"), config_map("two"), config_map("three", {"a": "1", "b": "x: 1\ny: 2\n"})
CHANGED = config_map("three", {"a": "2", "b": "x: 1\ny: 3\n"})


@dataclass(frozen=True, slots=True)
class Shown:
    """A running proxy, by its two addresses."""

    hooks: str
    control: str

    def call(self, number: int) -> None:
        """One sync of one parent."""
        seen = (observed(item) for item in (ONE, TWO, THREE))
        body = request(*seen, uid=f"uid-{number}", name=f"team-{number:02}")
        httpx.post(f"{self.hooks}/m/sync", content=body, headers={"content-type": "application/json"})

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.control}{path}", headers={"authorization": f"Bearer {TOKEN}"})


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """`new` forgets an object and changes another, in thirty parents; alice may do everything."""
    directory = tmp_path_factory.mktemp("browser")
    shown = Shown(f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}")
    with ExitStack() as stack:
        old = stack.enter_context(HookServer(answer_json(answer(ONE, TWO, THREE))))
        new = stack.enter_context(HookServer(answer_json(answer(ONE, CHANGED))))
        path = configured(directory, shown, old.url, new.url)
        process = subprocess.Popen([sys.executable, "-m", "shadow", "serve", "--config", str(path)])
        stack.callback(process.wait, 20)
        stack.callback(process.terminate)
        until_ready(shown)
        for number in range(PARENTS):
            shown.call(number)
        yield shown


def configured(directory: Path, shown: Shown, old: str, new: str) -> Path:
    tokens = directory / "tokens.yaml"
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    tokens.write_text(json.dumps({"alice": {"sha256": digest, "rights": ["read", "rollback", "release"]}}))
    side = {"protocol": "decorator", "sync": "/sync"}
    document = {
        "server": {"hooks": shown.hooks[7:], "control": shown.control[7:], "tokens_file": str(tokens)},
        "store": f"sqlite:///{directory}/shadow.db",
        "migrations": {"m": {"stage": "shadow", "old": {**side, "url": old}, "new": {**side, "url": new}}},
    }
    path = directory / "shadow.yaml"
    path.write_text(json.dumps(document))
    return path


def until_ready(shown: Shown) -> None:
    for _ in range(200):
        try:
            if httpx.get(f"{shown.control}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("the proxy is not ready after 10 s")


@pytest.fixture(scope="session")
def driver() -> Iterator[httpx.Client]:
    """Skipped where there is no browser, but never in CI, where there has to be one."""
    if (lacks := missing()) is not None:
        if os.environ.get("CI"):
            pytest.fail(lacks)
        pytest.skip(lacks)
    with chromedriver() as client:
        yield client


@pytest.fixture
def browse(driver: httpx.Client, proxy: Shown) -> Iterator[Browse]:
    """Opens browsers in which alice is logged in: `browse(dark=True, width=420)`."""
    with ExitStack() as browsers:

        def start(*, dark: bool = False, width: int = 1280) -> Browser:
            browser = browsers.enter_context(Browser(driver, dark=dark, width=width))
            log_in(browser, proxy)
            return browser

        yield start


def log_in(browser: Browser, proxy: Shown) -> None:
    browser.open(f"{proxy.control}/")
    browser.type("#token", TOKEN)
    browser.click("main button")
    browser.wait("return document.querySelector('h1')?.innerText === 'Migrations'")
