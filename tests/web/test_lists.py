"""The lists of the API and who may do what, on one whole proxy."""

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.hook_server import HookServer, answer_json
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import Running, running

Start = Callable[..., HookServer]
ONE, TWO, THREE = config_map("one"), config_map("two"), config_map("three", {"a": "2"})


def tokens(directory: Path, **rights: list[str]) -> Path:
    """Where everybody's token is `fake-` and their name."""
    path = directory / "tokens.yaml"
    digests = {name: hashlib.sha256(f"fake-{name}".encode()).hexdigest() for name in rights}
    path.write_text(json.dumps({name: {"sha256": digests[name], "rights": words} for name, words in rights.items()}))
    return path


@pytest.fixture
async def proxy(tmp_path: Path, hook_server: Start) -> AsyncIterator[Running]:
    """Three parents, compared; `new` forgets an object and changes another. Alice may do everything, bob look."""
    old = hook_server(answer_json(answer(ONE, TWO, config_map("three"))))
    new = hook_server(answer_json(answer(ONE, THREE)))
    file = tokens(tmp_path, alice=["read", "rollback", "release"], bob=["read"])
    async with running(tmp_path, old, new, {"server": {"tokens_file": str(file)}}) as proxy:
        proxy.client.headers["authorization"] = "Bearer fake-alice"
        for number in range(3):
            seen = (observed(item) for item in (ONE, TWO, config_map("three")))
            await proxy.call(request(*seen, uid=f"uid-{number}", name=f"team-{number}"))
        await proxy.settled()
        yield proxy


async def everything(proxy: Running, path: str, limit: int) -> list[Any]:
    """All items, page by page."""
    items: list[Any] = []
    after = ""
    while True:
        page = await proxy.get(f"{path}{'&' if '?' in path else '?'}limit={limit}{after}")
        assert len(page["items"]) <= limit
        items += page["items"]
        if page["next"] is None:
            return items
        after = f"&after={page['next']}"


async def test_lists_come_whole_by_pages_of_any_size(proxy: Running):
    for path in ("/differences", "/parents", "/comparisons", "/history"):
        whole = await everything(proxy, path, 500)
        assert whole == await everything(proxy, path, 1)
        assert len(whole) >= 2


async def test_differences_are_those_of_the_report_worst_first(proxy: Running):
    report = await proxy.get("/report")
    items = await everything(proxy, "/differences", 1)
    assert [{**item, "acknowledged": ...} for item in items] == [
        {**line, "acknowledged": ...} for line in report["differences"]
    ]
    assert items[0]["effect"] == "delete"
    assert (await proxy.get(f"/differences/{items[0]['id']}")) == items[0]


async def test_parents_are_found_by_name_outcome_and_readiness(proxy: Running):
    async def names(query: str) -> list[str]:
        return [item["parent"]["name"] for item in await everything(proxy, f"/parents?{query}", 2)]

    assert await names("q=TEAM-1") == ["team-1"]
    assert await names("outcome=mismatched") == ["team-0", "team-1", "team-2"]
    assert await names("outcome=matched") == []
    assert await names("readiness=not-ready&primary=old&state=live") == ["team-0", "team-1", "team-2"]
    assert await names("primary=new") == []


async def test_a_parent_names_a_comparison_only_while_it_is_kept(tmp_path: Path, hook_server: Start):
    old, new = hook_server(answer_json(answer(ONE))), hook_server(answer_json(answer(ONE)))
    async with running(tmp_path, old, new, {"retention": {"matched": "0%"}}) as proxy:
        await proxy.call(request(observed(ONE)))
        await proxy.settled()
        for found in await proxy.get("/parents"), await proxy.get("/report"):
            [line] = found["items" if "items" in found else "parents"]
            assert (line["outcome"], line["comparison"]) == ("matched", None)
        new.behaviour = answer_json(answer())
        await proxy.call(request(observed(ONE)))
        await proxy.settled()
        for found in await proxy.get("/parents"), await proxy.get("/report"):
            [line] = found["items" if "items" in found else "parents"]
            assert (await proxy.get(f"/comparisons/{line['comparison']}"))["outcome"] == "mismatched"


async def test_comparisons_are_found_by_parent_and_outcome(proxy: Running):
    async def parents(query: str) -> set[str]:
        return {item["parent"]["name"] for item in await everything(proxy, f"/comparisons?{query}", 1)}

    assert await parents("parent=team-1&outcome=mismatched") == {"team-1"}
    assert await parents("parent=team-1&outcome=failed") == set()
    assert await parents("parent=team") == set()


