"""Our transport as an `httpx.AsyncBaseTransport`, so that an `httpx.AsyncClient` can be put on top of it. POST only."""

from typing import NoReturn

import httpx

from shadow.upstream.base import Observation, Transport

_DEFAULT_TIMEOUT_SECONDS = 10.0
_SET_BY_TRANSPORT = frozenset({b"host", b"content-length", b"transfer-encoding", b"connection"})


class HookTransport(httpx.AsyncBaseTransport):
    """Sends every request to the one origin that the transport beneath leads to, whatever host the URL names."""

    def __init__(self, beneath: Transport) -> None:
        self._beneath = beneath

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "POST":
            raise httpx.UnsupportedProtocol("hooks are called with POST", request=request)
        limits = [seconds for seconds in request.extensions.get("timeout", {}).values() if seconds is not None]
        headers = [
            (name.lower(), value) for name, value in request.headers.raw if name.lower() not in _SET_BY_TRANSPORT
        ]
        observation = await self._beneath.post(
            request.url.raw_path.decode("ascii"),
            headers,
            await request.aread(),
            max(limits, default=_DEFAULT_TIMEOUT_SECONDS),
        )
        if observation.status is None:
            _raise(observation, request)
        return httpx.Response(
            observation.status, headers=list(observation.headers), stream=httpx.ByteStream(observation.body)
        )

    async def aclose(self) -> None:
        await self._beneath.close()


def _raise(observation: Observation, request: httpx.Request) -> NoReturn:
    detail = observation.detail or ""
    if observation.timed_out:
        raise httpx.ReadTimeout(detail, request=request)
    if observation.error in ("refused", "unresolved", "tls"):
        raise httpx.ConnectError(detail, request=request)
    raise httpx.RemoteProtocolError(detail, request=request)
