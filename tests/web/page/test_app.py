"""The page over plain HTTP, as a browser without JavaScript uses it, on one whole proxy."""

import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.hook_server import HookServer, answer_json
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import Running, running

Start = Callable[..., HookServer]
HOSTILE = "<script>alert(1)</script>"
ONE, TWO = config_map("one"), config_map("two", {"a": HOSTILE})
INLINE = re.compile(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)
PAGES = ("/", "/migrations/m", "/migrations/m?window=7d", "/migrations/m/differences", "/migrations/m/parents?q=team",
         "/migrations/m/comparisons?outcome=mismatched", "/migrations/m/history", "/migrations/m/brake")  # fmt: skip


@pytest.fixture
async def proxy(tmp_path: Path, hook_server: Start) -> AsyncIterator[Running]:
    """One parent, in which `new` forgets an object. Alice may do everything, bob look."""
    digests = {name: hashlib.sha256(f"fake-{name}".encode()).hexdigest() for name in ("alice", "bob")}
    rights = {"alice": ["read", "rollback", "release"], "bob": ["read"]}
    file = tmp_path / "tokens.yaml"
    file.write_text(json.dumps({name: {"sha256": digests[name], "rights": rights[name]} for name in digests}))
    old, new = hook_server(answer_json(answer(ONE, TWO))), hook_server(answer_json(answer(ONE)))
    async with running(tmp_path, old, new, {"server": {"tokens_file": str(file)}}) as proxy:
        proxy.client.headers["authorization"] = "Bearer fake-alice"
        await proxy.call(request(observed(ONE), observed(TWO), name=HOSTILE))
        await proxy.settled()
        yield proxy


