"""Entity tags, held against Metacontroller's own cache: what it replays is what a direct call would have brought."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.hook_server import Exchange, HookServer
from tests.hook_server import answer as answering
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import Json, Running, running

Start = Callable[..., HookServer]
LIVE: Json = {"unknown_brake": "off", "hold": [], "fallback": "off"}
ONE, TWO = config_map("one"), config_map("two")


class Metacontroller:
    """Calls as Metacontroller does with etag enabled.

    The body of any 200 with an ETag is kept by the parent's kind, namespace and name; 304 and 412 are taken only when
    `If-None-Match` was sent, and replay what is kept.
    """

    def __init__(self, proxy: Running) -> None:
        self._proxy = proxy
        self._kept: dict[str, tuple[str, bytes]] = {}
        self.replayed = 0

    async def sync(self, body: bytes, name: str = "Namespace//team-a") -> bytes | None:
        """The answer that is applied; None: an error, nothing is."""
        kept = self._kept.get(name)
        headers = {"if_none_match": kept[0]} if kept else {}
        response = await self._proxy.call(body, **headers)
        if response.status_code in (304, 412) and kept:
            self.replayed += 1
            return kept[1]
        if response.status_code != 200:
            return None
        if tag := response.headers.get("etag"):
            self._kept[name] = tag, response.content
        return response.content


def tagging(wanted: Callable[[Json], Json], status: int = 304) -> Callable[[Exchange], None]:
    """A hook whose tag is a digest of its answer; both implementations use the same tags for the same words."""

    def serve(exchange: Exchange) -> None:
        body = json.dumps(wanted(exchange.call.json())).encode()
        tag = f'"{hashlib.sha256(b"tags alike").hexdigest()[:8]}"'
        if exchange.call.headers.get("if-none-match") == tag:
            answering(b"", status)(exchange)
        else:
            answering(body, headers=[("ETag", tag)])(exchange)

    return serve


@pytest.mark.parametrize("status", [304, 412])
async def test_an_implementation_replays_its_own_answer_only(tmp_path: Path, hook_server: Start, status: int):
    """Old and new use the very same tag for different answers: through every change nothing crosses over."""
    old = hook_server(tagging(lambda _: answer(ONE), status))
    new = hook_server(tagging(lambda _: answer(ONE, TWO), status))
    by_old, by_new = json.dumps(answer(ONE)).encode(), json.dumps(answer(ONE, TWO)).encode()
    call = request(observed(ONE))
    async with running(tmp_path, old, new, stage="shadow", **LIVE) as proxy:
        front = Metacontroller(proxy)
        steps: list[tuple[Json, bytes, int]] = [
            ({}, by_old, 0),
            ({}, by_old, 1),
            ({"stage": "live"}, by_new, 1),
            ({}, by_new, 2),
            ({"stage": "off"}, by_old, 2),
            ({"new__revision": "v2"}, by_old, 2),
            ({"stage": "complete"}, by_new, 2),
        ]
        for number, (settings, expected, replayed) in enumerate(steps):
            if settings:
                await proxy.reconfigured(**settings)
            assert (number, await front.sync(call), front.replayed) == (number, expected, replayed)
        await proxy.post("rollback", because="a test")
        assert (await front.sync(call), front.replayed) == (by_old, 2)


@pytest.mark.parametrize(
    "settings",
    [{"old__protocol": "composite"}, {"ownership": {"decorator": "profiles"}}, {"status": "drop"}],
    ids=["translated", "marked", "status dropped"],
)
async def test_what_is_altered_for_a_request_is_not_replayed_to_another(
    tmp_path: Path, hook_server: Start, settings: Json
):
    key = "children" if "old__protocol" in settings else "attachments"
    old = hook_server(tagging(lambda _: answer(ONE, key=key, status={"phase": "Active"})))
    async with running(tmp_path, old, "http://127.0.0.1:1", stage="off", **settings) as proxy:
        front = Metacontroller(proxy)
        assert await front.sync(request(observed(ONE))) is not None
        assert await front.sync(request(observed(ONE))) is not None
        assert front.replayed == 0
    assert not any("if-none-match" in call.headers for call in old.calls)


async def test_an_answer_without_a_list_is_not_kept_for_a_call_that_observes_something(
    tmp_path: Path, hook_server: Start
):
    """While nothing is observed it passes; replayed later it would delete everything."""
    old = hook_server(tagging(lambda _: {"labels": {"tier": "dev"}}))
    async with running(tmp_path, old, "http://127.0.0.1:1", stage="off") as proxy:
        front = Metacontroller(proxy)
        assert await front.sync(request()) is not None
        assert await front.sync(request(observed(ONE))) is None


async def test_a_tag_does_not_get_past_the_hold(tmp_path: Path, hook_server: Start):
    """A 304 of `new` would replay a body that nobody held against this request."""
    wanted: list[Any] = [ONE]
    old, new = hook_server(tagging(lambda _: answer(*wanted))), hook_server(tagging(lambda _: answer(*wanted)))
    async with running(tmp_path, old, new, stage="live", unknown_brake="off") as proxy:
        front = Metacontroller(proxy)
        await front.sync(request(observed(ONE)))
        await front.sync(request(observed(ONE)))
        assert front.replayed == 1  # the last answer served was `new`'s own
        await front.sync(request(observed(ONE), uid="another-uid"))
    assert front.replayed == 1
