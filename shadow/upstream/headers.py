"""Which headers cross the proxy: of an incoming call to an implementation, and of its answer back. Pure."""

from collections.abc import Mapping
from functools import cached_property

from shadow.upstream.base import Headers

_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""RFC 9110, section 7.6.1, with what is sent in practice."""

_NOT_FORWARDED = _HOP_BY_HOP | {
    b"host",  # the implementation's own
    b"content-length",  # of the body that is sent, which may be a translated one
    b"expect",  # we have the whole body already
    b"accept-encoding",  # an answer has to be read here, so it must not come compressed
    b"authorization",  # opens the proxy, not the implementation
    b"traceparent",  # each call gets one of its own
}

_NOT_RETURNED = _HOP_BY_HOP | {b"content-length"}

_OURS = b"x-shadow-"


class Lines(tuple[tuple[bytes, bytes], ...]):  # noqa: SLOT001 - it keeps what was made of it
    """The headers of one head. Callers and implementations repeat theirs, and what was made of them stays with them."""

    @cached_property
    def by_name(self) -> Mapping[bytes, bytes]:
        """The first value of each."""
        return dict(reversed(self))

    @cached_property
    def shown(self) -> "Lines":
        """What of a caller's headers both implementations are shown; a tag belongs to one of them only."""
        return Lines(header for header in forwardable(self) if header[0] != b"if-none-match")


def lines_of(headers: Headers) -> Lines:
    """The very same ones, as nearly always, or a copy."""
    return headers if isinstance(headers, Lines) else Lines(headers)


def first(headers: Headers, name: bytes) -> bytes | None:
    """The first value of a header."""
    return lines_of(headers).by_name.get(name)


def forwardable(headers: Headers) -> list[tuple[bytes, bytes]]:
    """The headers of an incoming call that implementations may see, names in lower case, in their order.

    Without: hop-by-hop headers and those that `Connection` names, the caller's `Authorization`, `traceparent`, and
    `X-Shadow-*`, which only the proxy says.
    """
    return [header for header in _end_to_end(headers, _NOT_FORWARDED) if not header[0].startswith(_OURS)]


def returnable(headers: Headers) -> list[tuple[bytes, bytes]]:
    """The headers of an implementation's answer that go out with it; the length is set by whoever sends the body."""
    return _end_to_end(headers, _NOT_RETURNED)


def _end_to_end(headers: Headers, left_out: frozenset[bytes]) -> list[tuple[bytes, bytes]]:
    kept = []
    named: set[bytes] = set()
    for name, value in headers:
        lower = name.lower()
        if lower == b"connection":
            named.update(token.strip().lower() for token in value.split(b","))
        elif lower not in left_out:
            kept.append((lower, value))
    if named - _HOP_BY_HOP:
        return [header for header in kept if header[0] not in named]
    return kept
