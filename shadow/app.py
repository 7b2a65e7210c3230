"""The composition root of the proxy: builds every part, starts them in order, and ends them in the opposite one."""

import asyncio
import os
import random
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from shadow import __version__, logs, upkeep
from shadow.config.files import require_files
from shadow.config.load import parse
from shadow.config.model import Configuration
from shadow.config.storeurl import sqlite_path
from shadow.config.watch import Watcher
from shadow.errors import UnreachableError
from shadow.implementations import Implementations
from shadow.proxy.calls.background import Background
from shadow.proxy.calls.related_memory import RelatedMemory
from shadow.proxy.cutover.brakes import GUARD, Brakes
from shadow.proxy.cutover.convergence import Convergences
from shadow.proxy.cutover.footing import Footing
from shadow.proxy.cutover.parents import Parents
from shadow.proxy.cutover.recall import Recall
from shadow.proxy.dispatch import Chance, Dispatcher, new_call_id
from shadow.proxy.guard.guard import Guard
from shadow.proxy.migrations.fronts import Fronts
from shadow.proxy.migrations.migration import Migration
from shadow.proxy.migrations.redaction_key import redaction_key
from shadow.proxy.migrations.snapshot import Snapshot, build
from shadow.proxy.migrations.startup import Offered, last_accepted, offered, served_before
from shadow.proxy.record.keeping import Keeping
from shadow.proxy.record.metering import Meter
from shadow.proxy.record.recorder import Recorder
from shadow.proxy.replicas.acknowledgement import Acknowledgement
from shadow.proxy.replicas.clock import SharedClock
from shadow.proxy.replicas.membership import Membership, Parts
from shadow.proxy.runtime import Runtime, governed_by
from shadow.recordings.client import Recording
from shadow.recordings.taken import Orders
from shadow.redact import Redactor
from shadow.store.asynchronous import AsyncStore
from shadow.store.base import Change, Counters, ParentState, RelatedState, Store
from shadow.store.open import exists, open_store
from shadow.telemetry.families import Family
from shadow.telemetry.telemetry import Telemetry
from shadow.web.bounded import BoundedConnection
from shadow.web.connection import HookConnection
from shadow.web.control import control_app
from shadow.web.desk import Desk
from shadow.web.doors import doorkeeper, token_of
from shadow.web.findings import Findings
from shadow.web.hooks import HookEndpoint
from shadow.web.listen import Listener, ListenError
from shadow.web.metrics import readiness_of
from shadow.worker.client import CompareWorker, WorkerSettings
from shadow.worker.reuse import Reuse

DRAIN_SECONDS = 10.0
"""From the signal to the end: calls in flight are answered first, then comparisons finished, the rest is counted."""
_LAST_SECONDS = 1.5  # of these, for what is left to compare and for the last batch

Told = Callable[[], Awaitable[object]]
"""Returns when the process is to end."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the store knows when the process starts."""

    parents: list[ParentState]
    related: list[RelatedState]
    before: dict[str, Counters]


def remembered(store: Store, names: set[str]) -> Remembered:
    """Of these migrations and of all that the store has a brake of."""
    known = names | set(store.brakes())
    parents = [state for name in known for state in store.served_identities(name)]
    related = [state for name in known for state in store.related(name)]
    return Remembered(parents, related, {name: store.counters(name) for name in known})


async def serve(path: Path, environ: Mapping[str, str] = os.environ, told: Told | None = None) -> None:
    """Serve until told to end: by SIGTERM or SIGINT unless something else is given.

    Raises:
        ConfigurationError: there is no configuration to serve with.
        StoreError: the store cannot be opened.
        ListenError: an address is taken.
    """
    offer = offered(path, environ)
    if offer.problem is not None and not exists(offer.store_url):
        raise offer.problem  # nothing was ever accepted, and a refused start leaves no files behind
    store = AsyncStore(open_store(offer.store_url))
    await store.open(time.time())
    try:
        await _serve_with(store, offer, path, told or until_signalled)
    finally:
        await store.close()


async def _serve_with(store: AsyncStore, offer: Offered, path: Path, told: Told) -> None:
    text, configuration = offer.text, offer.configuration
    try:
        accepted = await store.read(lambda s: s.accepted_configuration())
    except UnreachableError:  # a database that may come back: until then nobody is served
        if configuration is None:
            raise
        accepted = None
    if configuration is None:
        assert offer.problem is not None
        text, configuration = last_accepted(accepted, offer.problem)
    proxy = await Proxy.build(store, offer.store_url, configuration)
    proxy.runtime.served_before = served_before(accepted)
    if offer.problem is not None:
        proxy.runtime.refuse(offer.problem)
    await proxy.run(proxy.snapshot_of(text, configuration), offer, path, told)


