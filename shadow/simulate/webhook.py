"""Calling a hook as Metacontroller does: one POST, redirects followed, a time-out over everything, an optional ETag."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

import httpx

from shadow.protocol.objects import Json
from shadow.simulate.controller import Webhook
from shadow.simulate.errors import HookError, TooManyRequestsError

_NOT_MODIFIED = (304, 412)
_NEVER = httpx.Timeout(None)  # each call has a time-out of its own, over the whole exchange


@dataclass(frozen=True, slots=True)
class Reply:
    """What a hook said, whatever its status; `body` is the kept one for a 304 or 412 that may replay it."""

    status: int
    body: bytes


@dataclass(slots=True)
class WebhookClient:
    """Sends hook calls. Give it an `httpx.AsyncClient` of your own to answer them without a network."""

    client: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(follow_redirects=True, trust_env=False, timeout=_NEVER)
    )
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _kept: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)

    async def call(self, webhook: Webhook, request: Json, cache_key: str) -> bytes:
        """The body of an answer that counts.

        `cache_key` names the parent: kept bodies are found by it.

        Raises:
            TooManyRequestsError: 429.
            HookError: any other status, no answer, or none in time.
        """
        key = (webhook.url, cache_key)
        kept = self._kept.get(key) if webhook.etag else None
        headers = {"Content-Type": "application/json", "User-Agent": "Go-http-client/1.1"}
        if kept:
            headers["If-None-Match"] = kept[0]
        response = await self._post(webhook, json.dumps(request).encode(), headers)
        if response.status_code in _NOT_MODIFIED and kept:
            return kept[1]
        self._check(webhook, response)
        if webhook.etag and "etag" in response.headers:
            self._kept[key] = (response.headers["etag"], response.content)
        return response.content

    async def _post(self, webhook: Webhook, body: bytes, headers: dict[str, str]) -> httpx.Response:
        try:
            async with asyncio.timeout(webhook.timeout_seconds):
                return await self.client.post(webhook.url, content=body, headers=headers)
        except TimeoutError as exc:
            raise HookError(f"{webhook.hook} hook failed: no answer within {webhook.timeout_seconds:g} s") from exc
        except httpx.HTTPError as exc:
            raise HookError(f"{webhook.hook} hook failed: {exc or type(exc).__name__}") from exc

    def _check(self, webhook: Webhook, response: httpx.Response) -> None:
        if response.status_code == 429:
            raise TooManyRequestsError(self._retry_after_seconds(response.headers.get("retry-after", "")))
        if response.status_code != 200:
            text = response.text[:200]
            raise HookError(f"{webhook.hook} hook failed: remote error: {response.status_code} {text}")

    def _retry_after_seconds(self, value: str) -> int:
        """An integer or a date; anything else is 0, which is at once."""
        if value.lstrip("-").isdigit():
            return max(int(value), 0)
        try:
            return max(int((parsedate_to_datetime(value) - self.now()).total_seconds()), 0)
        except (TypeError, ValueError):
            return 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.client.aclose()
