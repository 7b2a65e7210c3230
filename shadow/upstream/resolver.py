"""The addresses of one host name, asked for once at a time.

A name server that does not answer holds a thread of a small pool that all of the process shares. One look-up at a time
and host, whatever number of calls waits for it, keeps a hanging shadow's name from standing in the primary's way.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

FRESH_SECONDS = 5.0
"""How long addresses are used without asking again: only bursts of new connections profit, moves are soon seen."""


LookUp = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port to addresses; raises OSError."""


async def look_up(host: str, port: int) -> Sequence[str]:
    """Ask the system, on a thread of the loop's pool."""
    try:
        infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as exc:
        raise socket.gaierror(socket.EAI_NONAME, "not a name") from exc
    return tuple(dict.fromkeys(str(info[4][0]) for info in infos))


class Resolver:
    """Of one host name, or an address, which is its own answer."""

    def __init__(self, host: str, port: int, ask: LookUp = look_up) -> None:
        self._ask = ask
        self._host = host
        self._port = port
        self._literal = _is_address(host)
        self._addresses: Sequence[str] = ()
        self._fresh_until = 0.0
        self._looking: asyncio.Task[Sequence[str] | OSError] | None = None

    async def addresses(self) -> Sequence[str]:
        """
        Raises:
            OSError: `socket.gaierror`, mostly: the name cannot be resolved.
        """
        if self._literal:
            return (self._host,)
        loop = asyncio.get_running_loop()
        if self._addresses and loop.time() < self._fresh_until:
            return self._addresses
        if self._looking is None:
            self._looking = loop.create_task(self._look(loop), name=f"resolve-{self._host}")
        found = await asyncio.shield(self._looking)
        if isinstance(found, OSError):
            raise found
        return found

    async def close(self) -> None:
        """Give up a look-up under way: it fails for those who wait for it."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    async def _look(self, loop: asyncio.AbstractEventLoop) -> Sequence[str] | OSError:
        """A failure is returned, not raised: all who wait for it may have given up."""
        try:
            self._addresses = await self._ask(self._host, self._port)
        except OSError as exc:
            return exc
        except asyncio.CancelledError:  # only `close` and the end of the loop do that
            return OSError("the look-up was given up")
        finally:
            self._looking = None
        self._fresh_until = loop.time() + FRESH_SECONDS
        return self._addresses


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
