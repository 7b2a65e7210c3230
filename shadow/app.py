"""The composition root of the proxy: builds every part, starts them in order, and ends them in the opposite one."""

import asyncio
import hashlib
import hmac
import logging
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

from shadow import logs
from shadow.config.files import require_files
from shadow.config.load import parse
from shadow.config.model import Configuration, Server
from shadow.config.tokens import TokensFile
from shadow.config.watch import Presence, SecretFile, Watcher
from shadow.errors import StoreError
from shadow.implementations import Implementations
from shadow.proxy.background import Background
from shadow.proxy.brakes import GUARD, Brakes
from shadow.proxy.convergence import Convergences
from shadow.proxy.dispatch import Chance, Dispatcher, new_call_id
from shadow.proxy.fronts import Fronts
from shadow.proxy.guard import Guard
from shadow.proxy.metering import Meter
from shadow.proxy.migration import Migration
from shadow.proxy.parents import Parents
from shadow.proxy.recorder import Recorder
from shadow.proxy.redaction_key import redaction_key
from shadow.proxy.related_memory import RelatedMemory
from shadow.proxy.runtime import Runtime, governed_by
from shadow.proxy.snapshot import Snapshot, build
from shadow.proxy.startup import Offered, last_accepted, offered, served_before
from shadow.redact import Redactor
from shadow.store.asynchronous import AsyncStore
from shadow.store.base import Change, Counters, ParentState, RelatedState, Retention, Store
from shadow.store.open import exists, open_store
from shadow.telemetry.telemetry import Telemetry
from shadow.web.auth import Doorkeeper, Keyring, Sessions
from shadow.web.connection import HookConnection
from shadow.web.control import control_app
from shadow.web.desk import Desk
from shadow.web.findings import Findings
from shadow.web.hooks import HookEndpoint
from shadow.web.listen import Listener, ListenError
from shadow.web.metrics import readiness_of
from shadow.worker.client import CompareWorker, WorkerSettings
from shadow.worker.reuse import Reuse

DRAIN_SECONDS = 10.0
"""From the signal to the end: calls in flight are answered first, then comparisons finished, the rest is counted."""
_LAST_SECONDS = 1.5  # of these, for what is left to compare and for the last batch
_RETAIN_SECONDS = 60.0
_METRICS_SECONDS = 60.0
_MISSED_SECONDS = 1.0

