"""What is asked for without a token: whether the process lives, whether it serves, and its metrics."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from shadow.proxy.cutover.brakes import nobody_decided
from shadow.web.desk import desk_of
from shadow.web.metrics import metrics
from shadow.web.operation import Answer, as_json


class Readiness(msgspec.Struct, frozen=True):
    """In what state calls are served. `replicas` only where several serve from one database."""

    ready: bool
    configuration_digest: str | None
    refused_configuration: str | None
    needs_restart: tuple[str, ...]
    missing_files: tuple[str, ...]
    store_failing: bool
    store_failures: int
    records_lost: int
    brakes_unstored: tuple[str, ...]
    brakes_unknown: tuple[str, ...]
    replicas: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class Probe:
    """One address; its parameters are not looked at."""

    path: str
    about: str
    endpoint: Callable[[Request], Awaitable[Response]]
    answers: Mapping[int, Answer]

    def route(self) -> Route:
        return Route(self.path, self.endpoint)


async def _livez(request: Request) -> Response:  # noqa: ARG001 - Starlette's signature
    return PlainTextResponse("ok\n")


async def _readyz(request: Request) -> Response:
    """200 while calls are served, also by an older configuration; the body says in what state.

    503 also until a shared database has told what is in force: a roll-out waits for that.
    """
    desk = desk_of(request)
    runtime, writer = desk.runtime, desk.writer
    body = Readiness(
        ready=runtime.snapshot is not None and (desk.membership is None or desk.membership.joined),
        configuration_digest=runtime.snapshot.digest if runtime.snapshot else None,
        refused_configuration=runtime.refused,
        needs_restart=tuple(runtime.needs_restart),
        missing_files=tuple(map(str, runtime.missing_files)),
        store_failing=writer.trouble.failing,
        store_failures=writer.trouble.failures,
        records_lost=writer.records_lost,
        brakes_unstored=tuple(sorted(desk.brakes.unstored)),
        brakes_unknown=tuple(
            name for name, each in runtime.migrations().items() if nobody_decided(each, desk.brakes.get(name))
        ),
        replicas=msgspec.UNSET if desk.membership is None else desk.membership.told(),
    )
    return as_json(body, 200 if body.ready else 503)


_TEXT = ("text/plain", "application/openmetrics-text")

PROBES = (
    Probe("/livez", "whether the process lives", _livez, {200: Answer("it does", media=("text/plain",))}),
    Probe(
        "/readyz",
        "whether calls are served, and in what state",
        _readyz,
        {200: Answer("they are", Readiness), 503: Answer("not yet", Readiness)},
    ),
    Probe("/metrics", "every metric, for Prometheus", metrics, {200: Answer("as of now", media=_TEXT)}),
)
