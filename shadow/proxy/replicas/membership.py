"""One replica among those that serve from the same database: its heartbeat, and what that brings from the others.

With each heartbeat it renews its lease, tells what its calls obey by now, and takes over what others decided and saw.
Nothing here raises: a database that does not answer is told once, and the lease decides how long to go on.
"""

import asyncio
import itertools
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from msgspec.structs import replace

from shadow.config.digest import migrations_digest
from shadow.config.load import parse
from shadow.config.model import Configuration
from shadow.config.storeurl import without_password
from shadow.errors import ConfigurationError, StoreError
from shadow.proxy.calls.related_memory import RelatedMemory
from shadow.proxy.cutover.brakes import TURNING_SECONDS, Brakes
from shadow.proxy.cutover.footing import TICK_SECONDS, Footing
from shadow.proxy.cutover.parents import Parents
from shadow.proxy.guard.guard import Guard
from shadow.proxy.migrations.fronts import Fronts
from shadow.proxy.migrations.snapshot import Snapshot
from shadow.proxy.record.recorder import Recorder
from shadow.proxy.replicas.agreement import advanced, offered, should_offer
from shadow.proxy.replicas.clock import SharedClock
from shadow.proxy.runtime import Runtime
from shadow.store.asynchronous import AsyncStore
from shadow.store.base import Store
from shadow.store.shared import POLL_SECONDS, Agreement, Beat, News, Replica, Since, Standing, Version

