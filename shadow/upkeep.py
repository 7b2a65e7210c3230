"""What a running proxy does beside serving, each in a loop of its own: follow its files, forget old bodies, export."""

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from shadow.config.process import Retention as Settings
from shadow.config.process import Telemetry
from shadow.config.watch import Presence, Reread, Watcher
from shadow.errors import StoreError
from shadow.proxy.calls.related_memory import RelatedMemory
from shadow.proxy.runtime import Runtime
from shadow.store.asynchronous import AsyncStore
from shadow.store.base import Retention
from shadow.store.related import KEPT_SECONDS
from shadow.telemetry.families import Family

_RETAIN_SECONDS = 60.0
_METRICS_SECONDS = 60.0
_MISSED_SECONDS = 1.0

_log = logging.getLogger(__name__)


async def follow(runtime: Runtime, watcher: Watcher) -> None:
    """Offer each new text of the configuration file."""
    async for text in watcher:
        if not await runtime.offer(text):
            watcher.tell_again()


async def miss(runtime: Runtime, path: Path, files: Iterable[Reread]) -> None:
    """Tell which of the files that are read again cannot be used: the configuration, and those that hold tokens."""
    presence = Presence([path], files)
    while True:
        runtime.missing_files = presence.look()
        await asyncio.sleep(_MISSED_SECONDS)


async def retain(store: AsyncStore, settings: Settings, related: RelatedMemory) -> None:
    """Once a minute delete the bodies that are too old, too many or too large, and forget old customize answers."""
    retention = Retention(settings.age, settings.comparisons, settings.size)
    while True:
        await asyncio.sleep(_RETAIN_SECONDS)
        related.forget(time.time() - KEPT_SECONDS)
        try:
            await store.retain(time.time(), retention)
        except StoreError:
            _log.exception("old comparisons could not be deleted; tried again in a minute")


class Metrics:
    """To a collector, if one is configured: once a minute, and at the end what the last minute counted."""

    def __init__(self, settings: Telemetry, gather: Callable[[], Awaitable[list[Family]]]) -> None:
        """
        Args:
            gather: the metric families as they are now.
        """
        self._gather = gather
        self._export: Callable[[list[Family]], object] | None = None
        if settings.otlp_endpoint is not None:
            from shadow.telemetry.metrics import MetricsExport  # noqa: PLC0415 - start-up time and memory

            self._export = MetricsExport(settings.otlp_endpoint, settings.service_name).export

    async def run(self) -> None:
        while self._export is not None:
            await asyncio.sleep(_METRICS_SECONDS)
            await asyncio.to_thread(self._export, await self._gather())

    async def last(self, within_seconds: float) -> bool:
        """Whether they were sent in time. A collector that does not answer holds nobody up."""
        if self._export is None:
            return True
        families = await self._gather()
        # Not the loop's own threads: those are waited for at the end of the process.
        thread = threading.Thread(target=self._export, args=(families,), name="last-metrics", daemon=True)
        thread.start()
        await asyncio.to_thread(thread.join, within_seconds)
        return not thread.is_alive()