_log = logging.getLogger(__name__)

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
    accepted = await store.read(lambda s: s.accepted_configuration())
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
        self, store: AsyncStore, store_url: str, configuration: Configuration, known: Remembered, brakes: Brakes
    ) -> None:
        server = configuration.server
        key = redaction_key(configuration.redaction.key_file, Path(store_url.removeprefix("sqlite:///")))
        logs.set_up(Redactor(key, configuration.redaction.paths).text)
        self.store = store
        self.brakes = brakes
        self.configuration = configuration
        self.background = Background()
        self.parents = Parents(known.parents)
        self.related = RelatedMemory(known.related)
        self.fronts = Fronts()
        self.convergences = Convergences(self.parents, brakes, self.fronts, time.time)
        self.implementations = Implementations(configuration.upstream)
        self.telemetry = Telemetry(configuration.telemetry)
        matched = configuration.retention.matched
        self.recorder = Recorder(
            f"{socket.gethostname()}-{os.getpid()}-{time.time_ns()}",
            store,
            self.parents,
            self.related,
            self.telemetry,
            time.time,
            lambda: random.random() < matched,  # noqa: S311 - a sample, no secret
            known.before,
        )
        reuse = Reuse(self.recorder.compared, self.recorder.lost)
        self.worker = CompareWorker(
            WorkerSettings(
                redaction_key=key,
                redaction_paths=configuration.redaction.paths,
                budget_seconds=configuration.compare.budget,
                queue_bytes=configuration.compare.queue,
            ),
            reuse.compared,
            reuse.lost,
        )
        reuse.comparer = self.worker
        self.recorder.worker = reuse
        self.guard = self.recorder.guard = Guard(brakes.get, self._pull, self.recorder.change, time.time)
        self.runtime = Runtime(store, brakes, self.recorder, self, self._build, time.time)
        self.dispatcher = Dispatcher(
            brakes,
            self.parents,
            self.recorder,
            self.fronts,
            self.convergences,
            self.related,
            self.background.spawn,
            Chance(time.time, new_call_id, random.random),
            configuration.telemetry.sample,
        )
        hooks = HookEndpoint(
            self.dispatcher, self.runtime.migrations, token_of(server.hooks_token_file), server.max_body
        )
        self.meter = Meter(
            self.recorder.instruments,
            self.runtime.migrations,
            brakes,
            self.convergences,
            lambda: self.worker.queued_bytes,
            lambda name: len(self.fronts.calling(name, time.time())),
        )
        self.desk = desk = Desk(
            self.runtime,
            brakes,
            self.recorder,
            self.parents,
            self.fronts,
            self.convergences,
            self.meter,
            store,
            Findings(store, self.recorder),
            doorkeeper(server, key),
            time.time,
        )
        drain = DRAIN_SECONDS - _LAST_SECONDS
        self.hooks = Listener(
            "hooks",
            hooks,
            server.hooks,
            server.tls,
            drain,
            HookConnection if server.http == "asyncio" else "httptools",
        )
        try:
            self.control = Listener("control", control_app(desk), server.control, server.control_tls, drain)
        except ListenError:
            self.hooks.close()
            raise

    @classmethod
    async def build(cls, store: AsyncStore, store_url: str, configuration: Configuration) -> "Proxy":
        known = await store.read(lambda s: remembered(s, set(configuration.migrations)))
        brakes = Brakes(store, await store.read(lambda s: s.brakes()), time.time)
        return cls(store, store_url, configuration, known, brakes)

    def set_rules_in_force(self, rules: Mapping[str, list[dict[str, object]]]) -> None:
        """Hand all rules to the compare process."""
        self.worker.set_rules_in_force({digest: msgspec.json.encode(records) for digest, records in rules.items()})

    def snapshot_of(self, text: str, configuration: Configuration) -> Snapshot:
        return build(configuration, text, self.implementations.get)

    def _build(self, text: str) -> Snapshot:
        configuration = parse(text, "the configuration file")
        require_files(configuration)
        return self.snapshot_of(text, configuration)

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
        await self.runtime.take_over(first, accepted=offer.problem is None)
        await self._restore_guards(first)
        self.recorder.change(Change(time.time(), None, "start", "process", "it started", {"digest": first.digest}))
        async with asyncio.TaskGroup() as group:
            helpers = [
                group.create_task(self.recorder.flush_forever()),
                group.create_task(self.brakes.retry_forever()),
                group.create_task(self._watch(Watcher(path, offer.text))),
                group.create_task(self._miss(Presence((path, *_secrets_of(self.configuration.server))))),
                group.create_task(self._retain_forever()),
                group.create_task(self._export_metrics()),
            ]
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
        await asyncio.to_thread(self.telemetry.shutdown, 1.0)
        await self.implementations.close()

    async def _drain(self, seconds: float) -> None:
        deadline = time.monotonic() + max(0.0, seconds)
        await self.background.drain(max(0.0, seconds) / 2)
        await self.worker.drain(max(0.0, deadline - time.monotonic()))
        await self.worker.close()

    async def _watch(self, watcher: Watcher) -> None:
        async for text in watcher:
            if not await self.runtime.offer(text):
                watcher.tell_again()

    async def _miss(self, presence: Presence) -> None:
        while True:
            self.runtime.missing_files = presence.look()
            await asyncio.sleep(_MISSED_SECONDS)

    async def _export_metrics(self) -> None:
        """To a collector once a minute, and a last time at the end, if one is configured."""
        settings = self.configuration.telemetry
        if settings.otlp_endpoint is None:
            return
        from shadow.telemetry.metrics import MetricsExport  # noqa: PLC0415 - start-up time and memory

        export = MetricsExport(settings.otlp_endpoint, settings.service_name)
        while True:
            try:
                await asyncio.sleep(_METRICS_SECONDS)
                families = self.meter.families(await readiness_of(self.desk))
                await asyncio.to_thread(export.export, families)
            except StoreError:
                _log.exception("metrics could not be gathered; tried again in a minute")

    async def _retain_forever(self) -> None:
        settings = self.configuration.retention
        retention = Retention(settings.age, settings.comparisons, settings.size)
        while True:
            await asyncio.sleep(_RETAIN_SECONDS)
            try:
                await self.store.retain(time.time(), retention)
            except StoreError:
                _log.exception("old comparisons could not be deleted; tried again in a minute")


def _secrets_of(server: Server) -> list[Path]:
    return [path for path in (server.token_file, server.tokens_file, server.hooks_token_file) if path is not None]


def doorkeeper(server: Server, key: bytes) -> Doorkeeper:
    """Who may use the control address; `key` is known to the servers only."""
    one = SecretFile(server.token_file) if server.token_file else None
    if one is not None:
        one.read()  # a token that cannot be read is told at the start
    keyring = Keyring(one, TokensFile(server.tokens_file) if server.tokens_file else None)
    session_key = hmac.new(key, b"sessions of the page", hashlib.sha256).digest()
    return Doorkeeper(keyring, Sessions(keyring, session_key, time.time), server.control.loopback)


def _kept(migration: str, epoch: str) -> Callable[[Store], dict[int, dict[str, float]]]:
    return lambda store: store.guard(migration, epoch)


def token_of(path: Path | None) -> Callable[[], str | None]:
    """The content of a token file as it is now; no token is asked for without a file."""
    if path is None:
        return lambda: None
    file = SecretFile(path)
    file.read()  # a token that cannot be read is told at the start
    return file.read


async def until_signalled() -> None:
    """Until SIGTERM or SIGINT."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, told.set)
    await told.wait()
