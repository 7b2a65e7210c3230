"""Tasks that outlive the call that began them: shadow calls. One owner, so that none is orphaned at the end."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Background:
    """Runs coroutines that do not raise; bounded by the gates that they wait at."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def drain(self, timeout_seconds: float) -> None:
        """Wait for what is under way, then cancel the rest."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_seconds)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