class Proxy:
    """One running proxy."""

    def __init__(
        self,
        store: AsyncStore,
        store_url: str,
        configuration: Configuration,
        known: Remembered,
        brakes: Brakes,
        clock: SharedClock,
    ) -> None:
        key = redaction_key(configuration.redaction.key_file, sqlite_path(store_url))
        logs.set_up(Redactor(key, configuration.redaction.paths).text)
        self.store = store
        self.brakes = brakes
        self.clock = clock
        self.footing = Footing(configuration.server.replica_grace, shared=store.shared is not None)
        self.configuration = configuration
        self.background = Background()
        self.parents = Parents(known.parents)
        self.related = RelatedMemory(known.related)
        self.fronts = Fronts()
        self.convergences = Convergences(self.parents, brakes, self.fronts, clock)
        self.implementations = Implementations(configuration.upstream)
        self.telemetry = Telemetry(configuration.telemetry)
        self.recorder = self._recorder(known)
        self.worker = self._worker(key)
        self.recording = self._recording(key)
        self.guard = self.recorder.guard = Guard(brakes.get, self._pull, self.recorder.change, clock)
        self.runtime = Runtime(store, brakes, self.recorder, self, self._build, clock)
        self.membership: Membership | None = None  # among the replicas that serve from the same database
        self.meter = self._meter()
        self.desk = self._desk(key)
        self.hooks, self.control = self._listeners()

    def _recorder(self, known: Remembered) -> Recorder:
        matched = self.configuration.retention.matched
        return Recorder(
            f"{socket.gethostname()}-{os.getpid()}-{time.time_ns()}",
            self.store,
            self.parents,
            self.related,
            self.telemetry,
            self.clock,
            lambda: random.random() < matched,  # noqa: S311 - a sample, no secret
            known.before,
        )

    def _worker(self, key: bytes) -> CompareWorker:
        """The compare process; the recorder hands it pairs through what spares it the same pair twice."""
        reuse = Reuse(self.recorder.compared, self.recorder.lost)
        settings = WorkerSettings(
            redaction_key=key,
            redaction_paths=self.configuration.redaction.paths,
            budget_seconds=self.configuration.compare.budget,
            queue_bytes=self.configuration.compare.queue,
        )
        worker = CompareWorker(settings, reuse.compared, reuse.lost)
        reuse.comparer = worker
        self.recorder.worker = reuse
        return worker

    def _recording(self, key: bytes) -> Recording | None:
        settings = self.configuration.recording
        if settings is None:
            return None
        paths, directory = self.configuration.redaction.paths, str(settings.directory.absolute())
        orders = Orders(key, paths, directory, settings.max_size, __version__, socket.gethostname())
        recording = Recording(orders, settings.sample)
        self.recorder.keeping = Keeping(recording)
        return recording

    def _meter(self) -> Meter:
        return Meter(
            self.recorder.instruments,
            self.runtime.migrations,
            self.brakes,
            self.convergences,
            lambda: self.worker.queued_bytes,
            lambda name: len(self.fronts.calling(name, self.clock())),
            self.recording,
        )

    def _desk(self, key: bytes) -> Desk:
        return Desk(
            self.runtime,
            self.brakes,
            self.recorder,
            self.parents,
            self.fronts,
            self.convergences,
            self.meter,
            self.store,
            Findings(self.store, self.recorder),
            doorkeeper(self.configuration.server, key),
            self.clock,
        )

    def _endpoint(self) -> HookEndpoint:
        dispatcher = Dispatcher(
            self.brakes,
            self.footing,
            self.runtime.migrations,
            self.parents,
            Recall(self.parents, self.store, self.footing),
            self.recorder,
            self.fronts,
            self.convergences,
            self.related,
            self.background.spawn,
            Chance(self.clock, new_call_id, random.random),
            self.configuration.telemetry.sample,
        )
        server = self.configuration.server
        return HookEndpoint(dispatcher, self.runtime.migrations, token_of(server.hooks_token_file), server.max_body)

    def _listeners(self) -> tuple[Listener, Listener]:
        """Hooks and control; both addresses are taken, or neither."""
        server, drain = self.configuration.server, DRAIN_SECONDS - _LAST_SECONDS
        hooks = Listener(
            "hooks",
            self._endpoint(),
            server.hooks,
            server.tls,
            drain,
            HookConnection if server.http == "asyncio" else BoundedConnection,
        )
        try:
            return hooks, Listener("control", control_app(self.desk), server.control, server.control_tls, drain)
        except ListenError:
            hooks.close()
            raise

    @classmethod
    async def build(cls, store: AsyncStore, store_url: str, configuration: Configuration) -> "Proxy":
        clock = SharedClock()
        if store.shared is not None:  # what it knows comes with the first heartbeat
            return cls(store, store_url, configuration, Remembered([], [], {}), Brakes(store, {}, clock), clock)
        known = await store.read(lambda s: remembered(s, set(configuration.migrations)))
        brakes = Brakes(store, await store.read(lambda s: s.brakes()), clock)
        return cls(store, store_url, configuration, known, brakes, clock)

    def set_rules_in_force(self, rules: Mapping[str, list[dict[str, object]]]) -> None:
        """Hand all rules to the compare process."""
        self.worker.set_rules_in_force({digest: msgspec.json.encode(records) for digest, records in rules.items()})

    def snapshot_of(self, text: str, configuration: Configuration) -> Snapshot:
        return build(configuration, text, self.implementations.get)

    async def _build(self, text: str) -> Snapshot:
        # On a thread: a megabyte of YAML takes seconds, in which no call may wait.
        return self._checked(await asyncio.to_thread(parse, text, "the configuration file"), text)

    def _checked(self, configuration: Configuration, text: str) -> Snapshot:
        require_files(configuration)
        return self.snapshot_of(text, configuration)

    async def _join(self, own: Snapshot, offer: Offered) -> Membership:
        """Serve what all replicas serve; a database that does not answer yet will tell later what that is."""
        parts = Parts(
            self.brakes,
            self.parents,
            self.related,
            self.fronts,
            self.recorder,
            self.guard,
            self.runtime,
            self.footing,
            self.clock,
        )
        valid, grace = offer.problem is None, self.configuration.server.replica_grace
        membership = Membership(self.store, parts, own if valid else None, self._checked, grace)
        self.desk.acknowledgement = Acknowledgement(self.store, parts, membership)
        await membership.beat()
        if self.runtime.snapshot is None:
            await self.runtime.take_over(own, accepted=valid)
        return membership

    def _pull(self, migration: Migration, because: str, values: Mapping[str, float]) -> None:
        """The guard's hand on the brake."""
        snapshot = self.runtime.snapshot
        present = snapshot.migrations.get(migration.name) if snapshot is not None else None
        if snapshot is None or present is None or present.governed_digest != migration.governed_digest:
            return  # what it saw was of a configuration that is not in force any more
        governed = governed_by(snapshot, migration.name) | {"guard": dict(values)}
        self.background.spawn(self._pulled(migration.name, because, governed))

    async def _pulled(self, name: str, because: str, governed: Mapping[str, object]) -> None:
        await self.brakes.pull(name, GUARD, because, governed)

    async def _restore_guards(self, first: Snapshot) -> None:
        for migration in first.migrations.values():
            self.guard.restore(migration, await self.store.read(_kept(migration.name, self.guard.epoch(migration))))

    async def run(self, first: Snapshot, offer: Offered, path: Path, told: Told) -> None:
        """Serve until told to end, then drain."""
        await self.worker.start()
        if self.recording is not None:
            self.recording.start()
        await self.runtime.restore_revisions(first.migrations)
        metrics = upkeep.Metrics(self.configuration.telemetry, self._families)
        if self.store.shared is not None:
            self.membership = self.desk.membership = await self._join(first, offer)
        else:
            await self.runtime.take_over(first, accepted=offer.problem is None)
            await self._restore_guards(first)
        self.recorder.change(Change(self.clock(), None, "start", "process", "it started", {"digest": first.digest}))
        async with asyncio.TaskGroup() as group:
            helpers = [
                group.create_task(self.recorder.flush_forever()),
                group.create_task(self.brakes.retry_forever()),
                group.create_task(upkeep.follow(self.runtime, Watcher(path, offer.text))),
                group.create_task(upkeep.miss(self.runtime, path, self.configuration.server)),
                group.create_task(upkeep.retain(self.store, self.configuration.retention, self.related)),
                group.create_task(metrics.run()),
            ]
            if self.membership is not None:
                helpers.append(group.create_task(self.membership.run()))
            servers = [group.create_task(listener.run_until_told()) for listener in (self.hooks, self.control)]
            await told()
            started = time.monotonic()
            self.hooks.stop()
            await asyncio.wait(servers[:1])
            await self._drain(DRAIN_SECONDS - 1.0 - (time.monotonic() - started))
            for task in helpers:
                task.cancel()
            self.control.stop()
        await self.recorder.close()
        if self.membership is not None:
            await self.membership.leave()
        await asyncio.gather(asyncio.to_thread(self.telemetry.shutdown, 1.0), metrics.last(1.0))
        await self.implementations.close()

    async def _drain(self, seconds: float) -> None:
        deadline = time.monotonic() + max(0.0, seconds)
        await self.background.drain(max(0.0, seconds) / 2)
        await asyncio.gather(self._end_comparing(deadline), self._end_recording(deadline))

    async def _end_comparing(self, deadline: float) -> None:
        await self.worker.drain(max(0.0, deadline - time.monotonic()))
        await self.worker.close()

    async def _end_recording(self, deadline: float) -> None:
        if self.recording is not None:
            await self.recording.close(max(0.0, deadline - time.monotonic()))

    async def _families(self) -> list[Family]:
        return self.meter.families(await readiness_of(self.desk))


def _kept(migration: str, epoch: str) -> Callable[[Store], dict[int, dict[str, float]]]:
    return lambda store: store.guard(migration, epoch)


async def until_signalled() -> None:
    """Until SIGTERM or SIGINT."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, told.set)
    await told.wait()
