"""Asks today's implementations what a recorded call asked, no more of them at once than they are said to bear."""

import asyncio
from collections.abc import Callable

from shadow.config.migration import Migration as Settings
from shadow.proxy.calls.call import Call, Reply
from shadow.proxy.calls.exchange import Exchange, forbidden
from shadow.terms import Role, Side


class Asker:
    """Asks both implementations of one migration, marked `X-Shadow-Role: replay`.

    Args:
        clock: unix seconds.
        concurrency: calls at once at each implementation; None: its `shadow_in_flight`.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float], concurrency: int | None = None) -> None:
        limits = {side: concurrency or settings.implementation(side).shadow_in_flight for side in Side}
        self._rooms = {side: asyncio.Semaphore(limit) for side, limit in limits.items()}
        self._clock = clock
        self.at_once = max(limits.values())

    async def ask(self, call: Call) -> str | None:
        """Have both answer; why not, where a rule forbids to ask either: then nobody is asked."""
        reasons = (forbidden(call.migration, call.hook, call.request, side) for side in Side)
        if (why := next(filter(None, reasons), None)) is not None:
            return why
        exchange = Exchange(call, call.headers, self._clock)
        await asyncio.gather(*(self._ask(exchange, side) for side in Side))
        # Nothing is served: what the cluster did afterwards says nothing of these answers.
        call.not_asked, call.previous = None, None
        call.reply = Reply(200, (), b"", None, "replay")
        return None

    async def _ask(self, exchange: Exchange, side: Side) -> None:
        async with self._rooms[side]:
            await exchange.ask(side, Role.REPLAY, urgent=True)
