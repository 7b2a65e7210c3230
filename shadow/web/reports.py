"""The report of a migration, of this very moment, judged by the rules in force or by those that are sent along."""

from typing import Annotated

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shadow.config.rules import Compare
from shadow.report.build import build
from shadow.report.formats import FORMATS, MEDIA_TYPES
from shadow.report.judge import judge
from shadow.report.model import Report
from shadow.report.view import MigrationView
from shadow.report.window import parse_instant
from shadow.store.base import Store
from shadow.terms import Side
from shadow.web.desk import Desk
from shadow.web.findings import Found
from shadow.web.operation import ROOT, Answer, Asked, Nothing, Operation

Instant = Annotated[str, msgspec.Meta(description="A duration that counts back from now (1h, 7d), or RFC 3339.")]
_SANDBOX = {
    "Content-Disposition": "attachment",
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
}
"""For a report that a browser would run in this address's name: it is saved, and has no rights when it is opened."""


class ReportQuery(msgspec.Struct, frozen=True):
    format: Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(FORMATS)})] = "json"
    since: Instant | None = None
    until: Instant | None = None
    creations: Annotated[
        bool, msgspec.Meta(description="Whether JSON lists every object that an answer would create, one by one.")
    ] = False


async def report(desk: Desk, asked: Asked[ReportQuery, Nothing]) -> Response:
    """By the rules in force."""
    return await _rendered(desk, asked.name, asked.query, desk.snapshot.configuration.migrations[asked.name].compare)


async def _report_by(desk: Desk, asked: Asked[ReportQuery, Compare]) -> Response:
    return await _rendered(desk, asked.name, asked.query, asked.body)


async def _rendered(desk: Desk, name: str, query: ReportQuery, rules: Compare) -> Response:
    now, form = desk.clock(), query.format
    if form not in FORMATS:
        raise HTTPException(400, f"format: must be one of {', '.join(FORMATS)}, not {form!r}")
    since, until = instant(query.since, "since", now), instant(query.until, "until", now)
    view = view_of(desk, name, rules, now)
    await desk.recorder.flush()  # so that the report is of this moment

    def rendered(store: Store) -> bytes:
        return "".join(FORMATS[form](build(store, view, since, until, now, creations=query.creations))).encode()

    headers = _SANDBOX if MEDIA_TYPES[form].startswith("text/html") else None
    return Response(await desk.store.read(rendered), headers=headers, media_type=MEDIA_TYPES[form])


async def found(desk: Desk, name: str) -> Found:
    """What is found at the present evidence, by the rules in force; a moment old where finding it takes long."""
    now = desk.clock()
    rules = desk.snapshot.configuration.migrations[name].compare
    return await desk.findings.of(view_of(desk, name, rules, now), now)


def view_of(desk: Desk, name: str, rules: Compare, now: float) -> MigrationView:
    """Where the migration stands, as a report needs it."""
    snapshot = desk.snapshot
    migration = snapshot.migrations[name]
    judged = judge(rules, now)
    return MigrationView(
        name=name,
        stage=migration.stage,
        weight=migration.weight_buckets / 100,
        brake=desk.brakes.get(name),
        configuration_digest=snapshot.digest,
        evidence_digest=migration.evidence_digest,
        explain=judged,
        rules=judged.rules,
        verdict=snapshot.configuration.migrations[name].verdict,
        front=desk.fronts.facts(name),
        revision=migration.parties[Side.NEW].revision,
        listening_since=desk.convergences.listening_since,
    )


def instant(text: str | None, key: str, now: float) -> float | None:
    """Unix seconds.

    Raises:
        HTTPException: 400 naming the parameter.
    """
    try:
        return None if text is None else parse_instant(text, now)
    except ValueError as exc:
        raise HTTPException(400, f"{key}: {exc}") from exc


_ANSWERS = {
    200: Answer("the report; in HTML it comes as an attachment", Report, tuple(dict.fromkeys(MEDIA_TYPES.values())))
}

OPERATIONS = (
    Operation("GET", f"{ROOT}/{{name}}/report", "what differs", report, _ANSWERS, ReportQuery, Nothing),
    Operation(
        "POST",
        f"{ROOT}/{{name}}/report",
        "what would differ by the rules in the body",
        _report_by,
        _ANSWERS,
        ReportQuery,
        Compare,
        problems=(413,),
    ),
)
