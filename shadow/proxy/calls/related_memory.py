"""What each front was answered to customize calls, in memory; the recorder writes what changed to the store."""

from collections.abc import Iterable, Mapping

from shadow.store.base import GivenRules, RelatedState
from shadow.store.merging import merged_related
from shadow.terms import Side

Key = tuple[str, str, str]
"""(migration, uid of the parent, front): each controller keeps the answers that it got itself."""


class RelatedMemory:
    """The last answer for every parent and front."""

    def __init__(self, states: Iterable[RelatedState] = ()) -> None:
        self._states: dict[Key, RelatedState] = {_key(state): state for state in states}
        self._changed: set[Key] = set()
        self._late: dict[tuple[str, Side], float] = {}

    @property
    def urgent(self) -> bool:
        """Whether there is something that a restart must not forget."""
        return bool(self._changed)

    def get(self, key: Key) -> RelatedState | None:
        return self._states.get(key)

    def learn(self, states: Iterable[RelatedState]) -> None:
        """Take over what other replicas wrote, where it is later than what is known here."""
        for theirs in states:
            self._take(theirs)

    def answered(
        self, key: Key, known: Mapping[Side, GivenRules], told: Iterable[Side], began: float, now: float
    ) -> None:
        """A customize answer to a call that `began` then went out, with all rules of those who are `told`."""
        self._put(RelatedState(*key, now, known, tuple(told), began_at=began))

    def doubted(self, key: Key, known: Mapping[Side, GivenRules], now: float) -> None:
        """An answer went out of which nobody knows whether Metacontroller took it."""
        if key in self._states:
            self._put(RelatedState(*key, now, known, (), tuple(Side)))

    def tag(self, key: Key, side: Side) -> bytes | None:
        """The entity tag with which its last known rules went out."""
        state = self._states.get(key)
        given = state.given.get(side) if state is not None else None
        return given.tag if given is not None else None

    def forget(self, before: float) -> None:
        """What was answered so long ago that nobody works with it any more; what is to be written yet stays."""
        old = [key for key, state in self._states.items() if state.answered_at < before and key not in self._changed]
        for key in old:
            del self._states[key]

    def was_late(self, migration: str, side: Side, now: float) -> None:
        """A customize answer went out without waiting for this implementation any longer."""
        self._late[migration, side] = now

    def late_within(self, migration: str, side: Side, now: float, seconds: float) -> bool:
        return now - self._late.get((migration, side), -seconds) < seconds

    def take_changed(self) -> list[RelatedState]:
        """The states to write; what could not be written is given back with `give_back`."""
        changed, self._changed = self._changed, set()
        return [self._states[key] for key in changed]

    def give_back(self, states: Iterable[RelatedState]) -> None:
        self._changed.update(map(_key, states))

    def _put(self, state: RelatedState) -> None:
        self._take(state)
        self._changed.add(_key(state))

    def _take(self, state: RelatedState) -> None:
        known = self._states.get(_key(state))
        self._states[_key(state)] = state if known is None else merged_related(known, state)


def _key(state: RelatedState) -> Key:
    return state.migration, state.uid, state.front
