"""One proxy: every part, put together. `life` starts and ends them."""

import asyncio
import logging
import os
import random
from collections.abc import Mapping

import msgspec

from shadow import logs
from shadow.app import parts
from shadow.config.files import require_files
from shadow.config.load import parse
from shadow.config.model import Configuration
from shadow.config.storeurl import sqlite_path
from shadow.implementations import Implementations
from shadow.memory import Memory
from shadow.proxy.calls.background import Background
from shadow.proxy.calls.related_memory import RelatedMemory
from shadow.proxy.cutover.brakes import Brakes
from shadow.proxy.cutover.convergence import Convergences
from shadow.proxy.cutover.footing import Footing
from shadow.proxy.cutover.parents import Parents
from shadow.proxy.cutover.recall import Recall
from shadow.proxy.dispatch import Dispatcher
from shadow.proxy.guard.guard import Guard
from shadow.proxy.migrations.fronts import Fronts
from shadow.proxy.migrations.migration import Migration
from shadow.proxy.migrations.redaction_key import redaction_key
from shadow.proxy.migrations.snapshot import Snapshot, build
from shadow.proxy.opening import Chance, Opening, new_call_id
from shadow.proxy.record.instruments import Instruments
from shadow.proxy.record.keeping import Keeping
from shadow.proxy.record.metering import Meter
from shadow.proxy.record.recorder import Recorder
from shadow.proxy.record.writer import Writer
from shadow.proxy.remembering import Remembering
from shadow.proxy.replicas.clock import SharedClock
from shadow.proxy.runtime import Runtime, governed_by
from shadow.redact import Redactor
from shadow.store.asynchronous import AsyncStore
from shadow.store.base import GUARD, Counters
from shadow.telemetry.telemetry import Telemetry
from shadow.web.desk import Desk
from shadow.web.doors import doorkeeper, token_of
from shadow.web.findings import Findings
from shadow.web.hooks import HookEndpoint


class Proxy:
    """The parts, by name."""

    def __init__(
        self,
        store: AsyncStore,
        store_url: str,
        configuration: Configuration,
        known: parts.Remembered,
        brakes: Brakes,
        clock: SharedClock,
    ) -> None:
        key = redaction_key(configuration.redaction.key_file, sqlite_path(store_url))
        redactor = Redactor(key, configuration.redaction.paths)
        logs.set_up(redactor.text, level=logging.DEBUG if os.environ.get("SHADOW_DEBUG") else logging.INFO)
        self.store = store
        self.brakes = brakes
        self.clock = clock
        self.footing = Footing(configuration.server.replica_grace, shared=store.shared is not None)
        self.configuration = configuration
        self.background = Background()
        self.memory = Memory(configuration.server.in_flight)
        self.parents = Parents(known.parents)
        self.related = RelatedMemory(known.related)
        self.fronts = Fronts()
        self.convergences = Convergences(self.parents, brakes, self.fronts, clock)
        self.implementations = Implementations(configuration.upstream, self.memory)
        self.telemetry = Telemetry(configuration.telemetry)
        self.instruments = Instruments()
        self.writer = Writer(parts.replica_id(), store, self.parents, self.related, self.instruments, clock)
        self.guard = Guard(brakes.get, self._pull, self.writer.change, clock)
        self.runtime = Runtime(store, brakes, self.writer.change, self, redactor, self._build, clock)
        self.recording = parts.recording(configuration, key)
        self.recorder = self._recorder(known.before)
        self.worker = parts.compare_worker(configuration, key, self.recorder)
        self.meter = self._meter()
        self.desk = self._desk(key)
        self.hooks, self.control = parts.listeners(configuration, self._endpoint(), self.desk)

    def _recorder(self, before: Mapping[str, Counters]) -> Recorder:
        matched = self.configuration.retention.matched
        return Recorder(
            self.writer,
            self.instruments,
            self.parents,
            self.telemetry,
            lambda: random.random() < matched,  # noqa: S311 - a sample, no secret
            before,
            guard=self.guard,
            keeping=Keeping(self.recording) if self.recording is not None else None,
            heard=self.runtime.heard,
        )

    def _meter(self) -> Meter:
        return Meter(
            self.instruments,
            self.runtime.migrations,
            self.brakes,
            self.convergences,
            lambda: self.worker.queued_bytes,
            self.memory,
            lambda name: len(self.fronts.calling(name, self.clock())),
            self.recording,
        )

    def _desk(self, key: bytes) -> Desk:
        return Desk(
            self.runtime,
            self.brakes,
            self.recorder,
            self.writer,
            self.parents,
            self.fronts,
            self.convergences,
            self.meter,
            self.store,
            Findings(self.store, self.recorder, self.background.spawn),
            doorkeeper(self.configuration.server, key),
            self.clock,
        )

    def _endpoint(self) -> HookEndpoint:
        chance = Chance(self.clock, new_call_id, random.random)
        opening = Opening(
            self.brakes,
            self.parents,
            self.related,
            self.fronts,
            self.writer.change,
            chance,
            self.configuration.telemetry.sample,
            self.memory,
        )
        dispatcher = Dispatcher(
            opening,
            self.brakes,
            self.footing,
            self.runtime.migrations,
            Recall(self.parents, self.store, self.footing),
            self.related,
            Remembering(self.parents, self.related, self.writer, self.clock),
            self.recorder,
            self.writer,
            self.convergences,
            self.background.spawn,
            chance,
        )
        server = self.configuration.server
        token = token_of(server.hooks_token_file)
        return HookEndpoint(dispatcher, self.runtime.migrations, token, server.max_body, self.memory)

    @classmethod
    async def build(cls, store: AsyncStore, store_url: str, configuration: Configuration) -> "Proxy":
        clock = SharedClock()
        if store.shared is not None:  # what it knows comes with the first heartbeat
            known, pulled = parts.Remembered([], [], {}), Brakes(store, {}, clock)
        else:
            known = await store.read(lambda s: parts.remembered(s, set(configuration.migrations)))
            pulled = Brakes(store, await store.read(lambda s: s.brakes()), clock)
        return cls(store, store_url, configuration, known, pulled, clock)

    def set_rules_in_force(self, rules: Mapping[str, list[dict[str, object]]]) -> None:
        """Hand all rules to the compare process."""
        self.worker.set_rules_in_force({digest: msgspec.json.encode(records) for digest, records in rules.items()})

    def snapshot_of(self, text: str, configuration: Configuration) -> Snapshot:
        return build(configuration, text, self.implementations.get)

    def checked(self, configuration: Configuration, text: str) -> Snapshot:
        """The same, once every file that it names is there."""
        require_files(configuration)
        return self.snapshot_of(text, configuration)

    async def _build(self, text: str) -> Snapshot:
        # On a thread: a megabyte of YAML takes seconds, in which no call may wait.
        return self.checked(await asyncio.to_thread(parse, text, "the configuration file"), text)

    def _pull(self, migration: Migration, because: str, values: Mapping[str, float]) -> bool:
        """The guard's hand on the brake. Returns whether it pulls."""
        snapshot = self.runtime.snapshot
        present = snapshot.migrations.get(migration.name) if snapshot is not None else None
        if snapshot is None or present is None or present.governed_digest != migration.governed_digest:
            return False  # what it saw was of a configuration that is not in force any more
        governed = governed_by(snapshot, migration.name) | {GUARD: dict(values)}
        self.background.spawn(self._pulled(migration.name, because, governed))
        return True

    async def _pulled(self, name: str, because: str, governed: Mapping[str, object]) -> None:
        await self.brakes.pull(name, GUARD, because, governed)
