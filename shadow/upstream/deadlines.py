"""One timer for all exchanges with one server: nearly all of them end long before their deadline."""

import asyncio
from collections.abc import Callable

_EARLY_SECONDS = 0.001  # uvloop's clock has a resolution of a millisecond

Expire = Callable[[], None]


class Deadlines:
    """Calls whoever has not ended by their deadline; times are the loop's."""

    def __init__(self) -> None:
        self._open: dict[Expire, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    def begin(self, loop: asyncio.AbstractEventLoop, expire: Expire, deadline: float) -> None:
        self._open[expire] = deadline
        if self._timer is None or deadline < self._due:
            self._arm(loop, deadline)

    def end(self, expire: Expire) -> None:
        self._open.pop(expire, None)

    def _arm(self, loop: asyncio.AbstractEventLoop, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._due = loop.call_at(deadline, self._look, loop), deadline

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time() + _EARLY_SECONDS
        for expire in [expire for expire, deadline in self._open.items() if deadline <= now]:
            self.end(expire)
            expire()
        if self._open:
            self._arm(loop, min(self._open.values()))
