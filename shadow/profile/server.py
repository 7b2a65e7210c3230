"""The profile hook over HTTP: `POST /composite/sync`, `/decorator/sync`, `/sync` (told by the body), `GET /livez`,
`GET /metrics`.

Answers are computed in threads, one at a time for a namespace, so that a slow one does not hold up the others. A fault
is a JSON error with a status other than 200, never a closed connection: Metacontroller then applies nothing and says
why in an event.
"""

import logging
import socket
from collections.abc import Awaitable, Callable

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from shadow.errors import RequestError
from shadow.profile.hook import Sync, decode, told_protocol
from shadow.profile.metrics import Metrics
from shadow.profile.turns import LeftError, Turns
from shadow.terms import Protocol

MAX_BODY_BYTES = 16 << 20
"""A namespace with all its objects is below 64 KiB; a call a hundred times that size is not about one."""

Respond = Callable[[Protocol, Sync, str], bytes]
"""Protocol, content and role of a call in, its answer out; may block; raises RequestError."""

ROLE_HEADER = "x-shadow-role"
PRIMARY = "primary"
"""The role of a call that counts. Without a proxy there is no such header, and every call counts."""

logger = logging.getLogger(__name__)


def create_app(respond: Respond, max_body_bytes: int = MAX_BODY_BYTES) -> Starlette:
    """Returns the ASGI application; what it keeps between calls are its metrics and who is at work."""
    metrics, turns = Metrics(), Turns()
    hooks = [
        Route(path, endpoint(protocol, respond, metrics, turns, max_body_bytes), methods=["POST"])
        for path, protocol in (*((f"/{each}/sync", each) for each in Protocol), ("/sync", None))
    ]

    async def shown(_request: Request) -> Response:
        return Response(metrics.text(), media_type=metrics.media_type)

    return Starlette(
        routes=[*hooks, Route("/livez", alive), Route("/metrics", shown)],
        exception_handlers={RequestError: refused, HTTPException: unknown, Exception: failed},
    )


def endpoint(
    protocol: Protocol | None, respond: Respond, metrics: Metrics, turns: Turns, max_body_bytes: int
) -> Callable[[Request], Awaitable[Response]]:
    async def sync(request: Request) -> Response:
        with metrics.call() as call:
            body = await read(request, max_body_bytes)
            call.protocol = protocol or told_protocol(body)
            content = decode(call.protocol, body)
            role = request.headers.get(ROLE_HEADER, PRIMARY)
            try:
                async with turns.of(content.parent.metadata.name, request.receive):
                    said = await run_in_threadpool(respond, call.protocol, content, role)
            except LeftError as exc:
                raise RequestError(503, "hung-up", "the caller hung up before its turn") from exc
        return Response(said, media_type="application/json")

    return sync


async def read(request: Request, max_body_bytes: int) -> bytes:
    """Returns the body; raises RequestError (413) as soon as it is too large, without taking in the rest."""
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > max_body_bytes:
                raise RequestError(413, "too-large", f"the body is larger than {max_body_bytes} bytes")
    except ClientDisconnect as exc:
        raise RequestError(400, "bad-request", "the caller hung up within its body") from exc
    return bytes(body)


async def alive(_request: Request) -> Response:
    return PlainTextResponse("ok")


def refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)
    logger.warning("%s: %d %s", request.url.path, error.status, error)
    headers = {"Connection": "close"} if error.status == 413 else None
    return JSONResponse({"error": str(error), "code": error.code}, error.status, headers)


def unknown(request: Request, error: Exception) -> Response:
    """A path or method that is not served here."""
    assert isinstance(error, HTTPException)
    message = (
        f"{request.method} {request.url.path}: {error.detail}; served are POST /composite/sync, /decorator/sync, /sync"
    )
    return JSONResponse({"error": message, "code": "not-found"}, error.status_code, error.headers)


def failed(_request: Request, _error: Exception) -> Response:
    """A fault of this program; the server logs it with its traceback, which is not for the caller."""
    return JSONResponse({"error": "the hook failed; its log says why", "code": "internal"}, 500)


def listen(host: str, port: int) -> socket.socket:
    """Returns a bound listening socket; port 0 takes a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=512)


def serve(respond: Respond, listener: socket.socket) -> None:
    """Serves until SIGINT or SIGTERM and finishes the calls under way; then the signal takes its usual course.

    Raises:
        KeyboardInterrupt: After SIGINT.
    """
    config = uvicorn.Config(
        create_app(respond), log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=10
    )
    uvicorn.Server(config).run(sockets=[listener])
