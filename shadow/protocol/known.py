"""Remembers the latest requests, so that the very same bytes are not read again: a hot loop repeats its parent's call.

Only bytes count, all of them. What was made of a request (its translation, what its answers are worth) is kept with
it, and found again when the request is; together they are bounded.
"""

from collections import OrderedDict

from shadow.protocol.messages import Request, read_request
from shadow.terms import Hook

_MOST_BYTES = 4 * 1024 * 1024
_SHARE = 8
"""A request that would take more than this share of all is not kept."""

_SAMPLE = 512  # about so many bytes are looked at to find a request; then all of them are compared
_ENVELOPE_BYTES = 4096

Key = tuple[Hook, int, bytes]


class KnownRequests:
    """Reads requests as `read_request` does."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        """`most_bytes`: of what is kept; those not asked for the longest time go first."""
        self._most_bytes = most_bytes
        self._bytes = 0
        self._requests: OrderedDict[Key, Request] = OrderedDict()

    def read(self, body: bytes, hook: Hook) -> Request:
        """Raises RequestError as `read_request` does."""
        key = hook, len(body), body[:: 1 + len(body) // _SAMPLE]
        known = self._requests.get(key)
        if known is not None and known.body == body:
            self._requests.move_to_end(key)
            return known
        request = read_request(body, hook)
        if _size(request) <= self._most_bytes // _SHARE:
            self._keep(key, request)
        return request

    def _keep(self, key: Key, request: Request) -> None:
        if (former := self._requests.pop(key, None)) is not None:
            self._let_go(former)
        self._requests[key] = request
        request.shown.grown = request.judged.grown = self._grow
        self._grow(_size(request))

    def _grow(self, added: int) -> None:
        self._bytes += added
        while self._bytes > self._most_bytes:
            _, gone = self._requests.popitem(last=False)
            self._let_go(gone)

    def _let_go(self, request: Request) -> None:
        """Whoever still works with it has it for themselves."""
        request.shown.grown = request.judged.grown = None
        self._bytes -= _size(request)


def _size(request: Request) -> int:
    return _ENVELOPE_BYTES + len(request.body) + request.shown.size + request.judged.size
