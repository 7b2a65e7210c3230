"""Whether this replica may answer at all: it knows the brake, its lease holds, and nothing is just changing hands.

Alone over a file it always may. Over a shared database a replica that cannot renew its lease knows that by itself: it
goes on for a while with what it knew, and where others serve beside it, it answers an error after that. Nothing here
asks anybody.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from shadow.proxy.migrations.migration import Migration

TICK_SECONDS = 0.2
_SILENT_SECONDS = 1.0
"""So long without a tick: this process was frozen, and knows nothing of the time between."""
_PATIENCE_SECONDS = 1.0  # that a call waits for the heartbeat then


def awake_seconds() -> float:
    """A clock that nobody sets, and that goes on while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Footing:
    """What a replica stands on. Times are those of `clock`, in seconds."""

    def __init__(self, grace_seconds: float, *, shared: bool, clock: Callable[[], float] = awake_seconds) -> None:
        """
        Args:
            grace_seconds: how long a heartbeat holds.
            shared: whether others may serve from the same store.
        """
        self.joined = not shared  # the store has told what is in force
        self.followers: Mapping[
            str, Migration
        ] = {}  # by name: what this replica is about to serve together with others
        self.lapses = 0  # how often the lease was over before it was renewed
        self._grace_seconds = grace_seconds
        self.shared = shared
        """Whether `fresh` has anything to wait for."""
        self._clock = clock
        self._renewed_at = clock()
        self._ticked_at = clock()
        self._woke_at: float | None = None  # from a freeze, and no heartbeat has begun and ended since
        self._others = False
        self._caught_up = asyncio.Event()

    @property
    def is_cut_off(self) -> bool:
        """There were others when a heartbeat last came through, and that is too long ago, or was before a freeze."""
        return self._others and (self._woke_at is not None or self._lease_is_over)

    @property
    def _lease_is_over(self) -> bool:
        return self._clock() - self._renewed_at > self._grace_seconds

    @property
    def others(self) -> bool:
        """Whether others serve from the same store, as far as is known."""
        return self._others

    @property
    def silent_seconds(self) -> float:
        """Since the heartbeat that came through last began; 0 where there is none."""
        return self._clock() - self._renewed_at if self.shared else 0.0

    def now(self) -> float:
        """To be taken before a heartbeat, for `renewed`."""
        return self._clock()

    def renewed(self, began: float, others: bool) -> None:
        """A heartbeat that began then came through."""
        self.lapses += self.joined and self._others and self._lease_is_over
        self._renewed_at, self._others = began, others

    def tick(self) -> None:
        """To be called several times a second; a gap shows that this process was frozen."""
        now = self._clock()
        if now - self._ticked_at > _SILENT_SECONDS:
            self._woke_at = now
        self._ticked_at = now

    def tried(self, began: float) -> None:
        """A heartbeat that began then came through, and what it brought is in force; or it failed: the lease counts."""
        if self._woke_at is not None and began >= self._woke_at:
            self._woke_at = None
            self._caught_up.set()
            self._caught_up = asyncio.Event()

    async def fresh(self) -> None:
        """Return when this process knows what it missed while it was frozen, if it was."""
        if not self.shared:
            return
        self.tick()
        if self._woke_at is None or self._clock() - self._woke_at > _PATIENCE_SECONDS:
            return  # a heartbeat takes longer: where others serve, this process is cut off until it ends
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._caught_up.wait()
