"""Reports of a running proxy: each format over the API and on the command line, and every comparison that is kept."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from shadow.cli.main import main
from shadow.report.formats import FORMATS, MEDIA_TYPES
from tests.hook_server import HookServer, answer_json
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import Running, running

Start = Callable[..., HookServer]
PLANTED = ("fake-in-data", "fake-in-string-data", "fake-in-env", "fake-in-flag", "fake-in-url", "fake-in-an-error")


def secret(number: int, **more: Any) -> dict[str, Any]:
    """A Secret that is different at every number, as the rest of an answer with credentials in it is."""
    data = {"password": base64.b64encode(f"fake-in-data-{number}".encode()).decode()}
    text = {"token": f"fake-in-string-data-{number}"}
    metadata = {"name": "s", "namespace": "team-a"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data, "stringData": text, **more}


def deployment(number: int) -> dict[str, Any]:
    environment = [{"name": "DB_PASSWORD", "value": f"fake-in-env-{number}"}]
    args = ["--token", f"fake-in-flag-{number}", f"https://user:fake-in-url-{number}@db/"]
    container = {"name": "main", "image": f"web:{number}", "env": environment, "args": args}
    spec = {"template": {"spec": {"containers": [container]}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "team-a"},
        "spec": spec,
    }


@pytest.fixture
async def proxy(tmp_path: Path, hook_server: Start) -> AsyncIterator[Running]:
    """Two parents that differ in a plain object and in credentials, and one for which `new` fails."""
    old = hook_server(answer_json(answer(config_map("one"), secret(1), deployment(1))))
    new = hook_server(answer_json(answer(secret(2), deployment(2))))
    async with running(tmp_path, old, new) as proxy:
        for name in ("team-a", "team-b"):
            await proxy.call(request(observed(config_map("one")), observed(secret(0)), uid=f"uid-{name}", name=name))
        await proxy.settled()
        new.behaviour = answer_json({"error": "fake-in-an-error: cannot log in"}, status=500)
        await proxy.call(request(uid="uid-team-c", name="team-c"))
        await proxy.settled()
        yield proxy


async def text_of(proxy: Running, path: str) -> str:
    response = await proxy.client.get(f"{proxy.control}/api/v1/migrations/m/{path}")
    response.raise_for_status()
    return response.text


async def every_comparison_is_exported_whole(proxy: Running) -> None:
    lines = [json.loads(line) for line in (await text_of(proxy, "comparisons.jsonl")).splitlines()]
    listed = (await proxy.get("/comparisons"))["items"]
    assert [line["id"] for line in lines] == [item["id"] for item in listed]
    assert {line["outcome"] for line in lines} == {"mismatched", "failed"}
    assert lines == [await proxy.get(f"/comparisons/{item['id']}") for item in listed]
    assert (await text_of(proxy, "comparisons.jsonl?until=1h")) == ""
    for kind in ("comparisons.jsonl", "report"):
        inverted = await proxy.client.get(f"{proxy.control}/api/v1/migrations/m/{kind}?since=1h&until=2h")
        assert (inverted.status_code, "not before until=2h" in inverted.text) == (400, True)


async def test_api_and_command_line_tell_the_same_all_of_it_and_no_secret(
    proxy: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for form, media in MEDIA_TYPES.items():
        response = await proxy.client.get(f"{proxy.control}/api/v1/migrations/m/report?format={form}")
        assert response.headers["content-type"] == media
        assert int(response.headers["content-length"]) == len(response.content)
        assert ("attachment" in response.headers.get("content-disposition", "")) is (form == "html")

    said = {form: await text_of(proxy, f"report?format={form}") for form in FORMATS}
    said["comparisons.jsonl"] = await text_of(proxy, "comparisons.jsonl")
    files = {form: tmp_path / f"report.{form}" for form in FORMATS}
    outputs = [argument for file in files.values() for argument in ("-o", str(file))]
    beside = ["--parents", str(tmp_path / "parents.csv"), "--comparisons", str(tmp_path / "comparisons.jsonl")]
    argv = ["report", "m", "--control", proxy.control, "--format", ",".join(FORMATS), *outputs, *beside]
    assert await asyncio.to_thread(main, argv) == 3
    assert capsys.readouterr().err == ""

    documents = [json.loads(said["json"]), json.loads(files["json"].read_text())]
    for document in documents:
        document.pop("generated_at")
        document["verdict"].pop("since")
    assert documents[0] == documents[1]
    totals, summary = documents[0]["totals"], await proxy.get()
    assert (totals["calls"], totals["comparisons"]) == (summary["calls"], summary["comparisons"])
    assert totals["results"] == {"agrees": 0, "differs": 2, "failed": 1, "not-compared": 0}

    written = [file.read_text() for file in tmp_path.glob("*.*") if file.suffix != ".db" and "shadow." not in file.name]
    assert len(written) == len(FORMATS) + 2
    for text in [*said.values(), *written]:
        assert "team-a" in text
        assert [each for each in PLANTED if each in text] == []
        assert base64.b64encode(b"fake-in-data-1").decode() not in text
    await every_comparison_is_exported_whole(proxy)
