"""The page's addresses: each gathers its facts and gives them to a template. Forms move what the API moves."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from shadow.config.tokens import Right
from shadow.report.formats import FORMATS
from shadow.web import brake, comparisons, differences, history, parents
from shadow.web.auth import demand
from shadow.web.decoding import query_of
from shadow.web.desk import Desk, desk_of
from shadow.web.operation import Asked, Nothing
from shadow.web.page.chart import WINDOWS
from shadow.web.page.render import Pages
from shadow.web.page.views import answers_of, every_object, object_of, objects_of, standing, tallies
from shadow.web.page.visitor import NotLoggedInError, Visitor, fields, form, log_in, log_out, to_log_in, visitor
from shadow.web.plans import PlanQuery, plan_of
from shadow.web.problems import Problem
from shadow.web.reports import ReportQuery, report
from shadow.web.summary import summary

_STATIC = Path(__file__).parent.parent / "static"
_PER_PAGE = 25

_NOT_PAGES = ("/api/", "/openapi.json", "/metrics", "/livez", "/readyz")

OnFault = Callable[[Request, Exception], Awaitable[Response]]
Show = Callable[[Request, Desk, Visitor], Awaitable[Response]]


class _Files(StaticFiles):
    """Style and script: kept by browsers, and asked after each time whether they are still the same."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


