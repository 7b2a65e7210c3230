"""Hook calls over real HTTP: what counts as an answer, and what is made of the rest."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from email.utils import format_datetime

import httpx
import pytest

from shadow.simulate.controller import Webhook
from shadow.simulate.errors import HookError, TooManyRequestsError
from shadow.simulate.webhook import WebhookClient
from shadow.terms import Hook, HookVersion
from tests.hook_server import Behaviour, HookServer, answer, close, drip, half, hang, in_turn, reset

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Start = Callable[[Behaviour], HookServer]


def webhook(url: str, *, timeout_seconds: float = 5, etag: bool = False) -> Webhook:
    return Webhook(Hook.SYNC, f"{url}/sync", HookVersion.V1, strict=False, timeout_seconds=timeout_seconds, etag=etag)


@pytest.fixture
async def client() -> AsyncIterator[WebhookClient]:
    async with WebhookClient(now=lambda: NOW) as made:
        yield made


async def test_a_200_is_an_answer_and_the_call_is_metacontrollers(client: WebhookClient, hook_server: Start) -> None:
    server = hook_server(answer(b'{"children": []}'))
    assert await client.call(webhook(server.url), {"parent": {}}, "p") == b'{"children": []}'
    [call] = server.calls
    assert call.json() == {"parent": {}}
    assert call.headers["content-type"] == "application/json"
    assert call.headers["user-agent"] == "Go-http-client/1.1"
    assert call.headers["content-length"] == str(len(call.body))


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(answer(b"{}", 201), id="201"),
        pytest.param(answer(b"{}", 500), id="500"),
        pytest.param(answer(b"", 304), id="304 that was not asked for"),
        pytest.param(answer(b"", 412), id="412 that was not asked for"),
        pytest.param(close, id="no status line"),
        pytest.param(reset, id="reset"),
        pytest.param(half(b"{}" * 20), id="half a body"),
    ],
)
async def test_anything_else_is_no_answer(client: WebhookClient, hook_server: Start, behaviour: Behaviour) -> None:
    with pytest.raises(HookError):
        await client.call(webhook(hook_server(behaviour).url), {}, "p")


@pytest.mark.parametrize("behaviour", [hang, drip(b" " * 100, every_seconds=0.05)], ids=["hangs", "drips"])
async def test_the_time_out_covers_the_whole_exchange(
    client: WebhookClient, hook_server: Start, behaviour: Behaviour
) -> None:
    with pytest.raises(HookError, match=r"no answer within 0\.2 s"):
        await client.call(webhook(hook_server(behaviour).url, timeout_seconds=0.2), {}, "p")


async def test_nobody_there_is_no_answer(client: WebhookClient, refused_url: str) -> None:
    with pytest.raises(HookError):
        await client.call(webhook(refused_url), {}, "p")


@pytest.mark.parametrize(("status", "method"), [(302, "GET"), (301, "GET"), (307, "POST"), (308, "POST")], ids=str)
async def test_a_redirect_is_followed_as_go_does(status: int, method: str) -> None:
    seen: list[tuple[str, str]] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, request.url.path))
        return (
            httpx.Response(200, text="{}") if len(seen) > 1 else httpx.Response(status, headers={"Location": "/there"})
        )

    transport = httpx.MockTransport(respond)
    async with WebhookClient(httpx.AsyncClient(transport=transport, follow_redirects=True)) as client:
        assert await client.call(webhook("http://hook"), {"a": 1}, "p") == b"{}"
    assert seen == [("POST", "/sync"), (method, "/there")]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2", 2), ("0", 0), ("1.5", 0), ("soon", 0), (None, 0), ("-3", 0),
        (format_datetime(NOW.replace(second=30), usegmt=True), 30),
        (format_datetime(NOW.replace(year=2025), usegmt=True), 0),
    ],
)  # fmt: skip
async def test_429_says_when_to_come_back(
    client: WebhookClient, hook_server: Start, value: str | None, seconds: int
) -> None:
    server = hook_server(answer(b"", 429, [("Retry-After", value)] if value else []))
    with pytest.raises(TooManyRequestsError) as refused:
        await client.call(webhook(server.url), {}, "p")
    assert refused.value.after_seconds == seconds


@pytest.mark.parametrize("status", [304, 412])
async def test_a_kept_body_is_replayed_for_the_same_parent(
    client: WebhookClient, hook_server: Start, status: int
) -> None:
    server = hook_server(in_turn(answer(b'{"a": 1}', 200, [("ETag", '"x"')]), answer(b"", status)))
    hook = webhook(server.url, etag=True)
    assert await client.call(hook, {}, "p") == b'{"a": 1}'
    assert await client.call(hook, {}, "p") == b'{"a": 1}'
    assert server.calls[1].headers["if-none-match"] == '"x"'
    with pytest.raises(HookError):
        await client.call(hook, {}, "another parent")


async def test_an_etag_is_ignored_unless_the_controller_asks_for_it(client: WebhookClient, hook_server: Start) -> None:
    server = hook_server(answer(b"{}", 200, [("ETag", '"x"')]))
    for _ in range(2):
        await client.call(webhook(server.url), {}, "p")
    assert "if-none-match" not in server.calls[1].headers
