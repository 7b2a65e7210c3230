"""One address of the API as a record: what it takes, what it answers, who may. Routes and OpenAPI both come from it.

So what is described is what is served: a parameter that is not declared here is refused, one that is declared is
decoded before the handler sees it.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Generic, TypeVar

import msgspec
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shadow.config.tokens import Right
from shadow.web.auth import Holder, demand
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


def query_of(parameters: Iterable[tuple[str, str]], kind: type[Q]) -> Q:
    """The parameters of an address, decoded.

    Raises:
        HTTPException: 400 naming the one that is wrong, unknown or given twice.
    """
    given: dict[str, str] = {}
    for key, value in parameters:
        if key in given:
            raise HTTPException(400, f"{key}: is given twice")
        given[key] = value
    if unknown := given.keys() - set(kind.__struct_encode_fields__):
        known = ", ".join(kind.__struct_encode_fields__) or "none"
        raise HTTPException(400, f"{min(unknown)}: there is no such parameter (known: {known})")
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as exc:
        raise HTTPException(400, _located(exc)) from exc


async def _body(request: Request, kind: type[B]) -> B:
    if kind is Nothing:
        return kind()
    body = await body_of(request)
    if kind is Anything:
        return kind()
    try:
        if issubclass(kind, BaseModel):
            return kind.model_validate_json(body)
        return msgspec.json.decode(body, type=kind)
    except ValidationError as exc:
        first = exc.errors()[0]
        raise HTTPException(400, f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['msg']}") from exc
    except (msgspec.DecodeError, RecursionError) as exc:
        raise HTTPException(400, f"the body is not as it must be: {_located(exc)}") from exc


def _located(exc: Exception) -> str:
    """`limit: expected int <= 500`, out of `Expected ... - at `$.limit``."""
    what, _, where = str(exc).partition(" - at `$.")
    return f"{where.rstrip('`')}: {what[:1].lower()}{what[1:]}" if where else what


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
