"""The brakes of all migrations: held in memory to be read twice a call, durable in the store before a pull is told.

A brake is state, not configuration: a pull applies here at once and is stored until it sticks; a release applies only
once it is stored. A migration that the store has no memory of has an unknown brake, and nothing here guesses it.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from shadow.errors import StoreError
from shadow.store.asynchronous import AsyncStore
from shadow.store.base import Brake

_log = logging.getLogger(__name__)
GUARD = "guard"
"""By whom a brake is pulled that no person and no configuration pulled."""
_RETRY_SECONDS = 0.5
_ATTEMPTS = 5  # at overtaking another writer, before the next retry


class Brakes:
    """Every migration's brake; the only thing of a call that is not in its configuration snapshot."""

    def __init__(self, store: AsyncStore, known: Mapping[str, Brake], clock: Callable[[], float]) -> None:
        self._store = store
        self._known = dict(known)
        self._clock = clock
        self._unstored: set[str] = set()
        self._lock = asyncio.Lock()

    def get(self, migration: str) -> Brake | None:
        """None: unknown."""
        return self._known.get(migration)

    def is_on(self, migration: str) -> bool:
        brake = self._known.get(migration)
        return brake is not None and brake.on

    def is_guards(self, migration: str) -> bool:
        """Whether a guard pulled it, and nobody has confirmed that."""
        brake = self._known.get(migration)
        return brake is not None and brake.on and brake.by == GUARD

    @property
    def unstored(self) -> frozenset[str]:
        """The migrations whose pulled brake is not in the store yet."""
        return frozenset(self._unstored)

    def learn(self, migration: str, brake: Brake) -> None:
        """Take over what the store says of a migration that was unknown here."""
        self._known.setdefault(migration, brake)

    async def pull(self, migration: str, by: str, because: str, governed: Mapping[str, Any]) -> bool:
        """On, here at once and then in the store. Returns whether it is stored; if not, it is retried until it is.

        Pulling twice changes nothing: the first reason and time stay. But to pull what a guard had pulled confirms it.
        """
        if not self.is_on(migration) or (self.is_guards(migration) and by != GUARD):
            self._known[migration] = self._next(migration, True, by, because, governed)
            self._unstored.add(migration)
        async with self._lock:
            return await self._persist(migration)

    async def release(self, migration: str, by: str, because: str) -> bool:
        """Off, in the store first and only then here. Returns whether it is off."""
        async with self._lock:
            current = self._known.get(migration)
            if current is not None and not current.on and migration not in self._unstored:
                return True
            off = self._next(migration, False, by, because, {})
            try:
                stored = await self._store.set_brake(migration, off)
            except StoreError as exc:
                _log.error("the brake of %s could not be released: %s", migration, exc)
                return False
            if stored and self._known.get(migration) is current:  # a pull amid the write wins
                self._known[migration] = off
                self._unstored.discard(migration)
            return stored

    async def retry_forever(self) -> None:
        """Store what could not be stored when it was pulled."""
        while True:
            await asyncio.sleep(_RETRY_SECONDS)
            for migration in tuple(self._unstored):
                async with self._lock:
                    await self._persist(migration)

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
            # Somebody was faster, or the store forgot: ours goes after what is there.
            self._known[migration] = msgspec.structs.replace(brake, version=theirs.version + 1 if theirs else 1)
        return migration not in self._unstored

    def _next(self, migration: str, on: bool, by: str, because: str, governed: Mapping[str, Any]) -> Brake:
        current = self._known.get(migration)
        version = current.version + 1 if current else 1
        return Brake(on, version, self._clock(), by, because, governed)
