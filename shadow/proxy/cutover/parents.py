"""What was last served to each parent, in memory; the recorder writes what changed to the store.

The hold needs to know which objects `new` was last served with, at the next call and after a restart.
"""

from collections.abc import Callable, Container, Iterable, Iterator

import msgspec

from shadow.protocol.objects import Identity, ParentRef
from shadow.proxy.cutover.listed import listed
from shadow.store.base import ParentState
from shadow.store.merging import merged
from shadow.terms import Side

Key = tuple[str, str]
"""(migration, uid)"""


class Parents:
    """Every known parent's state."""

    def __init__(self, states: Iterable[ParentState] = ()) -> None:
        self._states: dict[Key, ParentState] = {(state.migration, state.parent.uid): state for state in states}
        self._changed: set[Key] = set()
        self._read: dict[tuple[Key, Side], tuple[int, tuple[Identity, ...]]] = {}  # of the last answer, by its hash
        self._tags: dict[Key, bytes | None] = {}  # entity tag of the answer served last, as it went out
        self.urgent = False  # identities served by `new` changed: worth writing before the next regular flush

    def get(self, migration: str, uid: str) -> ParentState | None:
        return self._states.get((migration, uid))

    def of(self, migration: str) -> Iterator[ParentState]:
        """Every known parent of a migration."""
        return (state for (name, _), state in self._states.items() if name == migration)

    def count(self, migration: str) -> int:
        return sum(1 for name, _ in self._states if name == migration)

    def learn(self, states: Iterable[ParentState]) -> None:
        """Take over what other replicas wrote; what is known here and not written yet is not lost by it."""
        for theirs in states:
            key = theirs.migration, theirs.parent.uid
            mine = self._states.get(key)
            if mine is None or (key not in self._changed and _is_older(mine, theirs)):
                self._states[key] = theirs
            else:
                self._states[key] = msgspec.structs.replace(merged(mine, theirs), revision=theirs.revision)
            self._tags.pop(key, None)  # it was of an answer before theirs

    def identities(
        self, migration: str, uid: str, side: Side, body: bytes, read: Callable[[], Iterable[Identity]]
    ) -> tuple[Identity, ...]:
        """What an answer lists; read only if it is not that side's last one, as it usually is."""
        key, stamp = ((migration, uid), side), hash(body)
        known = self._read.get(key)
        if known is None or known[0] != stamp:
            known = self._read[key] = stamp, tuple(read())
        return known[1]

    def tag(self, migration: str, uid: str) -> bytes | None:
        """The entity tag of the answer that this process served last to the parent."""
        return self._tags.get((migration, uid))

    def grow(self, migration: str, parent: ParentRef, names: tuple[Identity, ...]) -> ParentState | None:
        """`new` is about to be served: count what it lists as listed already.

        Returns:
            The state to be stored before the answer goes out; None if nothing is listed that was not.
        """
        key = migration, parent.uid
        state = self._states.get(key) or ParentState(migration, parent, Side.NEW, None, None, None)
        before = state.new_identities or ()
        added = tuple(identity for identity in names if identity not in set(before))
        if not added:
            return None
        state = msgspec.structs.replace(state, new_identities=(*before, *added))
        self._put(key, state)
        return state

    def beside(self, migration: str, uid: str, names: tuple[Identity, ...]) -> None:
        """What `old` listed in the call in which `new` was served last."""
        state = self._states.get((migration, uid))
        if state is not None and state.old_identities != names:
            self._put((migration, uid), msgspec.structs.replace(state, old_identities=names))

    def served(
        self,
        migration: str,
        parent: ParentRef,
        primary: Side,
        served: Side | None,
        identities: tuple[Identity, ...] | None,
        now: float,
        observed: Callable[[], Container[Identity]] = frozenset,
        tag: bytes | None = None,
        answered_in: str | None = None,
    ) -> None:
        """A reply went out. `served` is None when it was no 200 answer; then only the primary is noted.

        Args:
            answered_in: the call, if its answer is something to apply: what was foreseen before has had its chance.
            observed: what the request observes.
            tag: the entity tag that went out with the answer.
        """
        key = migration, parent.uid
        state = self._states.get(key) or ParentState(migration, parent, primary, None, None, None)
        # Of calls that end in another order than they came, the one that came last counts: their ids sort by time.
        answered_in = max(answered_in or "", state.answered_in or "") or None
        if served is None:
            state = msgspec.structs.replace(state, primary=primary, parent=parent, seen_at=now, answered_in=answered_in)
        else:
            new_identities, old_identities = state.new_identities, state.old_identities
            if served is Side.NEW:
                # What `old` lists is known once it has answered this very call.
                new_identities, old_identities = listed(state, identities or (), observed), None
            self.urgent |= new_identities != state.new_identities
            self._tags[key] = tag
            state = msgspec.structs.replace(
                state,
                primary=primary,
                parent=parent,
                seen_at=now,
                answered_in=answered_in,
                served=served,
                served_identities=identities,
                served_at=now,
                new_identities=new_identities,
                old_identities=old_identities,
            )
        self._put(key, state)

    def compared(self, state: ParentState) -> None:
        """Note the latest comparison: `state` carries the comparison's fields, what was served is kept.

        Comparisons may end in another order than their calls came in: that of an earlier call says nothing any more.
        """
        key = state.migration, state.parent.uid
        current = self._states.get(key, state)
        if (current.compared_at or 0.0) > (state.compared_at or 0.0):
            return
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
                foresight=state.foresight,
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


def _is_older(mine: ParentState, theirs: ParentState) -> bool:
    return mine.seen_at <= theirs.seen_at and (mine.compared_at or 0.0) <= (theirs.compared_at or 0.0)
