"""What a running proxy does beside serving, each in a loop of its own: follow its files, forget old bodies, export."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from shadow.config.model import Retention as Settings
from shadow.config.model import Server, Telemetry
from shadow.config.watch import Presence, Watcher
from shadow.errors import StoreError
from shadow.proxy.runtime import Runtime
from shadow.store.asynchronous import AsyncStore
from shadow.store.base import Retention
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


async def miss(runtime: Runtime, path: Path, server: Server) -> None:
    """Tell which of the files that are read again are not there."""
    tokens = (server.token_file, server.tokens_file, server.hooks_token_file)
    presence = Presence((path, *(file for file in tokens if file is not None)))
    while True:
        runtime.missing_files = presence.look()
        await asyncio.sleep(_MISSED_SECONDS)


async def retain(store: AsyncStore, settings: Settings) -> None:
    """Once a minute delete the bodies that are too old, too many or too large."""
    retention = Retention(settings.age, settings.comparisons, settings.size)
    while True:
        await asyncio.sleep(_RETAIN_SECONDS)
        try:
            await store.retain(time.time(), retention)
        except StoreError:
            _log.exception("old comparisons could not be deleted; tried again in a minute")


async def export_metrics(settings: Telemetry, gather: Callable[[], Awaitable[list[Family]]]) -> None:
    """To a collector once a minute, if one is configured; what the last minute counted is not sent.

    Args:
        gather: the metric families as they are now.
    """
    if settings.otlp_endpoint is None:
        return
    from shadow.telemetry.metrics import MetricsExport  # noqa: PLC0415 - start-up time and memory

    export = MetricsExport(settings.otlp_endpoint, settings.service_name)
    while True:
        try:
            await asyncio.sleep(_METRICS_SECONDS)
            await asyncio.to_thread(export.export, await gather())
        except StoreError:
            _log.exception("metrics could not be gathered; tried again in a minute")
