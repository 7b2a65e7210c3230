"""After a move: which parents have been answered by their present primary, and who has not been yet.

A sync may come only once an hour, so a move is not over when the configuration is in force. Parents that are gone do
not count: they are silent, or the controller in front does not select them any more.
"""

from collections.abc import Callable
from dataclasses import dataclass

from shadow.proxy.cutover.assignment import assign
from shadow.proxy.cutover.brakes import Brakes
from shadow.proxy.cutover.parents import Parents
from shadow.proxy.migrations.fronts import Fronts
from shadow.proxy.migrations.migration import Migration
from shadow.report.readiness import ParentLife, Presence
from shadow.store.base import ParentState
from shadow.terms import Side, Stage

_FRESH_SECONDS = 1.0
_SLOW_TO_COUNT = 100  # parents; fewer are counted anew each time


@dataclass(frozen=True, slots=True)
class Convergence:
    """Of one migration, at one moment. `outstanding` are uids."""

    of: int
    outstanding: frozenset[str]

    @property
    def answered(self) -> int:
        return self.of - len(self.outstanding)


@dataclass(frozen=True, slots=True)
class _Counted:
    migration: Migration
    braked: bool
    until: float
    convergence: Convergence


class Convergences:
    """Counts when asked; for many parents not more than once a second."""

    def __init__(self, parents: Parents, brakes: Brakes, fronts: Fronts, clock: Callable[[], float]) -> None:
        self._parents = parents
        self._brakes = brakes
        self._fronts = fronts
        self._clock = clock
        self._counted: dict[str, _Counted] = {}
        self.listening_since = clock()

    def of(self, migration: Migration) -> Convergence:
        now, braked = self._clock(), self._brakes.is_on(migration.name)
        known = self._counted.get(migration.name)
        if known and known.migration is migration and known.braked is braked and now < known.until:
            return known.convergence
        convergence = self._count(migration, braked)
        if convergence.of > _SLOW_TO_COUNT:
            self._counted[migration.name] = _Counted(migration, braked, now + _FRESH_SECONDS, convergence)
        return convergence

    def _count(self, migration: Migration, braked: bool) -> Convergence:
        presence = self.presence(migration)
        live = [state for state in self._parents.of(migration.name) if presence.life(state) is ParentLife.LIVE]
        outstanding = (state.parent.uid for state in live if primary_of(migration, braked, state) is not state.served)
        return Convergence(len(live), frozenset(outstanding))

    def presence(self, migration: Migration) -> Presence:
        """By what its parents are told present, now."""
        front = self._fronts.facts(migration.name)
        return Presence(front, self.listening_since, self._clock(), migration.front_timeout_seconds)


def primary_of(migration: Migration, braked: bool, state: ParentState) -> Side:
    """Who a parent's next call will be answered by, as far as its labels are those that were seen last."""
    pinned = None
    if migration.stage is Stage.CANARY and migration.pins:
        pinned = migration.pins.side(state.parent, state.labels)
    return assign(migration.stage, migration.weight_buckets, pinned, braked, state.parent.uid).primary