_log = logging.getLogger(__name__)
_AT_ONCE = 20  # heartbeats in a row while each changes something
_COUNTED_SECONDS = 1.0  # between two looks at what the others counted
_BURIED_SECONDS = 5
_ACKNOWLEDGED_SECONDS = 1.0  # that a change of the brake waits for the others to show it
_LOOK_SECONDS = 0.03


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a proxy that hear of others."""

    brakes: Brakes
    parents: Parents
    related: RelatedMemory
    fronts: Fronts
    recorder: Recorder
    guard: Guard
    runtime: Runtime
    footing: Footing
    clock: SharedClock


class Acknowledged(NamedTuple):
    """Names of replicas."""

    by: tuple[str, ...]
    missing: tuple[str, ...]


class Membership:
    """This process among the replicas."""

    def __init__(
        self,
        store: AsyncStore,
        parts: Parts,
        own: Snapshot | None,
        build: Callable[[Configuration, str], Snapshot],
        lease_seconds: float,
    ) -> None:
        """
        Args:
            own: what this process's own file says; None: it is not valid, and what is in force is served.
            build: of a whole configuration, with its text.
        """
        self.others: tuple[Replica, ...] = ()  # live ones, as of the last heartbeat
        self.failing: str | None = None  # why the last heartbeat did not come through
        self._store = store
        self._parts = parts
        self._own = own
        self._build = build
        self._lease_seconds = lease_seconds
        self._standing = Standing(offers=migrations_digest(own.configuration) if own is not None else "")
        self._since = Since()
        self._counted_at = -_COUNTED_SECONDS
        self._wanted = False  # the file changed while this process ran: it is to come into force whatever was before
        self._next: tuple[int, Snapshot] | None = None  # the version that is to follow, ready to be served
        self._one_beats = asyncio.Lock()
        parts.runtime.agree = self.offer

    @property
    def me(self) -> Replica:
        return Replica(self._parts.recorder.replica, self._standing)

    @property
    def joined(self) -> bool:
        """Whether it serves what all do."""
        return self._parts.footing.joined

    def told(self) -> dict[str, object]:
        """For `/readyz`: `{name, others, heartbeat, silent_seconds, cut_off}`; `heartbeat` is null, or why it fails."""
        footing = self._parts.footing
        return {
            "name": self.me.name,
            "others": [replica.name for replica in self.others],
            "heartbeat": self.failing,
            "silent_seconds": round(footing.silent_seconds, 1),
            "cut_off": footing.is_cut_off,
        }

    async def run(self) -> None:
        """For ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._beat_forever())
            group.create_task(self._tick_forever())
            group.create_task(self._watch_together())

    async def _tick_forever(self) -> None:
        while True:
            self._parts.footing.tick()
            await asyncio.sleep(TICK_SECONDS)

    async def _watch_together(self) -> None:
        """The guard judges what all counted, since each may be within bounds alone; the dead are counted out."""
        for second in itertools.count(1):
            await asyncio.sleep(_COUNTED_SECONDS)
            if second % _BURIED_SECONDS == 0:
                with suppress(StoreError):  # the heartbeat tells of it
                    await self._store.decide(lambda store: store.bury())
            if self.others and await self._parts.recorder.flush():
                with suppress(StoreError):
                    await self._learn_guards()

    async def _learn_guards(self) -> None:
        for migration in tuple(self._parts.runtime.migrations().values()):
            epoch = self._parts.guard.epoch(migration)
            buckets = await self._store.read(_guarded(migration.name, epoch))
            self._parts.guard.learn(migration, epoch, buckets)

    async def _beat_forever(self) -> None:
        """Whenever there is news, and four times a second."""
        while True:
            await self.beat()
            try:
                await self._store.together(lambda store: store.wait(POLL_SECONDS))
            except StoreError:
                await asyncio.sleep(POLL_SECONDS)

    async def offer(self, snapshot: Snapshot) -> None:
        """The file changed: what it says is to come into force, here and everywhere."""
        self._own, self._wanted = snapshot, True
        self._standing = replace(self._standing, offers=migrations_digest(snapshot.configuration))
        await self.beat()

    async def beat(self) -> bool:
        """Tell and hear, until there is nothing new to tell. False: the database did not answer."""
        async with self._one_beats:
            for _ in range(_AT_ONCE):
                began, asked = self._parts.footing.now(), time.time()
                try:
                    news = await self._store.together(self._asking())
                    self._parts.clock.set(news.now, asked, time.time())
                    again = await self._hear(news, began)
                except StoreError as exc:
                    self._lost(exc)
                    return False
                finally:
                    self._parts.footing.tried(began)
                if not again:
                    break
            return True

    async def acknowledged(self, migration: str) -> Acknowledged:
        """Who obeys this brake as it is here, once all do or a second has passed; never raises.

        A replica that may be serving and did not say so is missing: killed, cut off or frozen looks the same.
        """
        found = await self._awaited(migration)
        brake = self._parts.brakes.get(migration)
        if brake is not None and not brake.on:  # it is released when it is let go, not when all have heard of it
            left = brake.until + TURNING_SECONDS - self._parts.clock()
            await asyncio.sleep(max(0.0, min(left, _ACKNOWLEDGED_SECONDS)))
        return found

    async def _awaited(self, migration: str) -> Acknowledged:
        deadline = self._parts.footing.now() + _ACKNOWLEDGED_SECONDS
        while True:
            found = await self._looked(migration)
            left = deadline - self._parts.footing.now()
            if not found.missing or left <= 0:
                return found
            await asyncio.sleep(min(_LOOK_SECONDS, left))

    async def _looked(self, migration: str) -> Acknowledged:
        brake = self._parts.brakes.get(migration)
        version = brake.version if brake is not None else 0
        try:
            live = await self._store.look(_ACKNOWLEDGED_SECONDS)
        except StoreError:
            live = list(self.others)  # they may have heard of it, but nobody can tell
        told = {replica.name: replica.standing.brakes.get(migration, -1) for replica in live}
        told.pop(self.me.name, None)
        by = [self.me.name, *(name for name, theirs in told.items() if theirs >= version)]
        return Acknowledged(tuple(by), tuple(sorted(told.keys() - set(by))))

    async def leave(self) -> None:
        """Nothing is served here any more."""
        try:
            await self._store.together(lambda store: store.leave(self.me.name))
        except StoreError as exc:
            _log.error("the other replicas do not know that this one has ended: %s", exc)

    def _asking(self) -> Callable[..., News]:
        counted = self._parts.footing.now() - self._counted_at >= _COUNTED_SECONDS
        standing = replace(self._standing, fronts=self._parts.fronts.told())
        beat = Beat(self.me.name, self._lease_seconds, standing, self._since, counted)
        return lambda store: store.beat(beat)

    def _lost(self, exc: StoreError) -> None:
        if self.failing is None:
            _log.error("the heartbeat fails; this replica goes on for %g s: %s", self._lease_seconds, exc)
        self.failing = str(exc)

    async def _hear(self, news: News, began: float) -> bool:
        """Take over what is new. Returns whether there is something to tell or to read at once."""
        parts, before = self._parts, self._standing
        if self.failing is not None:
            _log.warning("the heartbeat comes through again")
            self.failing = None
        self._hear_states(news)
        agreed = await self._agree(news)
        self.others = news.others
        parts.brakes.others = bool(news.others)
        if not news.more:
            await self._stand(news, began)
        self._standing = replace(self._standing, brakes=dict(parts.brakes.versions))
        return agreed or news.more or self._standing != before

    async def _stand(self, news: News, began: float) -> None:
        """Everything is read: whether this replica now serves what all do."""
        footing, in_force = self._parts.footing, news.agreement.in_force
        joined = in_force is not None and in_force.number == self._standing.in_force
        if joined:
            if not footing.joined:
                await self._parts.runtime.settle_brakes()
                await self._learn_guards()
            footing.renewed(began, bool(news.others))
        footing.joined = joined

    def _hear_states(self, news: News) -> None:
        parts = self._parts
        parts.brakes.learn(news.brakes)
        parts.parents.learn(news.parents)
        parts.related.learn(news.related)
        for other in news.others:
            parts.fronts.learn(other.standing.fronts)
        self._since = news.since
        if news.counters is not None:
            parts.recorder.learn(news.counters)
            self._counted_at = parts.footing.now()
        if not self._standing.joined_at:
            self._standing = replace(self._standing, joined_at=news.now)

    # --- the configuration --------------------------------------------------------------------------------------
    async def _agree(self, news: News) -> bool:
        """Do this replica's part of the present step, and write the next one if it is due. Returns whether it is."""
        agreement = news.agreement
        await self._follow(agreement, alone=not news.others)
        everybody = (*news.others, self.me)
        step = advanced(agreement, everybody) or self._offered(agreement, news)
        if step is None:
            return False
        comes_into_force = step.in_force != agreement.in_force and self._next is not None
        line = self._parts.runtime.line_of(self._next[1]) if comes_into_force and self._next is not None else None
        await self._store.decide(lambda store: store.agree(step, line))
        return True

    def _offered(self, agreement: Agreement, news: News) -> Agreement | None:
        own = self._own
        if own is None or not (self._wanted or should_offer(agreement, self.me, news.others)):
            return None
        text = without_password(own.text, own.configuration.store)
        step = offered(agreement, self._standing.offers, text)
        if step is not None or agreement.phase != "leaving":
            self._wanted = False
        return step

    async def _follow(self, agreement: Agreement, *, alone: bool) -> None:
        footing = self._parts.footing
        in_force, following = agreement.in_force, agreement.following
        if in_force is not None and in_force.number != self._standing.in_force:
            await self._serve(in_force)
        if following is None:
            self._next, footing.followers = None, {}
        elif self._next is None or self._next[0] != following.number:
            self._next, footing.followers = self._ready(following), {}
        if self._next is not None and agreement.phase == "leaving":
            footing.followers = {} if alone else self._next[1].migrations
            self._standing = replace(self._standing, left=self._next[0])
        self._tell_refusal(agreement)

    def _ready(self, version: Version) -> tuple[int, Snapshot] | None:
        try:
            snapshot = self._snapshot(version)
        except ConfigurationError as exc:
            _log.error("a configuration that another replica offers cannot be served here: %s", exc)
            self._standing = replace(self._standing, refuses=version.number, why=str(exc))
            return None
        self._standing = replace(self._standing, ready=version.number)
        return version.number, snapshot

    async def _serve(self, version: Version) -> None:
        try:
            ready = self._next is not None and self._next[0] == version.number
            snapshot = self._next[1] if ready and self._next is not None else self._snapshot(version)
        except ConfigurationError as exc:
            self._parts.runtime.refuse(exc)
            return
        await self._parts.runtime.take_over(snapshot, accepted=self._own is not None)
        self._parts.footing.followers = {}
        self._next = None
        self._standing = replace(self._standing, in_force=version.number, ready=version.number, left=version.number)

    def _snapshot(self, version: Version) -> Snapshot:
        """The migrations that all agree on, with what else this process's own file says."""
        if self._own is not None and version.digest == self._standing.offers:
            return self._own
        agreed = parse(version.text, "the configuration of all replicas")
        if self._own is None:
            return self._build(agreed, version.text)
        whole = self._own.configuration.model_copy(update={"migrations": agreed.migrations})
        return self._build(whole, version.text)

    def _tell_refusal(self, agreement: Agreement) -> None:
        """Why the file is not what is served."""
        runtime, mine = self._parts.runtime, self._standing.offers
        if not mine or agreement.in_force is None:
            return
        if agreement.in_force.digest == mine:
            runtime.refused = None
        elif agreement.refused == mine:
            runtime.refused = f"replica {agreement.refused_by} cannot serve it: {agreement.why}"
        elif agreement.following is None:
            runtime.refused = "the other replicas serve another configuration, which was given after this one"


def _guarded(migration: str, epoch: str) -> Callable[[Store], dict[int, dict[str, float]]]:
    return lambda store: store.guard(migration, epoch)
