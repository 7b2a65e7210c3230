"""Calls that were captured elsewhere, between Metacontroller and one hook: a request, and perhaps what it was answered.

`{"request": {...}, "hook": "sync", "request_headers": {...}, "status": 200, "response_headers": {...}, "answer": ...,
"implementation": "old"}`, of which only the request is needed.
"""

import hashlib
import re
from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from shadow.protocol.wire import UnreadableError, split_object
from shadow.recordings.model import Exchange, RecordedCall
from shadow.recordings.scribe import Scribe
from shadow.terms import Hook, Role, Side

_UNASKED = "not-recorded"
_NO_ID = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_NAME = 60


class _Captured(msgspec.Struct, omit_defaults=True):
    request: msgspec.Raw
    hook: Hook | None = None
    implementation: str = ""
    request_headers: Mapping[str, str] = {}
    status: int | None = None
    response_headers: Mapping[str, str] = {}
    answer: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    answer_raw: str | None = None


def captured(text: bytes, file: str, number: int) -> RecordedCall:
    """The call as a recording would hold it, of no migration.

    Args:
        file, number: its name without directories, and which value of it this is. Calls get an id of these and of the
            text, so that it is the same wherever the files lie.

    Raises:
        msgspec.ValidationError: it has no form of a call.
    """
    read = msgspec.json.decode(text, type=_Captured)
    side = Side(read.implementation) if read.implementation in list(Side) else None
    said = _exchange(read)
    return RecordedCall(
        call=_id(text, file, number),
        migration="",
        at=0.0,
        hook=read.hook or _hook_of(read.request),
        parent="",
        primary=side or Side.OLD,
        because="stage",
        served=None,
        status=read.status or 0,
        reason="capture",
        not_asked=_UNASKED,
        request_headers=_lowered(read.request_headers),
        request=read.request,
        old=said if side is Side.OLD else None,
        new=said if side is Side.NEW else None,
    )


def disguised(text: bytes, scribe: Scribe) -> bytes:
    """A captured call without secrets, on one line: what is read of it, by the rules for recordings.

    Fields that nobody reads here may hold anything, and so are left out.

    Raises:
        msgspec.ValidationError: it has no form of a call.
        MalformedError: nobody can tell what in its request or answer is secret.
    """
    read = msgspec.json.decode(text, type=_Captured)
    answered = read.status == HTTPStatus.OK
    raw = read.answer_raw
    return msgspec.json.encode(
        msgspec.structs.replace(
            read,
            request=msgspec.Raw(scribe.body(bytes(read.request))),
            implementation=read.implementation if read.implementation in list(Side) else "",
            request_headers=scribe.headers(read.request_headers),
            response_headers=scribe.headers(read.response_headers),
            answer=msgspec.Raw(scribe.body(bytes(read.answer)))
            if answered and read.answer is not msgspec.UNSET
            else msgspec.UNSET,
            answer_raw=scribe.body_or_beginning(raw.encode()).decode() if answered and raw is not None else None,
        )
    )


def _id(text: bytes, file: str, number: int) -> str:
    stem = _NO_ID.sub("-", file.partition(".json")[0])[:_LONGEST_NAME]
    digest = hashlib.sha256(b"%d\0%s" % (number, text)).hexdigest()
    return f"{stem}-{digest[:12]}"


def _exchange(read: _Captured) -> Exchange:
    tagged = "if-none-match" in _lowered(read.request_headers)
    answer = read.answer
    if read.answer_raw is not None:
        answer = msgspec.Raw(read.answer_raw.encode())
    return Exchange(
        role=Role.PRIMARY,
        status=read.status,
        error=None if read.status is not None else "reset",
        failure=None if tagged or read.status not in (304, 412) else f"unsolicited-{read.status}",
        headers=_lowered(read.response_headers),
        answer=answer if read.status == 200 else msgspec.UNSET,
    )


def _hook_of(request: msgspec.Raw) -> Hook:
    """By the body alone, as far as it tells."""
    try:
        fields = split_object(request)
    except UnreadableError:
        return Hook.SYNC
    if bytes(fields.get("finalizing", b"")) == b"true":
        return Hook.FINALIZE
    observed = fields.keys() & {"children", "attachments"}
    return Hook.SYNC if observed else Hook.CUSTOMIZE


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
