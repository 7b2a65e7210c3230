"""One run of the compare process, as its parent sees it: started, written to, read from, ended.

Neither writing nor reading waits or has the event loop watch the pipes: the proxy looks when it chooses to.
"""

import asyncio
import fcntl
import os
import signal
import sys
from asyncio.subprocess import Process
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

from shadow.worker.frames import FrameReader, Kind, frame

COMMAND = (sys.executable, "-P", "-m", "shadow.worker")  # -P: nothing is imported from the working directory

_PIPE_BYTES = 1 << 20
_READ_BYTES = 256 * 1024
_GRACE_SECONDS = 0.5


class Child:
    """A started process that reads and writes frames. `pid` is for logs and tests."""

    def __init__(self, process: Process, requests: int, answers: int) -> None:
        self._process = process
        self._requests = requests
        self._answers = answers
        self._unsent: deque[memoryview] = deque()
        self._frames = FrameReader()

    @classmethod
    async def start(cls, command: Sequence[str]) -> Self:
        """Execute the command; not forked, so that nothing of the proxy's memory, sockets or locks is in it.

        Raises:
            OSError: it cannot be executed.
        """
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SHADOW_")}
        its_input, requests = _pipe()
        answers, its_output = _pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=its_input, stdout=its_output, env=environment
            )
        except BaseException:
            os.close(requests)
            os.close(answers)
            raise
        finally:
            os.close(its_input)
            os.close(its_output)
        os.set_blocking(requests, False)
        os.set_blocking(answers, False)
        return cls(process, requests, answers)

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, kind: Kind, payload: bytes) -> None:
        """Write a frame, as far as the pipe takes it; `flush` writes the rest. Raises ConnectionError if it is gone."""
        self._unsent.append(memoryview(frame(kind, payload)))
        self.flush()

    def flush(self) -> bool:
        """Whether everything sent is in the pipe. Raises ConnectionError if the process is gone."""
        while self._unsent:
            try:
                written = os.write(self._requests, self._unsent[0])
            except BlockingIOError:
                return False
            if written == len(self._unsent[0]):
                self._unsent.popleft()
            else:
                self._unsent[0] = self._unsent[0][written:]
        return True

    def receive(self) -> list[tuple[Kind, bytes]]:
        """The frames that have come in.

        Raises:
            EOFError: the process is gone, and everything it said has been received.
            ValueError: it does not speak in frames.
        """
        received: list[tuple[Kind, bytes]] = []
        with suppress(BlockingIOError):
            while data := os.read(self._answers, _READ_BYTES):
                received += self._frames.feed(data)
            if not received:
                raise EOFError
        return received

    async def end(self) -> bool:
        """End the process, by the end of its input if it minds that soon. True if it had used up its CPU time."""
        os.close(self._requests)
        ended = asyncio.ensure_future(self._process.wait())
        try:
            # Not asyncio.timeout: before Python 3.11.3 it never runs out in a task that is being cancelled.
            await asyncio.wait([ended], timeout=_GRACE_SECONDS)
        finally:
            if not ended.done():
                with suppress(ProcessLookupError):
                    self._process.kill()
                await asyncio.wait([ended])
            os.close(self._answers)
        return self._process.returncode == -signal.SIGPROF


def _pipe() -> tuple[int, int]:
    """A pipe that holds several pairs, where the system allows it."""
    reading, writing = os.pipe()
    with suppress(OSError, AttributeError):
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return reading, writing
