"""The verdict of a migration: for people with every reason, for tools that read nothing but a status."""

from typing import Annotated, Literal

import msgspec
from starlette.responses import Response

from shadow.report.model import VerdictLine, Word
from shadow.web.desk import Desk
from shadow.web.operation import ROOT, Answer, Anything, Asked, Nothing, Operation, as_json
from shadow.web.reports import known

_STATUS = {Word.READY: 200, Word.NOT_READY: 409, Word.INCONCLUSIVE: 425}


class VerdictQuery(msgspec.Struct, frozen=True, rename={"as_": "as"}):
    as_: Annotated[
        Literal["json", "status"], msgspec.Meta(description="status: 200 ready, 409 not-ready, 425 inconclusive.")
    ] = "json"


async def verdict_of(desk: Desk, name: str) -> VerdictLine:
    """As of now, or a moment old where it takes long to tell; inconclusive while the store cannot be read."""
    return (await known(desk, name)).assessment.verdict


async def _verdict(desk: Desk, asked: Asked[VerdictQuery, Nothing] | Asked[VerdictQuery, Anything]) -> Response:
    verdict = await verdict_of(desk, asked.name)
    return as_json(verdict, _STATUS[verdict.verdict] if asked.query.as_ == "status" else 200)


_PATH = f"{ROOT}/{{name}}/verdict"
_ABOUT = "whether it is ready for its next step"
_ANSWERS = {
    200: Answer("the verdict; with as=status: ready", VerdictLine),
    409: Answer("with as=status: not-ready", VerdictLine),
    425: Answer("with as=status: inconclusive", VerdictLine),
}

OPERATIONS = (
    Operation("GET", _PATH, _ABOUT, _verdict, _ANSWERS, VerdictQuery, Nothing),
    Operation("POST", _PATH, f"{_ABOUT}, for webhooks", _verdict, _ANSWERS, VerdictQuery, Anything),
)
