"""The report of a migration, of this very moment, judged by the rules in force or by those that are sent along."""

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Annotated

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from shadow.config.rules import Compare
from shadow.errors import StoreError
from shadow.report.build import build
from shadow.report.formats import FORMATS, MEDIA_TYPES
from shadow.report.judge import judge
from shadow.report.model import Report
from shadow.report.view import MigrationView
from shadow.report.window import parse_instant
from shadow.store.base import Store
from shadow.terms import Side
from shadow.web.desk import Desk
from shadow.web.findings import Found, unread, unread_because
from shadow.web.operation import ROOT, Answer, Asked, Nothing, Operation

Instant = Annotated[str, msgspec.Meta(description="A duration that counts back from now (1h, 7d), or RFC 3339.")]
_SANDBOX = {
    "Content-Disposition": "attachment",
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
}
"""For a report that a browser would run in this address's name: it is saved, and has no rights when it is opened."""


_CHUNK_BYTES = 64 * 1024


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
    since, until = window_of(query.since, query.until, now)
    view = view_of(desk, name, rules, now)
    await desk.recorder.flush()  # so that the report is of this moment

    def rendered(store: Store) -> list[bytes]:
        return list(_chunks(FORMATS[form](build(store, view, since, until, now, creations=query.creations))))

    chunks = await desk.store.read(rendered)
    headers = {"Content-Length": str(sum(map(len, chunks)))} | (_SANDBOX if form == "html" else {})
    return StreamingResponse(_emptied(chunks), headers=headers, media_type=MEDIA_TYPES[form])


def _chunks(pieces: Iterable[str]) -> Iterator[bytes]:
    """The document in parts large enough to be sent; never the whole of it in one."""
    buffer = bytearray()
    for piece in pieces:
        buffer += piece.encode()
        if len(buffer) >= _CHUNK_BYTES:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)


async def _emptied(chunks: list[bytes]) -> AsyncIterator[bytes]:
    """Each part, which is then let go of."""
    for index, chunk in enumerate(chunks):
        chunks[index] = b""
        yield chunk


async def found(desk: Desk, name: str) -> Found:
    """What is found at the present evidence, by the rules in force; a moment old where finding it takes long."""
    now = desk.clock()
    rules = desk.snapshot.configuration.migrations[name].compare
    return await desk.findings.of(view_of(desk, name, rules, now), now)


async def known(desk: Desk, name: str) -> Found:
    """The same, also while the store is not read: whoever has to decide about the brake then is shown the rest."""
    try:
        return await found(desk, name)
    except StoreError as exc:
        now = desk.clock()
        view = view_of(desk, name, desk.snapshot.configuration.migrations[name].compare, now)
        return unread(view, now, unread_because(exc))


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
        front_timeout_seconds=migration.front_timeout_seconds,
        listening_since=desk.convergences.listening_since,
    )


def window_of(since: str | None, until: str | None, now: float) -> tuple[float | None, float | None]:
    """Unix seconds.

    Raises:
        HTTPException: 400 naming the parameter, also for a window that ends before it begins.
    """
    begins, ends = instant(since, "since", now), instant(until, "until", now)
    if begins is not None and ends is not None and begins >= ends:
        raise HTTPException(400, f"since: {since} is not before until={until}; exchange them")
    return begins, ends


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
    ),
)
