"""The change log: who changed what, when and why."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shadow.proxy.cutover.governing import Governing, governing_at
from shadow.report.window import moment
from shadow.store.base import Change
from shadow.web.desk import Desk
from shadow.web.lists import Cursor, Limit, Page, no_such_cursor
from shadow.web.operation import ROOT, Answer, Asked, Nothing, Operation, as_json
from shadow.web.reports import Instant, instant


class ChangeLine(msgspec.Struct, frozen=True):
    """One line; `migration` is null for what concerns all of them."""

    at: datetime
    migration: str | None
    kind: str
    by: str
    because: str
    details: Mapping[str, Any]


class HistoryQuery(msgspec.Struct, frozen=True):
    after: Cursor | None = None
    limit: Limit = 50


class GoverningQuery(msgspec.Struct, frozen=True):
    """Of which parent, and when; now if nothing is said."""

    parent: Annotated[str, msgspec.Meta(description="`namespace/name`, or `name` of a cluster-scoped one.")]
    at: Instant | None = None


async def governed(desk: Desk, name: str, query: GoverningQuery) -> Governing:
    """Which implementation governed a parent at a time, as the change log tells it.

    Raises:
        HTTPException: 404 for a parent that never called, 400 for a time that has not come.
    """
    now = desk.clock()
    at = instant(query.at, "at", now)
    if at is not None and at > now:
        raise HTTPException(400, f"at: {moment(at):%Y-%m-%d %H:%M:%S} UTC has not come yet; nobody has governed then")
    await desk.recorder.flush()
    asked = now if at is None else at
    found = await desk.store.read(lambda store: governing_at(store, name, query.parent, asked))
    if found is None:
        raise HTTPException(404, f"no parent {query.parent!r} has called")
    return found


async def _governing(desk: Desk, asked: Asked[GoverningQuery, Nothing]) -> Response:
    return as_json(await governed(desk, asked.name, asked.query))


async def page_of(desk: Desk, name: str, query: HistoryQuery) -> Page[ChangeLine]:
    """Newest first.

    Raises:
        HTTPException: 400 for a cursor that is none.
    """
    await desk.recorder.flush()
    try:
        lines, following = await desk.store.read(lambda store: store.history(name, query.after, query.limit))
    except ValueError as exc:
        raise no_such_cursor(exc) from exc
    return Page([_line(line) for line in lines], following)


def _line(line: Change) -> ChangeLine:
    return ChangeLine(moment(line.at), line.migration, line.kind, line.by, line.because, line.details)


async def _list(desk: Desk, asked: Asked[HistoryQuery, Nothing]) -> Response:
    return as_json(await page_of(desk, asked.name, asked.query))


OPERATIONS = (
    Operation(
        "GET",
        f"{ROOT}/{{name}}/history",
        "the change log",
        _list,
        {200: Answer("newest first", Page[ChangeLine])},
        HistoryQuery,
        Nothing,
    ),
    Operation(
        "GET",
        f"{ROOT}/{{name}}/history/governing",
        "who governed a parent at a time",
        _governing,
        {200: Answer("as the change log tells it", Governing)},
        GoverningQuery,
        Nothing,
    ),
)
