"""Who obeys a brake after it was moved: waited for a second, then told by name."""

import asyncio
from typing import NamedTuple

from shadow.errors import StoreError
from shadow.proxy.cutover.brakes import TURNING_SECONDS
from shadow.proxy.replicas.membership import Membership, Parts
from shadow.store.asynchronous import AsyncStore

_PATIENCE_SECONDS = 1.0  # that a change of the brake waits for the others to show it
_LOOK_SECONDS = 0.03


class Acknowledged(NamedTuple):
    """Names of replicas. Not `told`: the database did not say who serves, so there may be more."""

    by: tuple[str, ...]
    missing: tuple[str, ...]
    told: bool = True


class RollCall:
    """Asks the database what all replicas obey.

    A replica that may be serving and did not say so is missing: killed, cut off or frozen looks the same.
    """

    def __init__(self, store: AsyncStore, parts: Parts, membership: Membership) -> None:
        self._store = store
        self._parts = parts
        self._membership = membership

    async def of(self, migration: str) -> Acknowledged:
        """Who obeys this brake as it is here, once all do or a second has passed; never raises."""
        deadline = self._parts.footing.now() + _PATIENCE_SECONDS
        found = await self._looked(migration)
        while (found.missing or not found.told) and (left := deadline - self._parts.footing.now()) > 0:
            await asyncio.sleep(min(_LOOK_SECONDS, left))
            found = await self._looked(migration)
        brake = self._parts.brakes.get(migration)
        if brake is not None and not brake.on:  # it is released when it is let go, not when all have heard of it
            left = brake.until + TURNING_SECONDS - self._parts.clock()
            await asyncio.sleep(max(0.0, min(left, _PATIENCE_SECONDS)))
        return found

    async def _looked(self, migration: str) -> Acknowledged:
        brake, me = self._parts.brakes.get(migration), self._membership.me.name
        version = brake.version if brake is not None else 0
        try:
            live = await self._store.look(_PATIENCE_SECONDS)
        except StoreError:  # what they obeyed at the last heartbeat says nothing of now
            return Acknowledged((me,), tuple(sorted(other.name for other in self._membership.others)), told=False)
        told = {replica.name: replica.standing.brakes.get(migration, -1) for replica in live}
        told.pop(me, None)
        by = [me, *(name for name, theirs in told.items() if theirs >= version)]
        return Acknowledged(tuple(by), tuple(sorted(told.keys() - set(by))))
