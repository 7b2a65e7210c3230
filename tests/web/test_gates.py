"""The snippets of docs/gate-a-move.md, as the tools they are for would use them, against a whole proxy."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from ruamel.yaml import YAML

from tests.hook_server import HookServer, answer_json
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import Json, Running, running

Start = Callable[..., HookServer]
PAGE = Path(__file__).parents[2] / "docs/gate-a-move.md"
ONE = config_map("one")
WAIVE = [{"situation": name, "because": "a test"} for name in ("nothing observed", "partial")]
ENOUGH: Json = {"min_comparisons": 1, "waive": WAIVE}
WORDS = [("ready", 0, 200), ("not-ready", 3, 409), ("inconclusive", 4, 425)]
CONTROL, NAME = "http://metacontroller-shadow.kubeflow:9090", "kfp-profile"

CURL = """
import argparse, sys, httpx
parser = argparse.ArgumentParser()
for flag in ("--fail", "--silent", "--show-error"):
    parser.add_argument(flag, action="store_true", required=True)
parser.add_argument("-H", action="append")
parser.add_argument("url")
args = parser.parse_args()
headers = dict(header.split(": ", 1) for header in args.H)
sys.exit(22 if httpx.get(args.url, headers=headers, trust_env=False).status_code >= 400 else 0)
"""
"""As much of curl as the snippet needs: a fresh machine has none."""


def snippet(kind: str) -> Any:
    """The YAML block that begins as told."""
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    [text] = [block for block in blocks if kind in block]
    return YAML(typ="safe").load(text)


async def reach(proxy: Running, new: HookServer, word: str) -> None:
    """Have calls answered until the verdict is the word."""
    if word == "inconclusive":
        return
    if word == "not-ready":
        new.behaviour = answer_json(answer())
    await proxy.call(request(observed(ONE)))
    await proxy.settled()


@pytest.mark.parametrize(("word", "exit_status", "status"), WORDS, ids=[each[0] for each in WORDS])
async def test_each_tool_goes_on_stops_or_waits(
    tmp_path: Path, hook_server: Start, word: str, exit_status: int, status: int
):
    (tmp_path / "token").write_text("fake-token")
    old, new = hook_server(answer_json(answer(ONE))), hook_server(answer_json(answer(ONE)))
    top = {"server": {"token_file": str(tmp_path / "token")}}
    async with running(tmp_path, old, new, top=top, verdict=ENOUGH) as proxy:
        proxy.client.headers["authorization"] = "Bearer fake-token"
        await reach(proxy, new, word)
        assert await asyncio.to_thread(argo, proxy.control) == word
        assert (await asyncio.to_thread(flagger, proxy.control, tmp_path / "token")) is (status == 200)
        assert (await asyncio.to_thread(job, proxy.control)) == exit_status
        posted = await proxy.client.post(
            f"{proxy.control}/api/v1/migrations/m/verdict?as=status", json={"name": "x", "phase": "Progressing"}
        )
        assert posted.status_code == status


def argo(control: str) -> str:
    """The measurement: successful, failed or inconclusive."""
    [metric] = snippet("AnalysisTemplate")["spec"]["metrics"]
    web = metric["provider"]["web"]
    url = web["url"].replace(CONTROL, control).replace("{{args.migration}}", "m")
    headers = {each["key"]: each["value"].replace("{{args.token}}", "fake-token") for each in web["headers"]}
    document = httpx.get(url, headers=headers).json()
    assert web["jsonPath"] == "{$.verdict}"
    result = document["verdict"]
    met = {name: eval(metric[f"{name}Condition"], {}, {"result": result}) for name in ("success", "failure")}
    return {(True, False): "ready", (False, True): "not-ready", (False, False): "inconclusive"}[tuple(met.values())]


def flagger(control: str, token: Path) -> bool:
    """Whether the load tester's command succeeds."""
    [webhook] = snippet("kind: Canary")["spec"]["analysis"]["webhooks"]
    command = webhook["metadata"]["cmd"].replace(CONTROL, control).replace(f"/{NAME}/", "/m/")
    command = command.replace("/etc/shadow/token", str(token))
    curl = token.with_name("curl")
    curl.write_text(f"#!{sys.executable}\n{CURL}")
    curl.chmod(0o755)
    environment = os.environ | {"PATH": f"{curl.parent}:{os.environ['PATH']}"}
    return subprocess.run(["bash", "-c", command], env=environment, capture_output=True, check=False).returncode == 0


def job(control: str) -> int:
    """The exit status of the job's first line; it does not wait here."""
    [step] = snippet("workflow_dispatch")["jobs"]["next-step"]["steps"]
    line = step["run"].splitlines()[0].replace(NAME, "m").replace("30m", "10ms")
    line = line.replace("shadow ", f"{sys.executable} -m shadow ", 1)
    environment = os.environ | {"SHADOW_CONTROL": control, "SHADOW_TOKEN": "fake-token"}
    return subprocess.run(["bash", "-c", line], env=environment, capture_output=True, check=False).returncode
