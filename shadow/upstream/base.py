"""One exchange with an implementation, and what came of it. A remote fault is data here, never an exception."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

Headers = Sequence[tuple[bytes, bytes]]
"""Header names in lower case, in the order of the wire."""


NO_ROOM = frozenset(("busy", "memory"))
"""Errors that are ours: nothing was asked, or nothing was kept of what was said."""


class Observation(msgspec.Struct, frozen=True):
    """What an implementation did when it was asked.

    `status` is None when no complete, valid HTTP answer came; `error` then says why, in one of the codes
    `timeout`, `refused` (connection), `unresolved` (name), `tls`, `reset` (closed or broken amid the exchange),
    `no-status-line`, `protocol` (not HTTP), `truncated` (body shorter than announced), `too-large`, `busy`
    (a shadow call for which there was no room), `memory` (calls hold what they may), and `detail` is a sentence for
    people without header values.
    """

    status: int | None
    headers: Headers
    body: bytes
    seconds: float
    error: str | None = None
    detail: str | None = None

    @property
    def timed_out(self) -> bool:
        return self.error == "timeout"


class Transport(Protocol):
    """Sends one POST and reads the whole answer. Never raises for what the other end does; only for cancellation."""

    async def post(
        self, path: str, headers: Headers, body: bytes, timeout_seconds: float, own: Headers = ()
    ) -> Observation:
        """
        Args:
            headers: those that are mostly the same in each call; the very same tuple again is not written anew.
            timeout_seconds: covers the whole exchange: connect, send, and the answer's last byte.
            own: those of this call alone, behind the others.
        """
        ...

    async def close(self) -> None: ...
