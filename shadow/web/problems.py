"""Errors of the control API: `application/problem+json` (RFC 9457) with `type`, `title`, `status`, `detail`."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shadow.errors import StoreError


def problem(status: int, detail: str) -> Response:
    """One error as it goes out."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    headers = {"www-authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else None
    return JSONResponse(body, status, headers, media_type="application/problem+json")


async def on_http_exception(request: Request, exc: Exception) -> Response:
    """A refusal by a route or by routing itself."""
    assert isinstance(exc, HTTPException)
    return problem(exc.status_code, exc.detail or request.url.path)


async def on_store_error(request: Request, exc: Exception) -> Response:  # noqa: ARG001 - Starlette's signature
    """The store failed while somebody asked for what it holds."""
    assert isinstance(exc, StoreError)
    return problem(503, str(exc))
