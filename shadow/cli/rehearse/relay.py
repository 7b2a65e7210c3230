"""A relay before each real hook: it marks the calls of a rehearsal, and passes on only what the configuration allows.

The proxy under rehearsal calls it over loopback; towards the hook it uses the implementation's own address,
certificates, headers and credentials. What may not be asked is answered 503, so that nothing is applied for it.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shadow.config.implementation import Implementation
from shadow.config.scalars import Address
from shadow.disguise import Disguise
from shadow.jsontext import MalformedError
from shadow.protocol.names import OBSERVED_KEY
from shadow.protocol.objects import Json
from shadow.terms import Hook
from shadow.upstream.credentials import AuthorizationFile
from shadow.upstream.tls import TlsFiles, client_context
from shadow.web.listen import Listener

ROLE = "rehearse"


@dataclass(slots=True)
class Relay:
    """One implementation. `asked` and `withheld` count calls; `fault` tells of the latest one without an answer."""

    settings: Implementation
    client: httpx.AsyncClient
    authorization: AuthorizationFile | None
    disguise: Disguise | None = None  # by the key that the export was redacted with
    asked: int = 0
    withheld: int = 0
    fault: str | None = None
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(5))

    async def answer(self, request: Request) -> Response:
        """Pass a call on; a fault of the hook becomes a 502 with its reason."""
        hook = Hook(request.path_params["hook"])
        body = await request.body()
        path, refused = self.settings.path(hook), self._refusal(hook, body)
        if path is None or refused:
            self.withheld += bool(refused)
            return JSONResponse({"error": refused or f"there is no {hook} hook"}, 503 if refused else 404)
        self.asked += 1
        url = self.settings.url.rstrip("/") + path
        try:
            async with self._room:
                answer = await self.client.post(url, content=body, headers=self._headers())
        except httpx.HTTPError as exc:
            self.fault = f"the {hook} hook at {url} gave no answer: {str(exc) or type(exc).__name__}"
            return JSONResponse({"error": self.fault}, 502)
        kept = {name: answer.headers[name] for name in ("content-type", "retry-after") if name in answer.headers}
        return Response(self._shown(answer), answer.status_code, kept)

    def _shown(self, answer: httpx.Response) -> bytes:
        """With the look-alikes that the export has for the same secrets; else every Secret would seem to be written."""
        if self.disguise is None or answer.status_code != httpx.codes.OK:
            return answer.content
        try:
            return self.disguise.message(answer.content)
        except MalformedError:
            return answer.content  # it is refused for what it is

    def _refusal(self, hook: Hook, body: bytes) -> str | None:
        if hook is Hook.FINALIZE and not self.settings.shadow_finalize:
            return "shadow_finalize is false: a rehearsal does not call a finalize hook"
        if hook is Hook.CUSTOMIZE:
            return None
        if not self.settings.shadow_when.allows(_observed(body)):
            return "shadow_when does not allow a rehearsal to call it in this situation"
        return None

    def _headers(self) -> dict[str, str]:
        headers = {**self.settings.headers, "content-type": "application/json", "x-shadow-role": ROLE}
        if self.authorization is not None:
            headers["authorization"] = self.authorization.value().decode("latin-1")
        return headers


def _observed(body: bytes) -> frozenset[str]:
    try:
        request = json.loads(body)
        groups: Json = next((request[key] for key in OBSERVED_KEY.values() if key in request), {})
        return frozenset(group for group, held in groups.items() if held)
    except (ValueError, TypeError, AttributeError):
        return frozenset()


@asynccontextmanager
async def relaying(settings: Implementation, disguise: Disguise | None = None) -> AsyncIterator[tuple[Relay, str]]:
    """Serve a relay on a free port of the loopback; gives it and its URL."""
    tls = settings.tls
    files = TlsFiles(tls.ca_file, tls.cert_file, tls.key_file) if tls else TlsFiles()
    authorization = AuthorizationFile(settings.authorization_file) if settings.authorization_file else None
    verify = client_context(files) if settings.url.startswith("https:") else True
    async with httpx.AsyncClient(verify=verify, trust_env=False, timeout=settings.timeout) as client:
        relay = Relay(settings, client, authorization, disguise)
        app = Starlette(routes=[Route("/{hook}", relay.answer, methods=["POST"])])
        listener = Listener("a relay", app, Address("127.0.0.1", 0), None, drain_seconds=1.0)
        task = asyncio.create_task(listener.run_until_told())
        try:
            yield relay, f"http://{listener.address}"
        finally:
            listener.stop()
            await task
