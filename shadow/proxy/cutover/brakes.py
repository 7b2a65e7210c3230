"""The brakes of all migrations: held in memory to be read twice a call, durable in the store before a pull is told.

A brake is state, not configuration: a pull applies here at once and is stored until it sticks; a release applies only
once it is stored. A migration that the store has no memory of has an unknown brake, and nothing here guesses it. What
other replicas decide is learned with their next heartbeat; a release holds back for that long, so that all let go
together.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from shadow.errors import StoreError
from shadow.proxy.migrations.migration import Migration
from shadow.store.asynchronous import AsyncStore
from shadow.store.base import GUARD, Brake

_log = logging.getLogger(__name__)
_RETRY_SECONDS = 0.5
_ATTEMPTS = 5  # at overtaking another writer, before the next retry
_PATIENCE_SECONDS = 2.0  # that a pull waits for a store that does not answer; it is in force anyway
_ANSWER_SECONDS = 10.0  # that a release, which applies nothing before it is stored, waits for such a store
_HANDOVER_SECONDS = 0.6
"""From a release that others have to learn of until it applies, everywhere: more than twice a poll."""
TURNING_SECONDS = 0.1
"""Before and after that nobody is sure that all others still, or already, do the same."""


def nobody_decided(migration: Migration, brake: Brake | None) -> bool:
    """Whether every call is answered 503, because the store does not remember whether the brake is on."""
    return brake is None and migration.serves_new and migration.hold_unknown_brake


def _says_no_more(ours: Brake, theirs: Brake) -> bool:
    """Whether a pull adds nothing to one that is stored: every replica's guard pulls, and every configuration."""
    return ours.by == GUARD or (ours.by, ours.because) == (theirs.by, theirs.because)


class Brakes:
    """Every migration's brake; the only thing of a call that is not in its configuration snapshot."""

    def __init__(self, store: AsyncStore, known: Mapping[str, Brake], clock: Callable[[], float]) -> None:
        self._store = store
        self._known = dict(known)
        self._clock = clock
        self._unstored: set[str] = set()
        self.others = False  # whether other replicas serve beside this one
        self._lock = asyncio.Lock()

    def get(self, migration: str) -> Brake | None:
        """None: unknown."""
        return self._known.get(migration)

    def is_on(self, migration: str) -> bool:
        brake = self._known.get(migration)
        return brake is not None and (brake.on or self._holds_back(brake))

    def is_guards(self, migration: str) -> bool:
        """Whether a guard pulled it, and nobody has confirmed that; or it is just being released, whoever had it."""
        brake = self._known.get(migration)
        return brake is not None and (brake.unconfirmed or (not brake.on and self._holds_back(brake)))

    def is_turning(self, migration: str) -> bool:
        """Whether it is just being let go by all replicas: their clocks differ by a little."""
        brake = self._known.get(migration)
        if brake is None or brake.on or not brake.until:
            return False
        return abs(self._clock() - brake.until) < TURNING_SECONDS

    def _holds_back(self, brake: Brake) -> bool:
        return brake.until > 0.0 and self._clock() < brake.until

    @property
    def unstored(self) -> frozenset[str]:
        """The migrations whose pulled brake is not in the store yet."""
        return frozenset(self._unstored)

    @property
    def versions(self) -> Mapping[str, int]:
        """Of each brake that calls obey here, as it is stored."""
        return {name: brake.version for name, brake in self._known.items() if name not in self._unstored}

    def learn(self, brakes: Mapping[str, Brake]) -> None:
        """Take over what the store says. What is pulled here and not stored yet will go after it, and stays."""
        for migration, brake in brakes.items():
            known = self._known.get(migration)
            if known is None or (known.version < brake.version and migration not in self._unstored):
                self._known[migration] = brake

    async def pull(self, migration: str, by: str, because: str, governed: Mapping[str, Any]) -> bool:
        """On, here at once and then in the store. Returns whether it is stored; if not, it is retried until it is.

        Pulling twice changes nothing: the first reason and time stay. But to pull what a guard had pulled confirms it.
        """
        brake = self._known.get(migration)
        if brake is None or not brake.on or (brake.by == GUARD != by):
            if brake is not None and brake.on:
                governed = dict(governed) | {GUARD: brake.governed.get(GUARD, {})}  # confirming does not make it unseen
            self._known[migration] = self._next(migration, True, by, because, governed)
            self._unstored.add(migration)
        persisting = asyncio.ensure_future(self._persist_next(migration))
        done, _ = await asyncio.wait((persisting,), timeout=_PATIENCE_SECONDS)
        if not done:
            _log.error("the brake of %s is on but not stored yet: the store does not answer", migration)
        return bool(done) and persisting.result()

    async def release(self, migration: str, by: str, because: str) -> bool:
        """Off, in the store first and only then here. Returns whether the store says that it is off.

        What others did meanwhile is learned first: a pull that nobody here knew of is not let go with it.
        """
        async with self._lock:
            decided_on = self._known.get(migration)
            if not await self._asked(migration):
                return False
            current = self._known.get(migration)
            if current is not None and not current.on:
                return True
            return current is decided_on and await self._let_go(migration, by, because)

    async def _asked(self, migration: str) -> bool:
        """Take over what the store says of it. False: it does not answer, or a pull from here is not in it yet."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                self.learn(await self._store.read(lambda store: store.brakes()))
        except (StoreError, TimeoutError) as exc:
            _log.error("the brake of %s could not be released: %s", migration, exc or "the store does not answer")
            return False
        return migration not in self._unstored

    async def _let_go(self, migration: str, by: str, because: str) -> bool:
        current = self._known.get(migration)
        off = self._next(migration, False, by, because, {})
        if self.others:
            off = msgspec.structs.replace(off, until=off.since + _HANDOVER_SECONDS)
        try:
            stored = await self._store.set_brake(migration, off)
        except StoreError as exc:
            _log.error("the brake of %s could not be released: %s", migration, exc)
            return False
        if stored and self._known.get(migration) is current:  # a pull amid the write wins
            self._known[migration] = off
        return stored

    async def retry_forever(self) -> None:
        """Store what could not be stored when it was pulled."""
        while True:
            await asyncio.sleep(_RETRY_SECONDS)
            for migration in tuple(self._unstored):
                await self._persist_next(migration)

    async def _persist_next(self, migration: str) -> bool:
        async with self._lock:
            return await self._persist(migration)

    async def _persist(self, migration: str) -> bool:
        for _ in range(_ATTEMPTS):
            if migration not in self._unstored:
                return True
            brake = self._known[migration]
            try:
                if await self._store.set_brake(migration, brake):
                    self._unstored.discard(migration)
                    continue
                theirs = (await self._store.read(lambda store: store.brakes())).get(migration)
            except StoreError as exc:
                _log.error("the brake of %s is on but not stored yet: %s", migration, exc)
                return False
            if theirs is not None and theirs.on and _says_no_more(brake, theirs):
                self._known[migration] = theirs
                self._unstored.discard(migration)
            else:  # Somebody was faster, or the store forgot: ours goes after what is there, and both are in the log.
                self._known[migration] = msgspec.structs.replace(brake, version=theirs.version + 1 if theirs else 1)
        return migration not in self._unstored

    def _next(self, migration: str, on: bool, by: str, because: str, governed: Mapping[str, Any]) -> Brake:
        current = self._known.get(migration)
        version = current.version + 1 if current else 1
        return Brake(on, version, self._clock(), by, because, governed)
