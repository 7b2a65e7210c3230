"""The life of one proxy: its parts are started in order, and ended in the opposite one when it is told to end."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

from shadow import upkeep
from shadow.app.parts import DRAIN_SECONDS
from shadow.app.proxy import Proxy
from shadow.config.watch import Reread, SecretFile, Watcher
from shadow.proxy.migrations.snapshot import Snapshot
from shadow.proxy.migrations.startup import Offered
from shadow.proxy.replicas.membership import Membership, Parts
from shadow.proxy.replicas.rollcall import RollCall
from shadow.store.base import Change
from shadow.telemetry.families import Family
from shadow.web.metrics import readiness_of

Told = Callable[[], Awaitable[object]]
"""Returns when the process is to end."""

_AFTER_DRAIN_SECONDS = 1.0  # of the time to drain, for what is left to write and to export


class Life:
    """Of a proxy that was offered this configuration by this file."""

    def __init__(self, proxy: Proxy, offer: Offered, path: Path) -> None:
        self._proxy = proxy
        self._offer = offer
        self._path = path
        self._membership: Membership | None = None  # among the replicas that serve from the same database
        self._metrics = upkeep.Metrics(proxy.configuration.telemetry, self._families)

    async def run(self, first: Snapshot, told: Told) -> None:
        """Serve until told to end, then drain."""
        await self._begin(first)
        proxy = self._proxy
        async with asyncio.TaskGroup() as group:
            helpers = [group.create_task(each) for each in self._upkeep()]
            servers = [group.create_task(listener.run_until_told()) for listener in (proxy.hooks, proxy.control)]
            await told()
            started = time.monotonic()
            proxy.hooks.stop()
            await asyncio.wait(servers[:1])
            await self._drain(DRAIN_SECONDS - _AFTER_DRAIN_SECONDS - (time.monotonic() - started))
            for task in helpers:
                task.cancel()
            proxy.control.stop()
        await self._end()

    async def _begin(self, first: Snapshot) -> None:
        proxy, valid = self._proxy, self._offer.problem is None
        await proxy.worker.start()
        if proxy.recording is not None:
            proxy.recording.start()
        await proxy.runtime.restore_revisions(first.migrations)
        if proxy.store.shared is not None:
            self._membership = proxy.desk.membership = await self._join(first)
        else:
            await proxy.runtime.take_over(first, accepted=valid)
            await self._restore_guards(first)
        proxy.writer.change(Change(proxy.clock(), None, "start", "process", "it started", {"digest": first.digest}))

    def _upkeep(self) -> list[Coroutine[Any, Any, None]]:
        """What goes on beside the serving."""
        proxy = self._proxy
        tasks = [
            proxy.recorder.flush_forever(),
            proxy.brakes.retry_forever(),
            upkeep.follow(proxy.runtime, Watcher(self._path, self._offer.text)),
            upkeep.miss(proxy.runtime, self._path, self._tokens()),
            upkeep.retain(proxy.store, proxy.configuration.retention, proxy.related),
            self._metrics.run(),
        ]
        return tasks if self._membership is None else [*tasks, self._membership.run()]

    def _tokens(self) -> Iterator[Reread]:
        """The files that tokens are read from, for either address."""
        yield from self._proxy.desk.door.keyring.files
        if (hooks := self._proxy.configuration.server.hooks_token_file) is not None:
            yield SecretFile(hooks)

    async def _join(self, own: Snapshot) -> Membership:
        """Serve what all replicas serve; a database that does not answer yet will tell later what that is."""
        proxy, valid = self._proxy, self._offer.problem is None
        parts = Parts(
            proxy.brakes,
            proxy.parents,
            proxy.related,
            proxy.fronts,
            proxy.writer.replica,
            proxy.recorder,
            proxy.guard,
            proxy.runtime,
            proxy.footing,
            proxy.clock,
        )
        grace = proxy.configuration.server.replica_grace
        membership = Membership(proxy.store, parts, own if valid else None, proxy.checked, grace)
        proxy.desk.roll_call = RollCall(proxy.store, parts, membership)
        await membership.beat()
        if proxy.runtime.snapshot is None:
            await proxy.runtime.take_over(own, accepted=valid)
        return membership

    async def _restore_guards(self, first: Snapshot) -> None:
        guard, store = self._proxy.guard, self._proxy.store
        for migration in first.migrations.values():
            guard.restore(migration, await store.guard(migration.name, guard.epoch(migration)))

    async def _drain(self, seconds: float) -> None:
        deadline = time.monotonic() + max(0.0, seconds)
        await self._proxy.background.drain(max(0.0, seconds) / 2)
        await asyncio.gather(self._end_comparing(deadline), self._end_recording(deadline))

    async def _end_comparing(self, deadline: float) -> None:
        await self._proxy.worker.drain(max(0.0, deadline - time.monotonic()))
        await self._proxy.worker.close()

    async def _end_recording(self, deadline: float) -> None:
        if self._proxy.recording is not None:
            await self._proxy.recording.close(max(0.0, deadline - time.monotonic()))

    async def _end(self) -> None:
        proxy = self._proxy
        await proxy.recorder.close()
        if self._membership is not None:
            await self._membership.leave()
        await asyncio.gather(
            asyncio.to_thread(proxy.telemetry.shutdown, _AFTER_DRAIN_SECONDS), self._metrics.last(_AFTER_DRAIN_SECONDS)
        )
        await proxy.implementations.close()

    async def _families(self) -> list[Family]:
        return self._proxy.meter.families(await readiness_of(self._proxy.desk))
