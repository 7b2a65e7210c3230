"""The commands against a real proxy in a process of its own, from the first call to the release."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from shadow.cli import main
from tests.hook_server import HookServer, answer_json

CAPTURE = Path(__file__).parents[1] / "data/captures/kfp/kfp-mid-decorator-4.17.2-steady.json"
RULE = {"object": "Deployment.apps/*", "because": "dropped upstream"}


@dataclass(frozen=True)
class Proxy:
    """A proxy whose `new` forgets one object that `old` wants."""

    hooks: str
    control: str
    configuration: dict[str, Any]
    directory: Path

    def call(self) -> httpx.Response:
        request = json.loads(CAPTURE.read_text())["request"]
        return httpx.post(f"{self.hooks}/kfp/sync", json=request, trust_env=False)

    def run(self, *argv: str) -> int:
        return main([*argv, "--control", self.control])


@pytest.fixture
def proxy(tmp_path: Path, hook_server: Callable[..., HookServer]) -> Iterator[Proxy]:
    answer = json.loads(CAPTURE.read_text())["answer"]
    forgetful = answer | {"attachments": [one for one in answer["attachments"] if one["kind"] != "Deployment"]}
    old, new = hook_server(answer_json(answer)), hook_server(answer_json(forgetful))
    configuration = {
        "server": {"hooks": "127.0.0.1:0", "control": "127.0.0.1:0"},
        "store": f"sqlite:///{tmp_path / 'shadow.db'}",
        "migrations": {
            "kfp": {
                "old": {"protocol": "decorator", "url": old.url, "sync": "/sync"},
                "new": {"protocol": "decorator", "url": new.url, "sync": "/sync"},
            }
        },
    }
    file = tmp_path / "shadow.yaml"
    file.write_text(json.dumps(configuration))
    command = [sys.executable, "-m", "shadow", "serve", "--config", str(file)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            told = listening(process)
            yield Proxy(told["hooks"], told["control"], configuration, tmp_path)
        finally:
            process.terminate()
            process.communicate(timeout=20)


def listening(process: "subprocess.Popen[str]") -> dict[str, str]:
    """Where it listens, from its log."""
    assert process.stderr is not None
    found: dict[str, str] = {}
    while len(found) < 2:
        line = process.stderr.readline()
        assert line, "it ended before it listened"
        name, _, address = json.loads(line)["message"].partition(" on ")
        if name in ("hooks", "control"):
            found[name] = f"http://{address}"
    return found


def until(seconds: float, attempt: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not attempt():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)


def test_from_the_first_call_to_the_release(proxy: Proxy, capsys: pytest.CaptureFixture[str]):
    assert proxy.run("report", "kfp") == 4  # nothing was compared yet
    assert proxy.call().headers["x-shadow-served"] == "old"
    until(10, lambda: proxy.run("report", "kfp") == 3)
    capsys.readouterr()

    assert proxy.run("report", "kfp", "--format", "json") == 3
    document = json.loads(capsys.readouterr().out)
    assert document["totals"]["calls"] == document["totals"]["comparisons"]["mismatched"] == 1
    assert {line["effect"] for line in document["differences"]} == {"delete"}
    assert document["effects"]["delete"] == len(document["differences"]) == 2

    rules = proxy.directory / "rules.yaml"
    proxy.configuration["migrations"]["kfp"]["compare"] = {"expect": [RULE]}
    rules.write_text(json.dumps(proxy.configuration))
    assert proxy.run("report", "kfp", "--config", str(rules)) == 0
    assert main(["report", "kfp", "--store", proxy.configuration["store"]]) == 3
    assert main(["report", "kfp", "--store", proxy.configuration["store"], "--config", str(rules)]) == 0
    capsys.readouterr()

    assert proxy.run("rollback", "kfp", "--because", "a test") == 0
    assert proxy.run("status", "kfp") == 0
    assert "a test" in capsys.readouterr().out
    assert proxy.run("release", "kfp", "--because", "it is over") == 0
    assert proxy.run("status", "kfb") == 2