class Page:
    """The routes of the page."""

    def __init__(self) -> None:
        self._pages = Pages()

    def routes(self) -> list[BaseRoute]:
        one = "/migrations/{name}"
        shown = {
            "/": self._glance,
            one: self._migration,
            f"{one}/differences": self._differences,
            f"{one}/differences/{{id}}": self._difference,
            f"{one}/parents": self._parents,
            f"{one}/comparisons": self._comparisons,
            f"{one}/comparisons/{{id}}": self._comparison,
            f"{one}/history": self._history,
            f"{one}/report": self._report,
            f"{one}/brake": self._brake,
        }
        done = {f"{one}/brake": self._move, f"{one}/differences/{{id}}": self._note}
        return [
            Route("/login", self._login, methods=["GET", "POST"]),
            Route("/logout", self._logout, methods=["POST"]),
            Mount("/static", _Files(directory=_STATIC, packages=[("shadow.report.html", "static")])),
            *(self._route(path, show, done.get(path)) for path, show in shown.items()),
        ]

    def _route(self, path: str, show: Show, done: Show | None) -> Route:
        return Route(path, self._for_visitors(show, done), methods=["GET", *(["POST"] if done else [])])

    def or_problem(self, handler: OnFault) -> OnFault:
        """What went wrong on the page is told as a page; everywhere else as the API does it."""

        async def handle(request: Request, exc: Exception) -> Response:
            response = await handler(request, exc)
            if request.url.path.startswith(_NOT_PAGES) or "text/html" not in request.headers.get("accept", ""):
                return response
            told = msgspec.json.decode(response.body, type=Problem)
            return self._pages.page("problem", {"title": told.title, "detail": told.detail}, told.status)

        return handle

    def _for_visitors(self, show: Show, done: Show | None) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            desk = desk_of(request)
            try:
                who = visitor(request)
            except NotLoggedInError:
                return to_log_in(request)
            if "name" in request.path_params:
                desk.known(request.path_params["name"])
            handler = done if request.method == "POST" and done is not None else show
            return await handler(request, desk, who)

        return handle

    async def _login(self, request: Request) -> Response:
        desk = desk_of(request)
        wanted, wrong = request.query_params.get("next", "/"), False
        if request.method == "POST":
            given = await fields(request)
            wanted = given.get("next", "/")
            response = log_in(desk, given.get("token", ""), wanted)
            if response is not None:
                return response
            wrong = True
        return self._pages.page("login", {"next": wanted, "wrong": wrong}, 401 if wrong else 200)

    async def _logout(self, request: Request) -> Response:
        await form(request)
        return log_out()

    def _page(self, template: str, visitor: Visitor, **facts: Any) -> Response:
        return self._pages.page(template, {"visitor": visitor, **facts})

    async def _of_migration(
        self, template: str, request: Request, desk: Desk, visitor: Visitor, **facts: Any
    ) -> Response:
        name = request.path_params["name"]
        return self._page(template, visitor, name=name, summary=await summary(desk, name), **facts)

    async def _glance(self, request: Request, desk: Desk, visitor: Visitor) -> Response:  # noqa: ARG002 - every page's
        migrations = await asyncio.gather(*(standing(desk, name) for name in desk.snapshot.migrations))
        state = {"refused": desk.runtime.refused, "store_failing": desk.writer.trouble.failing}
        return self._page("glance", visitor, migrations=migrations, state=state)

    async def _migration(self, request: Request, desk: Desk, visitor: Visitor) -> Response:
        name, window = request.path_params["name"], request.query_params.get("window", "1h")
        seen = await standing(desk, name, window)
        return await self._of_migration(
            "migration",
            request,
            desk,
            visitor,
            standing=seen,
            windows=tuple(WINDOWS),
            formats=tuple(FORMATS),
            differences=await differences.page_of(desk, name, None, 10) if seen.unread is None else None,
        )

    async def _differences(self, request: Request, desk: Desk, visitor: Visitor) -> Response:
        name, after = request.path_params["name"], request.query_params.get("after")
        page = await differences.page_of(desk, name, after, _PER_PAGE)
        return await self._of_migration("differences", request, desk, visitor, page=page)

    async def _difference(self, request: Request, desk: Desk, visitor: Visitor) -> Response:
        name = request.path_params["name"]
        line = await differences.one(desk, name, request.path_params["id"])
        shown = None
        if line.example.comparison is not None:
            with suppress(HTTPException):  # retention took it meanwhile
                shown = object_of(await comparisons.one(desk, name, line.example.comparison), line.id)
        return await self._of_migration("difference", request, desk, visitor, line=line, shown=shown)

    async def _note(self, request: Request, desk: Desk, visitor: Visitor) -> Response:
        given = await form(request)
        note, withdrawn = given.get("note", "").strip()[:2000], given.get("action") == "withdraw"
        if not note and not withdrawn:
            raise HTTPException(400, "say what there is to know of this difference")
        name, group = request.path_params["name"], request.path_params["id"]
        await differences.acknowledge(desk, name, group, visitor.holder, None if withdrawn else note)
        return RedirectResponse(str(request.url.path), 303)

    async def _parents(self, request: Request, desk: Desk, visitor: Visitor) -> Response:
        asked = {key: value for key, value in request.query_params.items() if value}
        query = query_of(list(asked.items()), parents.ParentsQuery)
        page = await parents.page_of(desk, request.path_params["name"], msgspec.structs.replace(query, limit=_PER_PAGE))
        filters = urlencode({key: value for key, value in asked.items() if key != "after"})
        return await self._of_migration(
            "parents", request, desk, visitor, page=page, query=query, filters=filters, states=tuple(parents.State)
        )

    async def _comparisons(self, request: Request, desk: Desk, visitor: Visitor) -> Response:
        asked = {key: value for key, value in request.query_params.items() if value}
        query = query_of(list(asked.items()), comparisons.ComparisonsQuery)
        page = await comparisons.page_of(
            desk, request.path_params["name"], msgspec.structs.replace(query, limit=_PER_PAGE)
        )
        filters = urlencode({key: value for key, value in asked.items() if key != "after"})
        return await self._of_migration("comparisons", request, desk, visitor, page=page, query=query, filters=filters)

    async def _comparison(self, request: Request, desk: Desk, visitor: Visitor) -> Response:
        whole = await comparisons.one(desk, request.path_params["name"], request.path_params["id"])
        return await self._of_migration(
            "comparison",
            request,
            desk,
            visitor,
            whole=whole,
            shown=objects_of(whole),
            answers=answers_of(whole),
            tallies=tallies(whole),
            effects=every_object(whole),
        )

    async def _history(self, request: Request, desk: Desk, visitor: Visitor) -> Response:
        query = history.HistoryQuery(after=request.query_params.get("after"), limit=_PER_PAGE)
        page = await history.page_of(desk, request.path_params["name"], query)
        return await self._of_migration("history", request, desk, visitor, page=page)

    async def _report(self, request: Request, desk: Desk, visitor: Visitor) -> Response:
        query = query_of(request.query_params.multi_items(), ReportQuery)
        return await report(desk, Asked({"name": request.path_params["name"]}, query, Nothing(), visitor.holder))

    async def _brake(self, request: Request, desk: Desk, visitor: Visitor) -> Response:
        name = request.path_params["name"]
        brake_now = desk.brakes.get(name)
        on, undecided = desk.brakes.is_on(name), brake_now is None or desk.brakes.is_guards(name)
        return await self._of_migration(
            "brake",
            request,
            desk,
            visitor,
            refused=brake.refusal(desk, name, None) if on else None,
            doubts=tuple(brake.doubts(desk, name)),
            pulling=await plan_of(desk, name, PlanQuery(brake=True)) if undecided or not on else None,
            releasing=await plan_of(desk, name, PlanQuery(brake=False)) if undecided or on else None,
        )

    async def _move(self, request: Request, desk: Desk, visitor: Visitor) -> Response:
        given = await form(request)
        name, because = request.path_params["name"], given.get("because", "").strip()
        if not because:
            raise HTTPException(400, "because: say why, for whoever reads the change log")
        if given.get("action") == "release":
            demand(visitor.holder, Right.RELEASE)
            await brake.release(desk, name, visitor.holder.name, because, given.get("accept_digest"))
        else:
            demand(visitor.holder, Right.ROLLBACK)
            await brake.pull(desk, name, visitor.holder.name, because)
        return RedirectResponse(f"/migrations/{name}", 303)
