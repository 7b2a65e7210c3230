"""The application behind `server.control`: probes, the API, and what holds for every answer. Computes nothing."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from shadow.errors import StoreError
from shadow.web import brake, comparisons, differences, history, parents, plans, reports, summary, verdicts
from shadow.web.desk import Desk, desk_of
from shadow.web.gate import App, Gate
from shadow.web.metrics import metrics
from shadow.web.openapi import document
from shadow.web.operation import routes
from shadow.web.page.app import Page
from shadow.web.problems import on_fault, on_http_exception, on_store_error

OPERATIONS = (
    *summary.OPERATIONS,
    *reports.OPERATIONS,
    *differences.OPERATIONS,
    *parents.OPERATIONS,
    *comparisons.OPERATIONS,
    *history.OPERATIONS,
    *verdicts.OPERATIONS,
    *plans.OPERATIONS,
    *brake.OPERATIONS,
)
"""The API; each address in the file of what it is about."""


def control_app(desk: Desk) -> App:
    """The application."""
    page = Page()
    app = Starlette(
        routes=[
            Route("/livez", _livez),
            Route("/readyz", _readyz),
            Route("/metrics", metrics),
            Route("/openapi.json", _openapi),
            *routes(OPERATIONS),
            *page.routes(),
        ],
        exception_handlers={
            HTTPException: page.or_problem(on_http_exception),
            StoreError: page.or_problem(on_store_error),
            Exception: page.or_problem(on_fault),
        },
    )
    app.state.desk = desk
    return Gate(app, desk.door)


async def _livez(request: Request) -> Response:  # noqa: ARG001 - Starlette's signature
    return PlainTextResponse("ok\n")


async def _openapi(request: Request) -> Response:
    """What the API is, as the records say that serve it."""
    desk_of(request).door.bearer(request)
    return JSONResponse(document(OPERATIONS))


async def _readyz(request: Request) -> Response:
    """200 while calls are served, also by an older configuration; the body says in what state.

    503 also until a shared database has told what is in force: a roll-out waits for that.
    """
    desk = desk_of(request)
    runtime, recorder = desk.runtime, desk.recorder
    ready = runtime.snapshot is not None and (desk.membership is None or desk.membership.joined)
    body: dict[str, object] = {
        "ready": ready,
        "configuration_digest": runtime.snapshot.digest if runtime.snapshot else None,
        "refused_configuration": runtime.refused,
        "needs_restart": runtime.needs_restart,
        "missing_files": runtime.missing_files,
        "store_failing": recorder.store_failing,
        "store_failures": recorder.store_failures,
        "records_lost": recorder.records_lost,
        "brakes_unstored": sorted(desk.brakes.unstored),
    }
    if desk.membership is not None:
        body["replicas"] = desk.membership.told()
    return JSONResponse(body, 200 if ready else 503)
