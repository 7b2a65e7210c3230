"""A real Chromium, driven over the WebDriver protocol: no more of it than these tests use."""

import base64
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key under which the protocol names an element
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def missing() -> str | None:
    """What a machine lacks to run a browser; None: nothing."""
    if shutil.which("chromedriver") is None:
        return "chromedriver is not installed (Debian: chromium-driver)"
    if not any(shutil.which(name) for name in CHROMIUM):
        return "Chromium is not installed (Debian: chromium)"
    return None


class Browser:
    """One window. Selectors are CSS."""

    def __init__(self, client: httpx.Client, *, dark: bool = False, width: int = 1280) -> None:
        self._client = client
        arguments = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"]
        arguments += [f"--window-size={width},1000", *(["--force-dark-mode"] if dark else [])]
        binary = next(path for name in CHROMIUM if (path := shutil.which(name)))
        options = {"args": arguments, "binary": binary}
        capabilities = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        started = self._send("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
        self._root = f"/session/{started['sessionId']}"
        self._features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.media("screen")
        size = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
        self._tell("/goog/cdp/execute", cmd="Emulation.setDeviceMetricsOverride", params=size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._send("DELETE", self._root)

    def open(self, url: str) -> None:
        """Returns when the page is loaded."""
        self._tell("/url", url=url)

    def media(self, kind: str) -> None:
        """`screen`, or `print`: as paper would get it."""
        params = {"media": kind, "features": self._features}
        self._tell("/goog/cdp/execute", cmd="Emulation.setEmulatedMedia", params=params)

    @property
    def url(self) -> str:
        return str(self._send("GET", f"{self._root}/url"))

    def run(self, script: str, *arguments: Any) -> Any:
        """The body of a function; what it returns, also of a promise."""
        return self._tell("/execute/sync", script=script, args=list(arguments))

    def text(self, selector: str = "body") -> str:
        return str(self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector))

    def type(self, selector: str, text: str) -> None:
        self._element(selector, "value", text=text)

    def press(self, key: str) -> None:
        """One key for whatever has the focus, as the protocol spells it."""
        action = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self._tell("/actions", actions=[{"type": "key", "id": "keys", "actions": action}])

    def click(self, selector: str) -> None:
        self._element(selector, "click")

    def wait(self, script: str, *arguments: Any, seconds: float = 10.0) -> Any:
        """Until the script returns something true."""
        deadline = time.monotonic() + seconds
        while not (found := self.run(script, *arguments)):
            assert time.monotonic() < deadline, f"{script} did not come about in {seconds} s: {self.text()[:500]}"
            time.sleep(0.05)
        return found

    def console(self) -> list[str]:
        """What the browser complained of since it was asked last."""
        entries = self._tell("/se/log", type="browser")
        return [entry["message"] for entry in entries if entry["level"] in ("WARNING", "SEVERE")]

    def screenshot(self, path: Path) -> None:
        """The whole page, not only what the window shows."""
        shown = self._tell("/goog/cdp/execute", cmd="Page.captureScreenshot", params={"captureBeyondViewport": True})
        path.write_bytes(base64.b64decode(shown["data"]))

    def _element(self, selector: str, action: str, **body: Any) -> None:
        found = self._tell("/element", using="css selector", value=selector)
        self._tell(f"/element/{found[ELEMENT]}/{action}", **body)

    def _tell(self, path: str, **body: Any) -> Any:
        return self._send("POST", f"{self._root}{path}", body)

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        response = self._client.request(method, path, content=None if body is None else json.dumps(body))
        value = response.json()["value"]
        assert response.status_code == 200, f"{path}: {value.get('message', value)}"
        return value


@contextmanager
def chromedriver() -> Iterator[httpx.Client]:
    """The driver's own server; each browser is a session of it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(["chromedriver", f"--port={port}", "--log-level=OFF"], stdout=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
            _until_ready(client)
            yield client
    finally:
        process.terminate()
        process.wait(10)


def _until_ready(client: httpx.Client) -> None:
    for _ in range(200):
        try:
            if client.get("/status").json()["value"]["ready"]:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("chromedriver is not ready after 10 s")
