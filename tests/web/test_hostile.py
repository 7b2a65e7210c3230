"""What no JSON library likes, in an implementation's answer: everything that shows it still answers."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hook_server import HookServer, answer_json, redirect
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
        # What is nested too deeply to be looked at is redacted whole; how deep that is depends on the Python.
        as_go_reads_it = 123456789012345678901234567890.0
        assert shown.get("wide") == as_go_reads_it or (depth > 900 and "wide" not in shown)
        paths = ["", "/differences", f"/comparisons/{comparison}", "/parents", "/history"]
        paths += [f"/differences/{item['id']}" for item in (await proxy.get("/differences"))["items"]]
        for path in paths:
            page = await proxy.client.get(f"{proxy.control}/migrations/m{path}", headers={"accept": "text/html"})
            assert (path, page.status_code) == (path, 200)
            assert "\u202e" not in page.text
        for form in ("json", "table", "csv", "markdown"):
            report = await proxy.client.get(f"{proxy.control}/api/v1/migrations/m/report?format={form}")
            assert (form, report.status_code) == (form, 200)


BOMBS = {
    "deep lists": b"[" * 20_000 + b"]" * 20_000,
    "deep objects": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "never closed": b'{"a":[' * 20_000,
    "wide": b"{" + b",".join(b'"k%d":1' % number for number in range(20_000)) + b"}",
    "one key again and again": b"{" + b",".join([b'"k":{}'] * 20_000) + b"}",
    "a number without end": b"9" * 100_000,
    "an exponent without end": b"1e" + b"9" * 100_000,
    "escapes": b'"' + b"\\ud800" * 30_000 + b'"',
    "many empty lists": b"[" + b"[]," * 30_000 + b"[]]",
}


async def test_bombs_of_json_hurt_nobody_else(tmp_path: Path, hook_server: Start):
    """In a request and in answers; while they are looked at, others are served."""
    usual = json.dumps(answer(ONE)).encode()
    old, new = hook_server(raw_answer(usual)), hook_server(raw_answer(usual))
    async with running(tmp_path, old, new) as proxy:
        for name, bomb in BOMBS.items():
            in_request = request(observed(ONE)).replace(b'"finalizing": false', b'"finalizing": false, "x": ' + bomb)
            in_answer = usual.replace(b'"a": "1"', b'"a": ' + bomb)
            old.behaviour = new.behaviour = raw_answer(in_answer)
            asked = [proxy.call(body) for body in (bomb, in_request, request(observed(ONE)), b"{}")]
            statuses = [(await call).status_code for call in asked]
            assert (name, set(statuses) <= {200, 400, 502}) == (name, True), statuses
            old.behaviour = new.behaviour = raw_answer(usual)
            assert (await proxy.call(request(observed(ONE)))).status_code == 200
        counts = await proxy.settled()
    assert counts["calls"] == sum(counts["comparisons"].values()) + counts["dropped"]


async def test_a_redirect_leads_nowhere(tmp_path: Path, hook_server: Start):
    elsewhere = hook_server(answer_json(answer(ONE)))
    led = redirect(f"{elsewhere.url}/sync")
    async with running(tmp_path, hook_server(led), hook_server(led)) as proxy:
        assert (await proxy.call(request(observed(ONE)))).status_code == 502
        await proxy.settled()
    assert elsewhere.calls == []
