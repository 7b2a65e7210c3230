"""Decides who goes when an address has all the connections it may have: who says nothing, before who would be refused.

Whoever opens connections and is silent must not keep out somebody who calls, or who wants to pull the brake.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from uvicorn.server import ServerState

HangUp = Callable[[], object]
"""Ends one connection at once."""


class Crowd(ServerState):
    """uvicorn's state of one server, bounded. A connection arrives, begins once TLS is agreed, asks, rests, leaves."""

    def __init__(self, most: int, silent_seconds: float) -> None:
        """`silent_seconds`: how long a new connection may wait before it sends anything."""
        super().__init__()
        self.silent_seconds = silent_seconds
        self.most = most
        self._arriving: set[asyncio.Protocol] = set()
        self._silent: OrderedDict[asyncio.Protocol, HangUp] = OrderedDict()
        self._idle: OrderedDict[asyncio.Protocol, HangUp] = OrderedDict()

    def arrive(self, connection: asyncio.Protocol, hang_up: HangUp) -> bool:
        """Whether there is room for a new one, perhaps because another one was closed."""
        if len(self.connections) + len(self._arriving) >= self.most and not self._make_room():
            return False
        self._arriving.add(connection)
        self._silent[connection] = hang_up
        return True

    def gone(self, connection: asyncio.Protocol) -> None:
        """It has begun, or never will."""
        if connection in self._arriving:
            self._arriving.discard(connection)
            self._silent.pop(connection, None)

    def begin(self, connection: asyncio.Protocol, hang_up: HangUp) -> bool:
        """Whether it may: not, if it was hung up on meanwhile. It is as old as its arrival."""
        if connection not in self._arriving:
            return False
        self._arriving.discard(connection)
        self.connections.add(connection)  # type: ignore[arg-type]
        self._silent[connection] = hang_up
        return True

    def asked(self, connection: asyncio.Protocol) -> None:
        """It sent a complete request, and is not closed before that is answered."""
        self._silent.pop(connection, None)
        self._idle.pop(connection, None)

    def rests(self, connection: asyncio.Protocol, hang_up: HangUp) -> None:
        """It has its answers, and may be closed if nobody is silent."""
        if connection in self.connections and connection not in self._silent:
            self._idle[connection] = hang_up

    def leave(self, connection: asyncio.Protocol) -> None:
        self.asked(connection)
        self._arriving.discard(connection)
        self.connections.discard(connection)

    def _make_room(self) -> bool:
        for waiting in (self._silent, self._idle):
            if waiting:
                connection, hang_up = waiting.popitem(last=False)
                self.leave(connection)
                hang_up()
                return True
        return False
