"""Errors of the control API: `application/problem+json` (RFC 9457)."""

import logging
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shadow.errors import StoreError

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger(__name__)


class Problem(msgspec.Struct, frozen=True):
    """One error as it goes out; `detail` is a line fit for a person."""

    type: str
    title: str
    status: int
    detail: str


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """
    Args:
        headers: beside those that the status itself asks for.
    """
    sent = dict(headers or {})
    if status == HTTPStatus.UNAUTHORIZED:
        sent["WWW-Authenticate"] = "Bearer"
    body = Problem("about:blank", HTTPStatus(status).phrase, status, detail)
    return Response(msgspec.json.encode(body), status, sent, media_type=MEDIA_TYPE)


async def on_http_exception(request: Request, exc: Exception) -> Response:
    """A refusal by a route or by routing itself."""
    assert isinstance(exc, HTTPException)
    plain = exc.detail == HTTPStatus(exc.status_code).phrase  # Starlette's own words
    detail = f"{request.method} {request.url.path}: {exc.detail}" if plain else exc.detail
    return problem(exc.status_code, detail, exc.headers)


async def on_store_error(request: Request, exc: Exception) -> Response:  # noqa: ARG001 - Starlette's signature
    """The store failed while somebody asked for what it holds."""
    assert isinstance(exc, StoreError)
    return problem(503, str(exc))


async def on_fault(request: Request, exc: Exception) -> Response:
    """A fault of our own: told in the log, not to the caller."""
    _log.error("%s %s failed", request.method, request.url.path, exc_info=exc)
    return problem(500, "the proxy failed to answer; its log says why")
