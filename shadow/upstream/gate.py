"""When a shadow call may start at an implementation that primary calls share with it. Primary calls never wait.

Real hooks serve one request at a time: whatever is sent there is a delay for the primary call behind it. So few shadow
calls are under way at once, none begins beyond what the implementation was seen to serve side by side, and the rest
wait for a short while in a small room, or are told that there is no room.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

from shadow.upstream.capacity import Capacity


@dataclass(frozen=True, slots=True)
class Room:
    """How many shadow calls may wait, how many bytes of requests they may hold together, and for how long."""

    calls: int = 64
    held_bytes: int = 32 * 1024 * 1024
    seconds: float = 2.0


class Gate:
    """Counts the calls under way at one implementation and admits shadow calls to it."""

    def __init__(self, shadow_in_flight: int, room: Room | None = None) -> None:
        self._shadow_in_flight = shadow_in_flight
        self._room = room or Room()
        self._capacity = Capacity()
        self._primaries = 0
        self._shadows = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._waiting_bytes = 0

    def enter_primary(self) -> int:
        """Returns how many calls are under way now, for `leave_primary`."""
        self._primaries += 1
        return self._primaries + self._shadows

    def leave_primary(self, among: int, seconds: float | None) -> None:
        """`seconds`: how long the call took; None if it says nothing about the implementation's pace."""
        self._primaries -= 1
        self._learn(among, seconds)

    async def enter_shadow(self, held_bytes: int) -> int | None:
        """How many calls are under way once this one is among them, or None: no room."""
        if not self._waiting and self._has_room():
            self._shadows += 1
            return self._primaries + self._shadows
        if len(self._waiting) >= self._room.calls or self._waiting_bytes + held_bytes > self._room.held_bytes:
            return None
        return await self._wait(held_bytes)

    def leave_shadow(self, among: int, seconds: float | None) -> None:
        self._shadows -= 1
        self._learn(among, seconds)

    def _has_room(self) -> bool:
        if self._shadows >= self._shadow_in_flight:
            return False
        # Where no primary call is under way, shadow calls only delay one another.
        return self._primaries == 0 or self._primaries + self._shadows < self._capacity.calls

    async def _wait(self, held_bytes: int) -> int | None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._waiting_bytes += held_bytes
        try:
            async with asyncio.timeout(self._room.seconds):
                await turn
        except TimeoutError:
            return self._admitted_after_all(turn)
        except asyncio.CancelledError:
            if self._admitted_after_all(turn) is not None:
                self.leave_shadow(0, None)
            raise
        finally:
            self._waiting_bytes -= held_bytes
        return self._primaries + self._shadows

    def _admitted_after_all(self, turn: asyncio.Future[None]) -> int | None:
        """Settle a wait that was broken off: the turn may have been given in the same round of the loop."""
        if turn.done() and not turn.cancelled():
            return self._primaries + self._shadows
        if turn in self._waiting:
            self._waiting.remove(turn)
        return None

    def _learn(self, among: int, seconds: float | None) -> None:
        if seconds is not None:
            self._capacity.observe(among, seconds)
        while self._waiting and self._has_room():
            turn = self._waiting.popleft()
            if not turn.done():
                self._shadows += 1
                turn.set_result(None)
