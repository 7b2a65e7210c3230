"""Which trace a call belongs to, decided before anybody is asked, so that the ids travel whether or not it is sampled.

Spans are made after the call, with these ids; nothing here knows OpenTelemetry.
"""

import random
import re
from collections.abc import Callable, Iterable

import msgspec

from shadow.terms import Side

_TRACEPARENT = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL
)


class TraceContext(msgspec.Struct, frozen=True):
    """The ids of a call's spans, in lower-case hex: 32 digits for the trace, 16 for a span.

    `parent_span_id` is the caller's; None when this call begins the trace.
    """

    trace_id: str
    span_id: str
    old_span_id: str
    new_span_id: str
    parent_span_id: str | None
    sampled: bool

    def span_of(self, side: Side) -> str:
        """The id of the span in which an implementation is asked."""
        return self.old_span_id if side is Side.OLD else self.new_span_id

    def traceparent(self, side: Side) -> bytes:
        """The value of the `traceparent` header that an implementation gets."""
        return f"00-{self.trace_id}-{self.span_of(side)}-{'01' if self.sampled else '00'}".encode()


def begin(
    headers: Iterable[tuple[bytes, bytes]],
    sample: float,
    luck: Callable[[], float],
    randomness: Callable[[int], bytes] = random.randbytes,
) -> TraceContext:
    """The trace of a call that has just come in.

    A caller's trace is continued, and its decision whether to sample is kept, as W3C Trace Context has it. What cannot
    be read, or comes twice, is as good as absent.

    Args:
        headers: The call's, names in lower case.
        sample: Share of the calls without a trace that are sampled, 0 to 1.
        luck: A number from 0 up to, not including, 1.
        randomness: So many random bytes; not secret, and not worth asking the system for at every call.
    """
    # An id of zeros is invalid; a last digit of 1 keeps these from being that.
    drawn = randomness(40).hex()
    call, old, new = drawn[32:47] + "1", drawn[48:63] + "1", drawn[64:79] + "1"
    caller = _caller(headers)
    if caller is None:
        return TraceContext(drawn[:31] + "1", call, old, new, None, luck() < sample)
    trace_id, parent, sampled = caller
    return TraceContext(trace_id, call, old, new, parent, sampled)


def _caller(headers: Iterable[tuple[bytes, bytes]]) -> tuple[str, str, bool] | None:
    given = [value.strip() for name, value in headers if name == b"traceparent"]
    if len(given) != 1:
        return None
    match = _TRACEPARENT.fullmatch(given[0])
    # Version 00 has four fields; later ones may have more.
    if match is None or (match[4] and given[0].startswith(b"00-")):
        return None
    return match[1].decode(), match[2].decode(), bool(int(match[3], 16) & 1)
