"""One connection to an implementation: writes a request, reads the answer, one exchange at a time.

Never decides about retries, and never sends a request twice.
"""

import asyncio
import select
from typing import cast

from shadow.memory import Memory
from shadow.upstream.answer import AnswerReader, Heads
from shadow.upstream.deadlines import Deadlines

_WATCHED = select.POLLIN | getattr(select, "POLLRDHUP", 0)  # POLLRDHUP: Linux only; elsewhere POLLIN tells of the end


class Connection(asyncio.Protocol):
    """An asyncio protocol; `answer` holds the outcome once what `begin` returned is done."""

    __slots__ = (
        "_deadlines",
        "_expire",
        "_loop",
        "_poll",
        "_transport",
        "_waiter",
        "answer",
        "closed",
        "idle_since",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        max_answer_bytes: int,
        heads: Heads,
        deadlines: Deadlines,
        memory: Memory | None = None,
    ) -> None:
        """`heads` and `deadlines` are those of all connections to one server."""
        self._loop = loop
        self._deadlines = deadlines
        self._expire = self._too_late  # one object, to be found again
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._poll: select.poll | None = None
        self.answer = AnswerReader(max_answer_bytes, heads, memory)
        self.closed = False
        self.idle_since = 0.0

    def begin(self, head: bytes, body: bytes, deadline: float) -> asyncio.Future[None]:
        """Send a request.

        Returns:
            What is done when the exchange has ended, at the latest at `deadline` (the loop's clock); `end` has to be
            called then, and whenever nobody waits for it any more.
        """
        transport = self._transport
        assert transport is not None
        self.answer.reset()
        waiter = self._waiter = self._loop.create_future()
        self._deadlines.begin(self._loop, self._expire, deadline)
        transport.write(head + body)
        return waiter

    def end(self, waiter: asyncio.Future[None]) -> None:
        """The exchange is over, or was given up: what is still to come must not be taken for the next answer."""
        self._deadlines.end(self._expire)
        self._waiter = None
        if waiter.cancelled() or not waiter.done():
            self.abort()
        elif not self.answer.reusable or (self._transport is not None and self._transport.get_write_buffer_size()):
            self.close()

    def is_stale(self) -> bool:
        """Whether the other end closed, or said something unasked, that the loop has not told us of yet.

        One system call, made right before a request is written: what it finds closed has seen nothing of the request.
        """
        if self.closed or self._poll is None:
            return True
        return bool(self._poll.poll(0))

    def close(self) -> None:
        self.closed = True
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        self.closed = True
        if self._transport is not None:
            self._transport.abort()

    # --- asyncio's callbacks -----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._poll = select.poll()
        self._poll.register(transport.get_extra_info("socket").fileno(), _WATCHED)

    def data_received(self, data: bytes) -> None:
        if self._waiter is None:
            self.abort()  # nobody asked: whatever it is, it must not become the next request's answer
        elif self.answer.feed(data):
            self._finish()

    def eof_received(self) -> bool:
        self.closed = True
        self.answer.end()
        self._finish()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if exc is None:
            self.answer.end()
        else:
            self.answer.fail("reset", "the connection broke amid the exchange")
        self._finish()

    def _too_late(self) -> None:
        self.answer.fail("timeout", "no complete answer in time")
        self.abort()
        self._finish()

    def _finish(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
