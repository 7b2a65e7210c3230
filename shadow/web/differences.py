"""Differences, worst first, and who has acknowledged them. An acknowledgement is a note: nothing is judged by it."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shadow.config.tokens import Right
from shadow.report.groups import rank
from shadow.report.model import DifferenceLine
from shadow.report.window import moment
from shadow.store.base import Acknowledgement, Change
from shadow.store.rows import cursor, uncursor
from shadow.web.auth import Holder
from shadow.web.desk import Desk
from shadow.web.lists import Cursor, Limit, Page, no_such_cursor
from shadow.web.operation import ROOT, Answer, Asked, Nothing, Operation, as_json
from shadow.web.reports import found


class Seen(msgspec.Struct, frozen=True):
    """Who has seen it, when, and what they say of it."""

    by: str
    at: datetime
    note: str


class DifferenceItem(DifferenceLine, frozen=True):
    """As in a report, with who has acknowledged it."""

    acknowledged: Seen | None = None


class ListQuery(msgspec.Struct, frozen=True):
    after: Cursor | None = None
    limit: Limit = 50


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    note: Annotated[str, msgspec.Meta(pattern=r"\S", max_length=2000)]


async def page_of(desk: Desk, name: str, after: str | None, limit: int) -> Page[DifferenceItem]:
    """
    Raises:
        HTTPException: 400 for a cursor that is none.
    """
    lines = (await found(desk, name)).lines
    if after is not None:
        try:
            behind = uncursor(after, tuple[int, bool, int, str])
        except ValueError as exc:
            raise no_such_cursor(exc) from exc
        lines = tuple(line for line in lines if rank(line) > behind)
    seen = await desk.store.read(lambda store: store.acknowledgements(name))
    shown = [item(line, seen.get(line.id)) for line in lines[:limit]]
    return Page(shown, cursor(rank(lines[limit - 1])) if len(lines) > limit else None)


async def one(desk: Desk, name: str, group: str) -> DifferenceItem:
    """
    Raises:
        HTTPException: 404.
    """
    line = (await found(desk, name)).line(group)
    if line is None:
        raise HTTPException(404, f"no difference {group!r} was seen at the present evidence")
    seen = await desk.store.read(lambda store: store.acknowledgements(name))
    return item(line, seen.get(line.id))


def item(line: DifferenceLine, acknowledgement: Acknowledgement | None) -> DifferenceItem:
    fields: dict[str, Any] = {name: getattr(line, name) for name in line.__struct_fields__}
    return DifferenceItem(**fields, acknowledged=_seen(acknowledgement) if acknowledgement else None)


def _seen(acknowledgement: Acknowledgement) -> Seen:
    return Seen(acknowledgement.by, moment(acknowledgement.at), acknowledgement.note)


async def acknowledge(desk: Desk, name: str, group: str, by: Holder, note: str | None) -> DifferenceItem:
    """Keep a note, or take it back with None.

    Raises:
        HTTPException: 403 for those who may only read, 404.
    """
    if not by.rights & {Right.ROLLBACK, Right.RELEASE}:
        raise HTTPException(403, f"the token {by.name!r} has the right to read only")
    line = (await one(desk, name, group)).id
    now = desk.clock()
    kept = None if note is None else Acknowledgement(by.name, now, note)
    kind = "acknowledgement" if kept else "acknowledgement-withdrawn"
    await desk.store.acknowledge(name, line, kept, Change(now, name, kind, by.name, note or "", {"difference": line}))
    return await one(desk, name, group)


async def _list(desk: Desk, asked: Asked[ListQuery, Nothing]) -> Response:
    return as_json(await page_of(desk, asked.name, asked.query.after, asked.query.limit))


async def _one(desk: Desk, asked: Asked[Nothing, Nothing]) -> Response:
    return as_json(await one(desk, asked.name, asked.path["id"]))


async def _acknowledge(desk: Desk, asked: Asked[Nothing, Note]) -> Response:
    return as_json(await acknowledge(desk, asked.name, asked.path["id"], asked.by, asked.body.note))


async def _withdraw(desk: Desk, asked: Asked[Nothing, Nothing]) -> Response:
    return as_json(await acknowledge(desk, asked.name, asked.path["id"], asked.by, None))


_LIST = f"{ROOT}/{{name}}/differences"
_ONE = f"{_LIST}/{{id}}"
_NOTE = f"{_ONE}/acknowledgement"
_IT = {200: Answer("the difference", DifferenceItem)}

OPERATIONS = (
    Operation(
        "GET", _LIST, "differences", _list, {200: Answer("worst first", Page[DifferenceItem])}, ListQuery, Nothing
    ),
    Operation("GET", _ONE, "one difference", _one, _IT, Nothing, Nothing),
    Operation("PUT", _NOTE, "acknowledge a difference", _acknowledge, _IT, Nothing, Note),
    Operation("DELETE", _NOTE, "take an acknowledgement back", _withdraw, _IT, Nothing, Nothing),
)
