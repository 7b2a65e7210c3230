"""What no JSON library likes, in an implementation's answer: everything that shows it still answers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hook_server import HookServer, answer_json
from tests.hook_server import answer as raw_answer
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import running

Start = Callable[..., HookServer]
ONE = config_map("one")
ODD = b"""{"attachments": [{"apiVersion": "v1", "kind": "ConfigMap",
  "metadata": {"name": "one", "namespace": "team-a", "annotations": {"wide": "\\ud800\\u0000\\u202e"}},
  "data": {"a": "2", "deep": %s1%s}, "wide": 123456789012345678901234567890}]}"""


@pytest.mark.parametrize("depth", [200, 990])
async def test_lone_surrogates_wide_integers_and_deep_nesting_are_shown(tmp_path: Path, hook_server: Start, depth: int):
    odd = ODD % (b"[" * depth, b"]" * depth)
    old, new = hook_server(answer_json(answer(ONE))), hook_server(raw_answer(odd))
    async with running(tmp_path, old, new) as proxy:
        await proxy.call(request(observed(ONE)))
        found = await proxy.settled()
        assert found["comparisons"]["mismatched"] == 1
        comparison = (await proxy.get("/comparisons"))["items"][0]["id"]
        (shown,) = (await proxy.get(f"/comparisons/{comparison}"))["implementations"]["new"]["answer"]["attachments"]
        # What is nested too deeply to be looked at is redacted whole.
        assert shown.get("wide") == (123456789012345678901234567890 if depth == 200 else None)
        paths = ["", "/differences", f"/comparisons/{comparison}", "/parents", "/history"]
        paths += [f"/differences/{item['id']}" for item in (await proxy.get("/differences"))["items"]]
        for path in paths:
            page = await proxy.client.get(f"{proxy.control}/migrations/m{path}", headers={"accept": "text/html"})
            assert (path, page.status_code) == (path, 200)
            assert "\u202e" not in page.text
        for form in ("json", "table", "csv", "markdown"):
            report = await proxy.client.get(f"{proxy.control}/api/v1/migrations/m/report?format={form}")
            assert (form, report.status_code) == (form, 200)