async def test_a_comparison_tells_its_whole_story(proxy: Running):
    item = (await everything(proxy, "/comparisons?outcome=mismatched", 1))[0]
    whole = await proxy.get(f"/comparisons/{item['id']}")
    assert item.items() <= whole.items()
    old, new = whole["implementations"]["old"], whole["implementations"]["new"]
    assert (old["status"], old["result"], new["result"]) == (200, "answered", "answered")
    assert [one["metadata"]["name"] for one in old["answer"]["attachments"]] == ["one", "two", "three"]
    assert {(one["object"]["name"], one["effect"]) for one in new["effects"]} == {
        ("one", "none"), ("two", "delete"), ("three", "update"),
    }  # fmt: skip
    assert {one["path"] for one in whole["differences"]} == {"", "data.a"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/differences?after=x", 400),
        ("GET", "/parents?after=x", 400),
        ("GET", "/comparisons?after=WzEuMCw5OTk5OTk5OTk5OTk5OTk5OTk5OTldCg==", 400),
        ("GET", "/history?after=x", 400),
        ("GET", "/history/governing?parent=team-a&at=2999-01-01", 400),
        ("GET", "/history/governing?parent=nobody", 404),
        ("GET", "/comparisons?limit=0", 400),
        ("GET", "/comparisons?limit=501", 400),
        ("GET", "/comparisons?limit=x", 400),
        ("GET", "/comparisons?limit=1&limit=2", 400),
        ("GET", "/comparisons?outcome=fine", 400),
        ("GET", "/comparisons?outcom=matched", 400),
        ("GET", "/comparisons/none", 404),
        ("GET", "/differences/none", 404),
        ("GET", "/nothing", 404),
        ("DELETE", "/rollback", 405),
        ("POST", "/rollback", 400),
    ],
)
async def test_what_is_wrong_is_told_as_a_problem(proxy: Running, method: str, path: str, status: int):
    response = await proxy.client.request(method, f"{proxy.control}/api/v1/migrations/m{path}")
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    assert response.json().keys() == {"type", "title", "status", "detail"}
    assert response.json()["status"] == status
    if status == 405:
        assert response.headers["allow"] == "POST"


async def test_who_may_not_is_refused_and_who_did_is_in_the_change_log(proxy: Running):
    bob = httpx.AsyncClient(headers={"authorization": "Bearer fake-bob"}, base_url=proxy.control)
    root = "/api/v1/migrations/m"
    difference = (await proxy.get("/differences"))["items"][0]["id"]
    async with bob:
        seen = await bob.get(root)
        denied = [
            await bob.post(f"{root}/rollback", json={"because": "x"}),
            await bob.post(f"{root}/release", json={"because": "x"}),
            await bob.put(f"{root}/differences/{difference}/acknowledgement", json={"note": "x"}),
        ]
        nobody = await bob.get(root, headers={"authorization": "Bearer fake-carol"})
    assert (seen.status_code, [one.status_code for one in denied]) == (200, [403, 403, 403])
    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, "Bearer")
    await proxy.post("rollback", because="it deletes")
    assert [(line["kind"], line["by"]) for line in (await proxy.get("/history?limit=1"))["items"]] == [
        ("rollback", "alice")
    ]


async def test_an_acknowledgement_is_a_note_and_changes_nothing_else(proxy: Running):
    before = await proxy.get("/report")
    difference = (await proxy.get("/differences"))["items"][0]["id"]
    url = f"{proxy.control}/api/v1/migrations/m/differences/{difference}/acknowledgement"
    noted = (await proxy.client.put(url, json={"note": "known since v1.4"})).json()
    listed = (await proxy.get("/differences"))["items"][0]
    after = await proxy.get("/report")
    taken_back = (await proxy.client.delete(url)).json()
    assert (noted["acknowledged"]["by"], noted["acknowledged"]["note"]) == ("alice", "known since v1.4")
    assert listed == noted
    assert taken_back["acknowledged"] is None
    assert [after[key] for key in ("differences", "totals")] == [before[key] for key in ("differences", "totals")]
    lines = (await proxy.get("/history?limit=2"))["items"]
    assert [line["kind"] for line in lines] == ["acknowledgement-withdrawn", "acknowledgement"]


async def test_a_page_of_another_site_gets_nothing_and_answers_cannot_be_framed(proxy: Running):
    stranger = await proxy.client.post(
        f"{proxy.control}/api/v1/migrations/m/rollback",
        json={"because": "x"},
        headers={"origin": "http://evil.example"},
    )
    rebound = await proxy.client.get(f"{proxy.control}/readyz", headers={"host": "evil.example"})
    assert (stranger.status_code, rebound.status_code) == (403, 403)
    assert rebound.headers["content-type"] == "application/problem+json"
    assert "frame-ancestors 'none'" in rebound.headers["content-security-policy"]
    assert rebound.headers["x-content-type-options"] == "nosniff"
