"""Which implementation governed a parent at a time, told from the change log alone. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from pydantic import ValidationError

from shadow.config.pins import Pins
from shadow.protocol.objects import ParentRef
from shadow.proxy.cutover.assignment import assign
from shadow.report.window import moment
from shadow.store.base import Change
from shadow.terms import Side, Stage

_BRAKES = ("rollback", "release")


class Governing(msgspec.Struct, frozen=True):
    """Whose answer the parent was given. `primary` is null where the log does not tell.

    `by` is what decided: stage, weight, pin or brake; `since` when the latest change before `at` was made.
    """

    parent: ParentRef
    at: datetime
    primary: Side | None
    by: str | None = None
    stage: Stage | None = None
    weight: float | None = None
    brake: bool = False
    since: datetime | None = None


def governing(
    lines: Iterable[Change], migration: str, parent: ParentRef, labels: Mapping[str, str], at: float
) -> Governing:
    """
    Args:
        lines: the change log, newest first; read no further than is needed.
        labels: of the parent, as far as a pin selects by them; as they were seen last.
        at: unix seconds.
    """
    standing: Mapping[str, Any] | None = None
    braked: bool | None = None
    since: float | None = None
    for line in lines:
        if line.at > at:
            continue
        configured = _standing(line, migration)
        if standing is None and configured is not None:
            standing, since = configured, since or line.at
        if braked is None and line.kind in _BRAKES and line.migration == migration:
            braked, since = line.kind == "rollback", since or line.at
        if standing is not None and braked is not None:
            break
    if standing is None:
        return Governing(parent, moment(at), None, brake=bool(braked))
    return _told(standing, bool(braked), parent, labels, at, since)


def _standing(line: Change, migration: str) -> Mapping[str, Any] | None:
    if line.kind != "configuration":
        return None
    found = line.details.get("migrations", {}).get(migration)
    return found if isinstance(found, Mapping) else None


def _told(
    standing: Mapping[str, Any],
    braked: bool,
    parent: ParentRef,
    labels: Mapping[str, str],
    at: float,
    since: float | None,
) -> Governing:
    stage, weight = Stage(standing["stage"]), float(standing["weight"])
    try:
        pins = Pins.model_validate(standing.get("pin") or {})
    except ValidationError:
        pins = Pins()
    found = assign(stage, round(weight * 100), pins.side(parent, labels), braked, parent.uid)
    return Governing(
        parent=parent,
        at=moment(at),
        primary=found.primary,
        by=found.because,
        stage=stage,
        weight=weight,
        brake=braked,
        since=None if since is None else moment(since),
    )
