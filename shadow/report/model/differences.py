"""What differs: one record a cause, merged over the parents that show it."""

from enum import StrEnum
from typing import Any

import msgspec

from shadow.protocol.objects import Identity
from shadow.report.model.standing import Instant
from shadow.terms import Change, Effect, Side


class Effects(msgspec.Struct, frozen=True):
    """The effect of an object's difference under either answer."""

    old: Effect
    new: Effect


class Example(msgspec.Struct, frozen=True):
    """The latest occurrence. `old` and `new` are null where the field is absent, too: see the difference's change.

    They stay JSON until they are looked at: as objects, thousands of them would be ten times as large.
    """

    old: msgspec.Raw
    new: msgspec.Raw
    comparison: str | None  # the latest that is kept
    parent: str  # `ns/name`, or `name`

    def value(self, side: Side) -> Any:
        """What one side had there."""
        return msgspec.json.decode(self.new if side == Side.NEW else self.old)


class SinceBaseline(StrEnum):
    """Whether an earlier report has the difference, too; by its id."""

    NEW = "new"
    UNCHANGED = "unchanged"
    GONE = "gone"  # only the earlier report has it: the line is as it was there, and counts nothing


class Baseline(msgspec.Struct, frozen=True):
    """An earlier report that this one is held against, and how many differences are how. Explained ones count, too.

    `unseen` are those that only the earlier one has, though not all the parents that showed them were compared since.
    """

    generated_at: Instant
    evidence_digest: str
    new: int
    new_unexplained: int
    unchanged: int
    gone: int
    unseen: int = 0


class DifferenceLine(msgspec.Struct, frozen=True):
    """One cause, merged over the parents that show it.

    `object` is null where it is the parent itself. `ignored_because` and `expected_because` are set only when rules
    explain every parent of the line; `unexplained_parents` counts those that no rule explains. `since_baseline` is null
    without a baseline.
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
    first_seen: Instant
    last_seen: Instant
    example: Example
    ignored_because: str | None = None
    expected_because: str | None = None
    since_baseline: SinceBaseline | None = None

    @property
    def explained(self) -> bool:
        return self.unexplained_parents == 0

    @property
    def is_gone(self) -> bool:
        return self.since_baseline is SinceBaseline.GONE
