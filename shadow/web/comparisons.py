"""Single comparisons: a list of them, the whole story of one, and all of them as lines for whoever computes."""

from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from shadow.report.comparison import ComparisonItem, WholeComparison, item, stored_lines, whole
from shadow.terms import Outcome
from shadow.web.desk import Desk
from shadow.web.lists import Cursor, Limit, Page, no_such_cursor
from shadow.web.operation import ROOT, Answer, Asked, Nothing, Operation, as_json
from shadow.web.reports import Instant, window_of

JSON_LINES = "application/jsonl"


class ComparisonsQuery(msgspec.Struct, frozen=True):
    outcome: Outcome | None = None
    parent: Annotated[str, msgspec.Meta(max_length=600, description="`namespace/name`, or `name`.")] | None = None
    after: Cursor | None = None
    limit: Limit = 50


class ExportQuery(msgspec.Struct, frozen=True):
    since: Instant | None = None
    until: Instant | None = None


async def page_of(desk: Desk, name: str, query: ComparisonsQuery) -> Page[ComparisonItem]:
    """Newest first: all that mismatched or failed, and the sample of the others that is kept.

    Raises:
        HTTPException: 400 for a cursor that is none.
    """
    await desk.recorder.flush()
    try:
        calls, following = await desk.store.read(
            lambda store: store.comparisons(name, query.outcome, query.after, query.limit, query.parent)
        )
    except ValueError as exc:
        raise no_such_cursor(exc) from exc
    return Page([item(call) for call in calls], following)


async def one(desk: Desk, name: str, comparison: str) -> WholeComparison:
    """
    Raises:
        HTTPException: 404.
    """
    await desk.recorder.flush()
    call = await desk.store.read(lambda store: store.comparison(name, comparison))
    if call is None:
        raise HTTPException(404, f"no comparison {comparison!r} is kept")
    return whole(call)


async def _list(desk: Desk, asked: Asked[ComparisonsQuery, Nothing]) -> Response:
    return as_json(await page_of(desk, asked.name, asked.query))


async def _one(desk: Desk, asked: Asked[Nothing, Nothing]) -> Response:
    return as_json(await one(desk, asked.name, asked.path["id"]))


async def _export(desk: Desk, asked: Asked[ExportQuery, Nothing]) -> Response:
    """As long as somebody reads; a store that fails meanwhile cuts the connection, so that nobody takes it for all."""
    now, query = desk.clock(), asked.query
    since, until = window_of(query.since, query.until, now)
    await desk.recorder.flush()
    lines = await desk.store.read(lambda store: stored_lines(store, asked.name, since, until))

    async def each() -> AsyncIterator[bytes]:
        while line := await desk.store.read(lambda _: next(lines, b"")):
            yield line

    return StreamingResponse(each(), media_type=JSON_LINES)


_LIST = f"{ROOT}/{{name}}/comparisons"

OPERATIONS = (
    Operation(
        "GET",
        _LIST,
        "comparisons",
        _list,
        {200: Answer("newest first", Page[ComparisonItem])},
        ComparisonsQuery,
        Nothing,
    ),
    Operation("GET", f"{_LIST}/{{id}}", "one comparison", _one, {200: Answer("it", WholeComparison)}, Nothing, Nothing),
    Operation(
        "GET",
        f"{_LIST}.jsonl",
        "every comparison that is kept, whole, a line of JSON each",
        _export,
        {200: Answer("newest first", media=(JSON_LINES,))},
        ExportQuery,
        Nothing,
    ),
)
