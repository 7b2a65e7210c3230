"""Decides who goes when an address has all the connections it may have: who says nothing, before who would be refused.

Whoever opens connections and is silent must not keep out somebody who calls, or who wants to pull the brake.
"""

import asyncio
from collections import OrderedDict

from uvicorn.server import ServerState


class Crowd(ServerState):
    """uvicorn's state of one server, bounded."""

    def __init__(self, most: int, silent_seconds: float) -> None:
        """`silent_seconds`: how long a new connection may wait before it sends anything."""
        super().__init__()
        self.silent_seconds = silent_seconds
        self.most = most
        self._silent: OrderedDict[asyncio.Protocol, asyncio.Transport] = OrderedDict()
        self._idle: OrderedDict[asyncio.Protocol, asyncio.Transport] = OrderedDict()

    def enter(self, connection: asyncio.Protocol, transport: asyncio.Transport) -> bool:
        """Whether there is room for a new one, perhaps because another one was closed."""
        if len(self.connections) >= self.most and not self._make_room():
            return False
        self.connections.add(connection)  # type: ignore[arg-type]
        self._silent[connection] = transport
        return True

    def asked(self, connection: asyncio.Protocol) -> None:
        """It sent a complete request, and is not closed before that is answered."""
        self._silent.pop(connection, None)
        self._idle.pop(connection, None)

    def rests(self, connection: asyncio.Protocol, transport: asyncio.Transport) -> None:
        """It has its answers, and may be closed if nobody is silent."""
        if connection in self.connections:
            self._idle[connection] = transport

    def leave(self, connection: asyncio.Protocol) -> None:
        self.asked(connection)
        self.connections.discard(connection)

    def _make_room(self) -> bool:
        for waiting in (self._silent, self._idle):
            if waiting:
                connection, transport = waiting.popitem(last=False)
                self.leave(connection)
                transport.abort()
                return True
        return False
