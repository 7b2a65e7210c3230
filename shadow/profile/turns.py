"""One call of a namespace at a time, in the order in which they came; what waits takes no thread.

Only a call whose turn it is goes to a thread, so a backlog of one namespace holds no thread that others need. A caller
that hangs up leaves the line.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary


class LeftError(Exception):
    """The caller hung up before its turn."""


class Turns:
    """The lines of all namespaces; a line is gone as soon as nobody stands in it."""

    def __init__(self) -> None:
        self._lines: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, namespace: str, hung_up: Callable[[], Awaitable[Any]]) -> AsyncIterator[None]:
        """The namespace's turn, within which nobody else has it.

        Args:
            hung_up: returns when the caller is gone; asked only if there is a line.

        Raises:
            LeftError: the caller was gone first.
        """
        line = self._lines.setdefault(namespace, asyncio.Lock())
        if line.locked():
            await _wait(line, hung_up)
        else:
            await line.acquire()
        try:
            yield
        finally:
            line.release()


async def _wait(line: asyncio.Lock, hung_up: Callable[[], Awaitable[Any]]) -> None:
    """Returns with the line acquired; if not, it is not."""
    turn, gone = asyncio.ensure_future(line.acquire()), asyncio.ensure_future(hung_up())
    try:
        await asyncio.wait((turn, gone), return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        if turn.done():
            line.release()
        turn.cancel()
        raise
    finally:
        gone.cancel()
    if not turn.done():
        turn.cancel()
        raise LeftError
