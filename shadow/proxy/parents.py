"""What was last served to each parent, in memory; the recorder writes what changed to the store.

The hold needs to know which objects `new` was last served with, at the next call and after a restart.
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from shadow.protocol.objects import Identity, ParentRef
from shadow.store.base import ParentState
from shadow.terms import Side

Key = tuple[str, str]
"""(migration, uid)"""


class Parents:
    """Every known parent's state."""

    def __init__(self, states: Iterable[ParentState] = ()) -> None:
        self._states: dict[Key, ParentState] = {(state.migration, state.parent.uid): state for state in states}
        self._changed: set[Key] = set()
        self._bodies: dict[Key, int] = {}  # hash of the answer last served
        self.urgent = False  # identities served by `new` changed: worth writing before the next regular flush

    def get(self, migration: str, uid: str) -> ParentState | None:
        return self._states.get((migration, uid))

    def of(self, migration: str) -> Iterator[ParentState]:
        """Every known parent of a migration."""
        return (state for (name, _), state in self._states.items() if name == migration)

    def count(self, migration: str) -> int:
        return sum(1 for name, _ in self._states if name == migration)

    def identities(
        self, migration: str, uid: str, served: Side, body: bytes, read: Callable[[], Iterable[Identity]]
    ) -> tuple[Identity, ...]:
        """What an answer about to be served lists; read only if it is not the one served last, as it usually is."""
        key, state, stamp = (migration, uid), self.get(migration, uid), hash(body)
        known = state.served_identities if state is not None and state.served is served else None
        if known is not None and self._bodies.get(key) == stamp:
            return known
        self._bodies[key] = stamp
        return tuple(read())

    def served(
        self,
        migration: str,
        parent: ParentRef,
        primary: Side,
        served: Side | None,
        identities: tuple[Identity, ...] | None,
        now: float,
    ) -> None:
        """A reply went out. `served` is None when it was no 200 answer; then only the primary is noted."""
        key = migration, parent.uid
        state = self._states.get(key) or ParentState(migration, parent, primary, None, None, None)
        if served is None:
            state = msgspec.structs.replace(state, primary=primary, parent=parent, seen_at=now)
        else:
            new_identities = identities if served is Side.NEW else state.new_identities
            self.urgent |= new_identities != state.new_identities
            state = msgspec.structs.replace(
                state,
                primary=primary,
                parent=parent,
                seen_at=now,
                served=served,
                served_identities=identities,
                served_at=now,
                new_identities=new_identities,
            )
        self._put(key, state)

    def compared(self, state: ParentState) -> None:
        """Note the latest comparison: `state` carries the comparison's fields, what was served is kept."""
        key = state.migration, state.parent.uid
        current = self._states.get(key, state)
        self._put(
            key,
            msgspec.structs.replace(
                current,
                outcome=state.outcome,
                effects_old=state.effects_old,
                effects_new=state.effects_new,
                compared_at=state.compared_at,
                comparison=state.comparison,
                evidence_digest=state.evidence_digest,
                reason=state.reason,
                front_digest=state.front_digest,
                moves_old=state.moves_old,
                moves_new=state.moves_new,
                labels=state.labels,
            ),
        )

    def take_changed(self) -> list[ParentState]:
        """The states to write; what could not be written is given back with `give_back`."""
        changed, self._changed = self._changed, set()
        self.urgent = False
        return [self._states[key] for key in changed]

    def give_back(self, states: Iterable[ParentState]) -> None:
        self._changed.update((state.migration, state.parent.uid) for state in states)

    def _put(self, key: Key, state: ParentState) -> None:
        self._states[key] = state
        self._changed.add(key)
