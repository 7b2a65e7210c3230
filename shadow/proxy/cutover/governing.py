"""Which implementation governed a parent at a time: told from the change log, and never guessed.

The log does not decide everything: a pin's selector asks labels, which are nowhere kept but as they were last seen, and
a guard's brake serves `old` only where that removes nothing. There the witness is what is known of the parent's calls
of then: its last answer, or one that is kept. Without one the answer is that nobody can tell.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from pydantic import ValidationError

from shadow.config.pins import Pins
from shadow.protocol.objects import ParentRef
from shadow.proxy.cutover.assignment import assign
from shadow.report.view import changes
from shadow.report.window import moment
from shadow.store.base import GUARD, Call, Change, ParentState, Store
from shadow.store.parents import before_all_called
from shadow.terms import Hook, Side, Stage

_BRAKES = ("rollback", "release")
_PAGE = 50

Seen = Callable[[float, float], Iterator[Call]]
"""The kept calls of a parent from the first moment up to and with the second, in unix seconds; the latest first."""


class Governing(msgspec.Struct, frozen=True):
    """Whose answer the parent was given. `primary` is null where nobody can tell, or no answer was.

    `by` is what decided: stage, weight, pin, brake, or guard for a brake that a guard pulled and nobody had confirmed;
    `since` when the latest change before `at` was made. `refused`: under a guard's brake calls of the parent were
    answered an error, so it kept what it had been given before. `depends_on_labels`: a pin selects by labels, and those
    of then are not known. `call` is the kept call that tells `primary` or `refused`, if one does.
    """

    parent: ParentRef
    at: datetime
    primary: Side | None
    by: str | None = None
    stage: Stage | None = None
    weight: float | None = None
    brake: bool = False
    since: datetime | None = None
    refused: bool = False
    depends_on_labels: bool = False
    call: str | None = None


@dataclass(frozen=True, slots=True)
class _Position:
    """The lines that count at a time: the last configuration before it, and the last that was done with the brake."""

    configuration: Change | None
    brake: Change | None

    def configured(self, migration: str) -> Mapping[str, Any] | None:
        """None where the log does not tell."""
        details = self.configuration.details if self.configuration is not None else {}
        found: Mapping[str, Any] | None = details.get("migrations", {}).get(migration)
        return found

    @property
    def braked(self) -> bool:
        return self.brake is not None and self.brake.kind == "rollback"

    @property
    def guarded_since(self) -> float | None:
        """When a guard pulled the brake, if nobody had confirmed that."""
        return self.brake.at if self.brake is not None and self.braked and self.brake.by == GUARD else None

    @property
    def since(self) -> float:
        return max(line.at for line in (self.configuration, self.brake) if line is not None)


def governing_at(store: Store, migration: str, name: str, at: float) -> Governing | None:
    """
    Args:
        name: `namespace/name`, or `name` of a cluster-scoped parent.
        at: unix seconds, not in the future.

    Returns:
        None if no such parent ever called.
    """
    state = _living(_called(store, migration, name), at)
    if state is None:
        return None

    def seen(since: float, until: float) -> Iterator[Call]:
        after: str | None = None
        while True:
            calls, after = store.comparisons(migration, None, after, _PAGE, name, until=until)
            for call in calls:
                if call.at < since:
                    return
                if call.parent.uid == state.parent.uid:
                    yield call
            if after is None:
                return

    return governing(changes(store, migration), migration, state, at, seen)


def _called(store: Store, migration: str, name: str) -> list[ParentState]:
    """All that were ever called that: one after the other, each with a uid of its own."""
    found, _ = store.parents(migration, before_all_called(name), _PAGE)
    return [state for state in found if str(state.parent) == name]


def _living(states: Iterable[ParentState], at: float) -> ParentState | None:
    """The one that lived then: the first to be seen at that time or later, else the last one."""
    in_order = sorted(states, key=lambda state: state.seen_at)
    return next((state for state in in_order if state.seen_at >= at), in_order[-1] if in_order else None)


def governing(lines: Iterable[Change], migration: str, state: ParentState, at: float, seen: Seen) -> Governing:
    """
    Args:
        lines: the change log, newest first; read no further than is needed.
        state: of the parent, as it is known today.
        at: unix seconds.
    """
    position = _position(lines, migration, at)
    configured = position.configured(migration)
    if configured is None:
        return Governing(state.parent, moment(at), None, brake=position.braked)
    pins = _pins(configured)
    told = _assigned(position, configured, pins, state, at)
    if position.guarded_since is not None:
        return _under_guard(told, position.guarded_since, state, at, seen)
    known = state.compared_at is not None and state.compared_at <= at
    if told.by not in ("pin", "weight") or known or not pins.asks_labels(state.parent):
        return told
    return _by_labels(told, next(seen(position.since, at), None))


def _position(lines: Iterable[Change], migration: str, at: float) -> _Position:
    configuration: Change | None = None
    brake: Change | None = None
    for line in lines:
        if line.at > at:
            continue
        if configuration is None and line.kind == "configuration":
            configuration = line
        if brake is None and line.kind in _BRAKES and line.migration == migration:
            brake = line
        if configuration is not None and brake is not None:
            break
    return _Position(configuration, brake)


def _pins(configured: Mapping[str, Any]) -> Pins:
    try:
        return Pins.model_validate(configured.get("pin") or {})
    except ValidationError:
        return Pins()


def _assigned(
    position: _Position, configured: Mapping[str, Any], pins: Pins, state: ParentState, at: float
) -> Governing:
    """As the log has it."""
    stage, weight, parent = Stage(configured["stage"]), float(configured["weight"]), state.parent
    found = assign(stage, round(weight * 100), pins.side(parent, state.labels), position.braked, parent.uid)
    return Governing(
        parent=parent,
        at=moment(at),
        primary=found.primary,
        by=found.because,
        stage=stage,
        weight=weight,
        brake=position.braked,
        since=moment(position.since),
    )


def _by_labels(told: Governing, call: Call | None) -> Governing:
    primary, witness = (call.primary, call.id) if call is not None else (None, None)
    return msgspec.structs.replace(told, primary=primary, by=None, depends_on_labels=True, call=witness)


def _under_guard(told: Governing, pulled: float, state: ParentState, at: float, seen: Seen) -> Governing:
    """`old` or nobody, as calls since the pull were answered.

    1. Its last answer of all came then, and after any call that is kept.
    2. A sync call is kept.
    3. It was answered nothing since: neither by `old`, which then removes nothing it made itself, nor, if it called, by
       anybody.
    4. It was answered later again: that tells nothing of then.
    """
    call = next((call for call in seen(pulled, at) if call.hook is Hook.SYNC), None)
    told = msgspec.structs.replace(told, primary=None, by=GUARD)
    served_at = state.served_at or 0.0
    if (call.at if call is not None else pulled) <= served_at <= at:
        return msgspec.structs.replace(told, primary=state.served)
    if call is not None:
        return msgspec.structs.replace(told, primary=call.served, refused=call.served is None, call=call.id)
    if served_at <= at and state.served is Side.OLD:
        return msgspec.structs.replace(told, primary=Side.OLD)
    return msgspec.structs.replace(told, refused=served_at <= at and state.seen_at > pulled)
