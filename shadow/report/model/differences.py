"""What differs: one record a cause, merged over the parents that show it."""

from datetime import datetime
from typing import Any

import msgspec

from shadow.protocol.objects import Identity
from shadow.terms import Change, Effect, Side


class Effects(msgspec.Struct, frozen=True):
    """The effect of an object's difference under either answer."""

    old: Effect
    new: Effect


class Example(msgspec.Struct, frozen=True):
    """The latest occurrence. `old` and `new` are null where the field is absent, too: see the difference's change."""

    old: Any
    new: Any
    comparison: str
    parent: str  # `ns/name`, or `name`


class DifferenceLine(msgspec.Struct, frozen=True):
    """One cause, merged over the parents that show it.

    `object` is null where it is the parent itself. `ignored_because` and `expected_because` are set only when rules
    explain every parent of the line; `unexplained_parents` counts those that no rule explains.
    """

    id: str
    object: Identity | None
    path: str
    change: Change
    effects: Effects
    effect: Effect
    side: Side
    repeats: bool
    count: int
    parents: int
    moved_parents: int
    unexplained_parents: int
    first_seen: datetime
    last_seen: datetime
    example: Example
    ignored_because: str | None = None
    expected_because: str | None = None

    @property
    def explained(self) -> bool:
        return self.unexplained_parents == 0
