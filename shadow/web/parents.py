"""Parents by name, filtered. All are in memory, so that a search among ten thousand of them reads nothing."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from heapq import nsmallest
from typing import Annotated

import msgspec
from starlette.responses import Response

from shadow.report.model import ParentLine
from shadow.report.parents import parent_lines
from shadow.report.readiness import Measure, Readiness
from shadow.store.base import ParentState
from shadow.store.parents import cursor_of, place, place_of
from shadow.terms import Outcome, Side
from shadow.web.desk import Desk
from shadow.web.lists import Cursor, Limit, Page, no_such_cursor
from shadow.web.operation import ROOT, Answer, Asked, Nothing, Operation, as_json
from shadow.web.reports import found


class State(StrEnum):
    """Which parents: those that still call, those that do not, those not yet answered by their present primary."""

    LIVE = "live"
    GONE = "gone"
    OUTSTANDING = "outstanding"


@dataclass(frozen=True, slots=True)
class Yardstick:
    """By what parents are told apart."""

    measure: Measure
    outstanding: frozenset[str]  # uids

    def is_in(self, state: ParentState, wanted: State) -> bool:
        if wanted is State.OUTSTANDING:
            return state.parent.uid in self.outstanding
        return self.measure.life(state) == wanted.value


class ParentsQuery(msgspec.Struct, frozen=True):
    """All that is given must hold."""

    after: Cursor | None = None
    limit: Limit = 50
    q: Annotated[str, msgspec.Meta(description="A part of `namespace/name`.")] | None = None
    outcome: Outcome | None = None
    primary: Side | None = None
    readiness: Readiness | None = None
    state: State | None = None

    def fits(self, state: ParentState, by: Yardstick) -> bool:
        return (
            (self.q is None or self.q.lower() in str(state.parent).lower())
            and (self.outcome is None or state.outcome is self.outcome)
            and (self.primary is None or state.primary is self.primary)
            and (self.readiness is None or by.measure.readiness(state) is self.readiness)
            and (self.state is None or by.is_in(state, self.state))
        )


async def page_of(desk: Desk, name: str, query: ParentsQuery) -> Page[ParentLine]:
    """
    Raises:
        HTTPException: 400 for a cursor that is none.
    """
    measure = (await found(desk, name)).assessment.parents.measure
    yardstick = Yardstick(measure, desk.convergences.of(desk.snapshot.migrations[name]).outstanding)
    known = list(desk.parents.of(name))
    try:
        states, following = await asyncio.to_thread(_fitting, known, query, yardstick)
    except ValueError as exc:
        raise no_such_cursor(exc) from exc
    lines = await desk.store.read(lambda store: parent_lines(states, measure, partial(store.kept, name)))
    return Page(lines, following)


def _fitting(known: Iterable[ParentState], query: ParentsQuery, by: Yardstick) -> tuple[list[ParentState], str | None]:
    """As many as are asked for, and where to go on if there are more."""
    behind = place_of(query.after) if query.after is not None else None
    fitting = (state for state in known if (behind is None or place(state) > behind) and query.fits(state, by))
    found = nsmallest(query.limit + 1, fitting, key=place)
    shown = found[: query.limit]
    return shown, cursor_of(shown[-1]) if len(found) > query.limit else None


async def _list(desk: Desk, asked: Asked[ParentsQuery, Nothing]) -> Response:
    return as_json(await page_of(desk, asked.name, asked.query))


OPERATIONS = (
    Operation(
        "GET",
        f"{ROOT}/{{name}}/parents",
        "parents",
        _list,
        {200: Answer("by namespace and name", Page[ParentLine])},
        ParentsQuery,
        Nothing,
    ),
)
