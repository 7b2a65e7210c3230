"""One run of the compare process, as its parent sees it: started, written to, read from, ended."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Self

from shadow.worker.frames import PREFIX_BYTES, Kind, frame, read_prefix

COMMAND = (sys.executable, "-m", "shadow.worker")

_BUFFER_BYTES = 1 << 20
_GRACE_SECONDS = 0.5


class Child:
    """A started process that reads and writes frames. `pid` is for logs and tests."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._requests = process.stdin
        self._answers = process.stdout
        self._requests.transport.set_write_buffer_limits(high=_BUFFER_BYTES)

    @classmethod
    async def start(cls, command: Sequence[str]) -> Self:
        """Execute the command; not forked, so that nothing of the proxy's memory, sockets or locks is in it.

        Raises:
            OSError: it cannot be executed.
        """
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SHADOW_")}
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, env=environment, limit=_BUFFER_BYTES
        )
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def send(self, kind: Kind, payload: bytes) -> None:
        """Returns when the pipe has taken most of it. Raises ConnectionError when the process has gone."""
        self._requests.write(frame(kind, payload))
        await self._requests.drain()

    async def frames(self) -> AsyncIterator[tuple[Kind, bytes]]:
        """What it answers, until it ends. Raises ValueError when that is not frames."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length, kind = read_prefix(await self._answers.readexactly(PREFIX_BYTES))
                yield kind, await self._answers.readexactly(length)

    async def end(self) -> bool:
        """End the process, by the end of its input if it minds that soon. True if it had used up its CPU time."""
        self._requests.close()
        try:
            async with asyncio.timeout(_GRACE_SECONDS):
                await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        return self._process.returncode == -signal.SIGPROF
