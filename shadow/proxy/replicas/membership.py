"""One replica among those that serve from the same database: its heartbeat, and what that brings from the others.

With each heartbeat it renews its lease, tells what its calls obey by now, and takes over what others decided and saw.
Nothing here raises: a database that does not answer is told once, and the lease decides how long to go on.
"""

import asyncio
import itertools
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from msgspec.structs import replace

from shadow.config.model import Configuration
from shadow.errors import StoreError
from shadow.proxy.calls.related_memory import RelatedMemory
from shadow.proxy.cutover.brakes import Brakes
from shadow.proxy.cutover.footing import TICK_SECONDS, Footing
from shadow.proxy.cutover.parents import Parents
from shadow.proxy.guard.guard import Guard
from shadow.proxy.migrations.fronts import Fronts
from shadow.proxy.migrations.snapshot import Snapshot
from shadow.proxy.record.recorder import Recorder
from shadow.proxy.replicas.clock import SharedClock
from shadow.proxy.replicas.takeover import Takeover
from shadow.proxy.runtime import Runtime
from shadow.store.asynchronous import AsyncStore
from shadow.store.shared import POLL_SECONDS, Beat, News, Replica, Since

_log = logging.getLogger(__name__)
_AT_ONCE = 20  # heartbeats in a row while each changes something
_COUNTED_SECONDS = 1.0  # between two looks at what the others counted
_BURIED_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a proxy that hear of others."""

    brakes: Brakes
    parents: Parents
    related: RelatedMemory
    fronts: Fronts
    replica: str
    recorder: Recorder
    guard: Guard
    runtime: Runtime
    footing: Footing
    clock: SharedClock


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
        self._takeover = Takeover(store, parts.runtime, parts.footing, own, build)
        self._lease_seconds = lease_seconds
        self._brakes: Mapping[str, int] = {}
        self._joined_at = 0.0
        self._since = Since()
        self._counted_at = -_COUNTED_SECONDS
        self._one_beats = asyncio.Lock()
        parts.runtime.agree = self.offer

    @property
    def me(self) -> Replica:
        """As the others see it."""
        standing = replace(self._takeover.standing, brakes=self._brakes, joined_at=self._joined_at)
        return Replica(self._parts.replica, standing)

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
                    await self._store.bury()
            if self.others and await self._parts.recorder.flush():
                with suppress(StoreError):
                    await self._learn_guards()

    async def _learn_guards(self) -> None:
        for migration in tuple(self._parts.runtime.migrations().values()):
            epoch = self._parts.guard.epoch(migration)
            buckets = await self._store.guard(migration.name, epoch)
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
        await self._takeover.want(snapshot)
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
                except Exception as exc:  # noqa: BLE001 - a fault of ours: the lease runs out, and that is safe
                    _log.exception("the heartbeat failed in the proxy")
                    self._lost(exc)
                    return False
                finally:
                    self._parts.footing.tried(began)
                if not again:
                    break
            return True

    async def leave(self) -> None:
        """Nothing is served here any more."""
        try:
            await self._store.together(lambda store: store.leave(self.me.name))
        except StoreError as exc:
            _log.error("the other replicas do not know that this one has ended: %s", exc)

    def _asking(self) -> Callable[..., News]:
        counted = self._parts.footing.now() - self._counted_at >= _COUNTED_SECONDS
        me = self.me
        standing = replace(me.standing, fronts=self._parts.fronts.told())
        beat = Beat(me.name, self._lease_seconds, standing, self._since, counted)
        return lambda store: store.beat(beat)

    def _lost(self, exc: Exception) -> None:
        if self.failing is None:
            _log.error("the heartbeat fails; this replica goes on for %g s: %s", self._lease_seconds, exc)
        self.failing = str(exc)

    async def _hear(self, news: News, began: float) -> bool:
        """Take over what is new. Returns whether there is something to tell or to read at once."""
        parts, before = self._parts, self.me
        if self.failing is not None:
            _log.warning("the heartbeat comes through again")
            self.failing = None
        self._hear_states(news)
        agreed = await self._takeover.step(news.agreement, self.me, news.others)
        self.others = news.others
        parts.brakes.others = bool(news.others)
        if not news.more:
            await self._stand(news, began)
        self._brakes = dict(parts.brakes.versions)
        return agreed or news.more or self.me != before

    async def _stand(self, news: News, began: float) -> None:
        """Everything is read: whether this replica now serves what all do."""
        footing, joined = self._parts.footing, self._takeover.serves(news.agreement)
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
        self._joined_at = self._joined_at or news.now
