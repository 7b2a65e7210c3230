"""The change log: who changed what, when and why."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from starlette.responses import Response

from shadow.report.window import moment
from shadow.store.base import Change
from shadow.web.desk import Desk
from shadow.web.lists import Cursor, Limit, Page, no_such_cursor
from shadow.web.operation import ROOT, Answer, Asked, Nothing, Operation, as_json


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
)
