"""Headers of answers on their way out, and entity tags kept apart per implementation and evidence.

Metacontroller keeps the body of a 200 with an `ETag` and replays it on a 304 or 412. A tag that crossed from one
implementation to the other, or outlived a change of configuration, would replay the wrong answer; so a tag goes out
with a namespace and comes back in only to where it came from.
"""

import datetime as dt
import email.utils
import math
import re
from functools import lru_cache

from shadow.terms import Side
from shadow.upstream.base import Headers
from shadow.upstream.headers import Lines, first, lines_of, returnable

_OF_THE_BODY = frozenset((b"content-md5", b"digest", b"content-digest", b"repr-digest"))
_OURS = frozenset((b"x-shadow-call", b"x-shadow-served"))
_LONGEST_RETRY = 24 * 60 * 60
"""Seconds. Metacontroller multiplies them in 64 bits of nanoseconds: beyond those, a wait of centuries turns into none
at all, a hot loop. Nobody asks a parent to wait longer than a day."""
_SECONDS = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?")
_TAG = re.compile(rb'\A(W/)?"([^"]*)"\Z')
_UNSAFE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


def answer_headers(headers: Headers, side: Side, namespace: bytes | None, altered: bool) -> Lines:
    """The end-to-end headers of an implementation's answer as they go out.

    Args:
        namespace: of its entity tag, beside the side; None: no tag goes out.
        altered: the body is not the implementation's own, so what describes its bytes goes.
    """
    out = _kept(lines_of(headers), side, namespace, altered)
    if first(out, b"retry-after") is None:
        return out
    # Not remembered: a date passes.
    return Lines((name, retry_after(value) if name == b"retry-after" else value) for name, value in out)


@lru_cache(maxsize=32)
def _kept(headers: Lines, side: Side, namespace: bytes | None, altered: bool) -> Lines:
    """Remembered, since an implementation repeats them."""
    gone = _OURS | _OF_THE_BODY if altered else _OURS
    out: list[tuple[bytes, bytes]] = []
    for name, value in returnable(headers):
        if name in gone or _UNSAFE.search(value):
            continue
        if name != b"etag":
            out.append((name, value))
        elif namespace is not None and (tag := outgoing_tag(value, side, namespace)):
            out.append((name, tag))
    return Lines(out)


def retry_after(value: bytes | None) -> bytes:
    """Whole seconds from 1 to a day, rounded up; a date within the coming day as an RFC 1123 date.

    Metacontroller reads only these two; anything else, none, 0, a date that has passed and a number beyond its range
    make it call again at once without end.
    """
    text = (value or b"").decode("latin-1").strip()
    return _whole(float(text)) if _SECONDS.fullmatch(text) else _date(text)


def outgoing_tag(value: bytes, side: Side, namespace: bytes) -> bytes | None:
    """`"abc"` of `new` becomes `"new.1f2e3d4c.sync.abc"`; None if it is no entity tag."""
    match = _TAG.match(value.strip())
    if match is None:
        return None
    weak, opaque = match.groups()
    return b'%s"%s.%s.%s"' % (weak or b"", side.value.encode(), namespace, opaque)


def incoming_tag(value: bytes, side: Side, namespace: bytes) -> bytes | None:
    """The implementation's own tag again; None if the tag is of another namespace."""
    match = _TAG.match(value.strip())
    if match is None:
        return None
    weak, opaque = match.groups()
    prefix = b"%s.%s." % (side.value.encode(), namespace)
    if not opaque.startswith(prefix):
        return None
    return b'%s"%s"' % (weak or b"", opaque[len(prefix) :])


def _date(text: str) -> bytes:
    try:
        moment = email.utils.parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=dt.UTC)
        moment = moment.astimezone(dt.UTC)
    except (ValueError, IndexError, TypeError, OverflowError):
        return b"1"
    wait = (moment - dt.datetime.now(dt.UTC)).total_seconds()
    if not 1 <= wait <= _LONGEST_RETRY:
        return _whole(wait)
    return email.utils.format_datetime(moment, usegmt=True).encode()


def _whole(seconds: float) -> bytes:
    return str(math.ceil(max(1, min(seconds, _LONGEST_RETRY)))).encode()
