"""Which implementation governed a parent at a time: told from the change log, and never guessed.

Labels are nowhere kept but as they were last seen. Where a pin's selector decides and they were seen later than that
time only, a kept call of the parent from then is the witness; without one the answer is that it depends on them.
"""

from collections.abc import Callable, Iterable, Mapping
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
from shadow.store.base import Call, Change, ParentState, Store
from shadow.store.parents import before_all_called
from shadow.terms import Side, Stage

_BRAKES = ("rollback", "release")
_PAGE = 50

Seen = Callable[[float, float], Call | None]
"""The latest kept call of a parent from the first moment up to and with the second, in unix seconds."""


class Governing(msgspec.Struct, frozen=True):
    """Whose answer the parent was given. `primary` is null where nobody can tell.

    `by` is what decided: stage, weight, pin or brake; `since` when the latest change before `at` was made.
    `depends_on_labels`: a pin selects by labels, and those of then are not known; `call` is then the kept call whose
    primary it is, if there is one.
    """

    parent: ParentRef
    at: datetime
    primary: Side | None
    by: str | None = None
    stage: Stage | None = None
    weight: float | None = None
    brake: bool = False
    since: datetime | None = None
    depends_on_labels: bool = False
    call: str | None = None


@dataclass(frozen=True, slots=True)
class _Position:
    """Where the migration stood: the last configuration before, and the brake; None where the log does not tell."""

    configured: Mapping[str, Any] | None
    braked: bool
    since: float | None


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

    def seen(since: float, until: float) -> Call | None:
        after: str | None = None
        while True:
            calls, after = store.comparisons(migration, None, after, _PAGE, name, until=until)
            for call in calls:
                if call.at < since:
                    return None
                if call.parent.uid == state.parent.uid:
                    return call
            if after is None:
                return None

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
    if position.configured is None:
        return Governing(state.parent, moment(at), None, brake=position.braked)
    return _told(position, position.configured, state, at, seen)


def _position(lines: Iterable[Change], migration: str, at: float) -> _Position:
    configuration: Change | None = None
    braked: bool | None = None
    since: float | None = None
    for line in lines:
        if line.at > at:
            continue
        if configuration is None and line.kind == "configuration":
            configuration, since = line, since or line.at
        if braked is None and line.kind in _BRAKES and line.migration == migration:
            braked, since = line.kind == "rollback", since or line.at
        if configuration is not None and braked is not None:
            break
    configured = configuration.details.get("migrations", {}).get(migration) if configuration is not None else None
    return _Position(configured, bool(braked), since)


def _told(position: _Position, configured: Mapping[str, Any], state: ParentState, at: float, seen: Seen) -> Governing:
    stage, weight, parent = Stage(configured["stage"]), float(configured["weight"]), state.parent
    try:
        pins = Pins.model_validate(configured.get("pin") or {})
    except ValidationError:
        pins = Pins()
    found = assign(stage, round(weight * 100), pins.side(parent, state.labels), position.braked, parent.uid)
    told = Governing(
        parent=parent,
        at=moment(at),
        primary=found.primary,
        by=found.because,
        stage=stage,
        weight=weight,
        brake=position.braked,
        since=None if position.since is None else moment(position.since),
    )
    known = state.compared_at is not None and state.compared_at <= at
    if found.because not in ("pin", "weight") or known or not pins.asks_labels(parent):
        return told
    call = seen(position.since or 0.0, at)
    return msgspec.structs.replace(
        told,
        primary=call.primary if call is not None else None,
        by=None,
        depends_on_labels=True,
        call=call.id if call is not None else None,
    )
