"""The application behind `server.control`: probes, the API, and what holds for every answer. Computes nothing."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shadow.errors import StoreError
from shadow.web import brake, comparisons, differences, history, parents, plans, reports, summary, verdicts
from shadow.web.desk import Desk, desk_of
from shadow.web.gate import App, Gate
from shadow.web.openapi import document
from shadow.web.operation import routes
from shadow.web.page.app import Page
from shadow.web.probes import PROBES
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
            *(probe.route() for probe in PROBES),
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


async def _openapi(request: Request) -> Response:
    """What the API is, as the records say that serve it."""
    desk_of(request).door.bearer(request)
    return JSONResponse(document(OPERATIONS, PROBES))
