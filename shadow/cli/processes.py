"""Processes that a command starts, each ended by its own id, and free ports for them."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from shadow.cli.common import CommandError

START_SECONDS = 20.0
END_SECONDS = 15.0
"""Above the ten seconds in which a proxy finishes what is under way."""


def free_port() -> int:
    """A port of the loopback that nobody listens on right now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Process:
    """One `shadow` command in a process of its own, its log in a file."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self._process = process
        self._log = log

    async def ready(self, url: str) -> None:
        """Wait until `url` answers 200.

        Raises:
            CommandError: the process ended, or is not there in time; with the last line of its log.
        """
        async with httpx.AsyncClient(trust_env=False) as client:
            deadline = asyncio.get_running_loop().time() + START_SECONDS
            while asyncio.get_running_loop().time() < deadline and self._process.returncode is None:
                try:
                    if (await client.get(url)).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)
        raise CommandError(f"{self.name} did not start: {self._last_words()}")

    async def end(self) -> None:
        """SIGTERM, and SIGKILL if that is not heard. Ending it twice is fine."""
        if self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), END_SECONDS)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


@asynccontextmanager
async def shadow(name: str, *arguments: str, log: Path, environment: Mapping[str, str]) -> AsyncIterator[Process]:
    """Run `shadow ARGUMENTS` until the block ends.

    In a session of its own: Ctrl-C reaches the command alone, which then ends what it started in order.
    """
    with log.open("wb") as stream:
        started = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "shadow",
            *arguments,
            env=dict(environment),
            stdout=stream,
            stderr=stream,
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    process = Process(name, started, log)
    try:
        yield process
    finally:
        await process.end()
