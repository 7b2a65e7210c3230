"""One address of the API as a record: what it takes, what it answers, who may. Routes and OpenAPI both come from it.

So what is described is what is served: a parameter that is not declared here is refused, one that is declared is
decoded before the handler sees it.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Generic, TypeVar

import msgspec
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shadow.config.tokens import Right
from shadow.web.auth import Holder, demand
from shadow.web.decoding import body_as, query_of
from shadow.web.desk import Desk, desk_of

MOST_BODY = 256 * 1024  # bytes; rules are the largest that anybody sends
ROOT = "/api/v1/migrations"


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No query parameters, or no body."""


class Anything(msgspec.Struct, frozen=True):
    """A body of which nothing is looked at, as webhooks send them; or none."""


Q = TypeVar("Q", bound=msgspec.Struct)
B = TypeVar("B", bound=msgspec.Struct | BaseModel)


@dataclass(frozen=True, slots=True)
class Asked(Generic[Q, B]):
    """A request as its handler sees it: decoded, and by somebody who may."""

    path: Mapping[str, str]  # the address's parameters; `name` is a migration that there is
    query: Q
    body: B
    by: Holder

    @property
    def name(self) -> str:
        return self.path["name"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one status comes with: JSON of a type, or other media types as they are."""

    about: str
    type: Any = None
    media: tuple[str, ...] = ("application/json",)


@dataclass(frozen=True, slots=True)
class Operation(Generic[Q, B]):
    """What is done for one method of one address.

    `problems` are the statuses, beside those that every operation has, that come as `application/problem+json`.
    """

    method: str
    path: str
    about: str
    handle: Callable[[Desk, Asked[Q, B]], Awaitable[Response]]
    answers: Mapping[int, Answer]
    query: type[Q]
    body: type[B]
    right: Right = Right.READ
    problems: Sequence[int] = field(default=())


def routes(operations: Iterable[Operation[Any, Any]]) -> list[Route]:
    """One route an address, so that a wrong method is told every right one."""
    addresses: dict[str, dict[str, Operation[Any, Any]]] = {}
    for operation in operations:
        addresses.setdefault(operation.path, {})[operation.method] = operation
    return [Route(path, _endpoint(methods), methods=list(methods)) for path, methods in addresses.items()]


def _endpoint(methods: Mapping[str, Operation[Any, Any]]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await _handle(methods["GET" if request.method == "HEAD" else request.method], request)

    return endpoint


async def _handle(operation: Operation[Any, Any], request: Request) -> Response:
    desk = desk_of(request)
    by = desk.door.bearer(request)
    demand(by, operation.right)
    path = {key: str(value) for key, value in request.path_params.items()}
    if "name" in path:
        desk.known(path["name"])
    query = query_of(request.query_params.multi_items(), operation.query)
    body = await _body(request, operation.body)
    return await operation.handle(desk, Asked(path, query, body, by))


async def _body(request: Request, kind: type[B]) -> B:
    if kind is Nothing:
        return kind()
    body = await body_of(request)
    return kind() if kind is Anything else body_as(body, kind)


async def body_of(request: Request) -> bytes:
    """
    Raises:
        HTTPException: 413.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BODY:
            raise HTTPException(413, f"the body must not exceed {MOST_BODY} bytes")
    return bytes(body)


def as_json(body: Any, status: int = HTTPStatus.OK) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")