@asynccontextmanager
async def visitor(proxy: Running, name: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which somebody is logged in."""
    async with httpx.AsyncClient(base_url=proxy.control, headers={"accept": "text/html"}, timeout=20) as client:
        response = await client.post("/login", data={"token": f"fake-{name}", "next": "/"})
        assert (response.status_code, response.headers["location"]) == (303, "/")
        yield client


def field(page: str, name: str = "form_token") -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found[1]


async def test_every_page_reads_without_script_and_holds_none_of_others(proxy: Running):
    async with visitor(proxy, "alice") as alice:
        difference = (await proxy.get("/differences"))["items"][0]["id"]
        comparison = (await proxy.get("/comparisons"))["items"][0]["id"]
        for path in (*PAGES, f"/migrations/m/differences/{difference}", f"/migrations/m/comparisons/{comparison}"):
            response = await alice.get(path)
            assert (path, response.status_code) == (path, 200)
            assert (path, INLINE.search(response.text)) == (path, None)
            assert HOSTILE not in response.text
            policy = response.headers["content-security-policy"]
            assert "unsafe" not in policy
            assert "script-src 'self'" in policy
        style = await alice.get("/static/shadow.css")
        assert (style.status_code, style.headers["cache-control"]) == (200, "no-cache")
        again = await alice.get("/static/shadow.css", headers={"if-none-match": style.headers["etag"]})
        assert again.status_code == 304
        whole = await alice.get(f"/migrations/m/comparisons/{comparison}")
        assert "name: two" in whole.text
        assert "&lt;script&gt;" in whole.text


async def test_who_is_not_logged_in_is_led_to_the_form_and_back(proxy: Running):
    async with httpx.AsyncClient(base_url=proxy.control) as nobody:
        led = await nobody.get("/migrations/m/parents?q=a")
        assert (led.status_code, led.headers["location"]) == (303, "/login?next=/migrations/m/parents%3Fq%3Da")
        wrong = await nobody.post("/login", data={"token": "fake", "next": "/"})
        assert (wrong.status_code, "set-cookie" in wrong.headers) == (401, False)
        right = await nobody.post("/login", data={"token": "fake-bob", "next": "/migrations/m/parents?q=a"})
    assert right.headers["location"] == "/migrations/m/parents?q=a"
    cookie = right.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "fake-bob" not in cookie


async def test_the_way_back_never_leads_to_another_site(proxy: Running):
    async with httpx.AsyncClient(base_url=proxy.control) as nobody:
        for elsewhere in (
            "https://evil.example",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "evil",
            "",
        ):
            response = await nobody.post("/login", data={"token": "fake-bob", "next": elsewhere})
            assert (elsewhere, response.headers["location"]) == (elsewhere, "/")


async def test_the_brake_is_pulled_and_released_by_forms(proxy: Running):
    async with visitor(proxy, "alice") as alice:
        page = (await alice.get("/migrations/m/brake")).text
        assert "What pulling it does" in page
        no_reason = await alice.post("/migrations/m/brake", data={"form_token": field(page), "because": " "})
        pulled = await alice.post("/migrations/m/brake", data={"form_token": field(page), "because": "it deletes"})
        shown = (await alice.get("/migrations/m")).text
        braked = (await proxy.get())["brake"]
        page = (await alice.get("/migrations/m/brake")).text
        given = {"form_token": field(page), "because": "fixed", "action": "release"}
        released = await alice.post("/migrations/m/brake", data=given)
    assert (no_reason.status_code, pulled.status_code, released.status_code) == (400, 303, 303)
    assert no_reason.headers["content-type"].startswith("text/html")
    assert "it deletes" in shown
    assert (braked["on"], braked["by"]) == (True, "alice")
    assert (await proxy.get())["brake"]["on"] is False


async def test_a_form_of_another_page_or_session_moves_nothing(proxy: Running):
    async with visitor(proxy, "alice") as alice, visitor(proxy, "bob") as bob:
        bobs = field((await bob.get("/migrations/m")).text)
        refused = [
            await alice.post("/migrations/m/brake", data={"because": "x"}),
            await alice.post("/migrations/m/brake", data={"because": "x", "form_token": bobs}),
            await alice.post(
                "/migrations/m/brake",
                data={"because": "x", "form_token": field((await alice.get("/migrations/m/brake")).text)},
                headers={"origin": "http://evil.example"},
            ),
            await bob.post("/migrations/m/brake", data={"because": "x", "form_token": bobs}),
        ]
        assert [one.status_code for one in refused] == [403] * 4
        assert 'name="because"' not in (await bob.get("/migrations/m/brake")).text
    assert (await proxy.get())["brake"]["on"] is False


async def test_the_rest_of_a_visit(proxy: Running):
    async with visitor(proxy, "alice") as alice:
        for path in ("/migrations/none", "/migrations/m/comparisons/none", "/migrations/m/differences/none", "/none"):
            response = await alice.get(path)
            assert (path, response.status_code) == (path, 404)
            assert response.headers["content-type"].startswith("text/html")
        assert (await alice.get("/migrations/m/parents?after=x")).status_code == 400
        assert (await alice.get("/migrations/m?window=1y")).status_code == 400
        assert (await alice.get("/migrations/m/report?format=json")).json()["migration"] == "m"

        # The cookie is no key to the API.
        assert (await alice.get("/api/v1/migrations")).status_code == 401
        assert (await alice.post("/api/v1/migrations/m/rollback", json={"because": "x"})).status_code == 401

        # After logging out it is none to the page either.
        out = await alice.post("/logout", data={"form_token": field((await alice.get("/")).text)})
        assert (out.headers["location"], (await alice.get("/")).status_code) == ("/login", 303)


async def test_without_tokens_the_page_asks_for_none_but_its_forms_are_still_its_own(
    tmp_path: Path, hook_server: Start
):
    side = hook_server(answer_json(answer(ONE)))
    async with running(tmp_path, side, side) as proxy:
        url = f"{proxy.control}/migrations/m/brake"
        page = (await proxy.client.get(url)).text
        refused = await proxy.client.post(url, data={"because": "x"})
        pulled = await proxy.client.post(url, data={"because": "x", "form_token": field(page)})
        assert (refused.status_code, pulled.status_code) == (403, 303)
        assert (await proxy.get())["brake"]["on"] is True
