"""Where a migration stands: what is reported, how it is configured, how many calls there were, the verdict."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from shadow.terms import Hook, Stage

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time, UTC; RFC 3339 in JSON."""


class Window(msgspec.Struct, frozen=True):
    """What is reported: `since` <= at < `until`; null is open."""

    since: Instant | None = None
    until: Instant | None = None


class BrakeLine(msgspec.Struct, frozen=True):
    """The rollback. `on` is null while the store has no memory of this migration: nobody knows."""

    on: bool | None
    since: Instant | None = None
    by: str | None = None
    because: str | None = None


class ConfigurationLine(msgspec.Struct, frozen=True):
    """Where the migration stands. `weight` is a percentage; only stage canary heeds it."""

    stage: Stage
    weight: float
    brake: BrakeLine
    configuration_digest: str
    evidence_digest: str


class Result(StrEnum):
    """What the report found in a parent, within its window and at the present evidence."""

    AGREES = "agrees"  # compared, and nothing differs that no rule explains
    DIFFERS = "differs"
    FAILED = "failed"  # an implementation gave no valid answer when it was asked last
    NOT_COMPARED = "not-compared"


class Outcomes(msgspec.Struct, frozen=True):
    """Calls by what became of their comparison; dropped ones are counted apart."""

    matched: int = 0
    ignored: int = 0
    mismatched: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def compared(self) -> int:
        """Calls in which two answers were held against each other."""
        return self.matched + self.ignored + self.mismatched


class Totals(msgspec.Struct, frozen=True):
    """Calls within the window, whatever the evidence then was; parents are all that are known today.

    `results` are these parents by what the report found in them; all are named, also those of which there are none.
    """

    calls: int
    comparisons: Outcomes
    dropped: int
    dropped_by: Mapping[str, int]
    parents: int
    parent_kinds: tuple[str, ...] = ()
    results: Mapping[Result, int] = {}


class Situation(msgspec.Struct, frozen=True):
    """How often a situation of a parent was compared at the present evidence, and in how many parents."""

    hook: Hook
    situation: str  # nothing observed | partial | steady | finalizing | unselected
    comparisons: int
    parents: int


class Word(StrEnum):
    """The verdict itself."""

    READY = "ready"
    NOT_READY = "not-ready"
    INCONCLUSIVE = "inconclusive"


class VerdictLine(msgspec.Struct, frozen=True):
    """Whether the migration is ready for its next step, and why not.

    `comparisons` and `parents` are those that count as evidence since `since`; `coverage` is at the present evidence,
    however long ago; `waived` are situations that need not have been tried, each with its reason.
    """

    verdict: Word
    reasons: tuple[str, ...]
    since: Instant
    comparisons: int
    parents: int
    coverage: tuple[Situation, ...]
    waived: tuple[str, ...] = ()
