"""What the store tells of all that it was told: differences, advice, failures and the rest, counted."""

from typing import Any

import msgspec

from shadow.compare.model import EffectPair, ObjectEffect
from shadow.protocol.objects import Identity, ParentRef
from shadow.store.records import Counters
from shadow.terms import Change as FieldChange
from shadow.terms import Hook, Side


class HeldCount(msgspec.Struct, frozen=True):
    """How often the same was held for the same parent."""

    parent: ParentRef
    objects: tuple[ObjectEffect, ...]
    call: str  # the latest one
    count: int = 0
    first_seen: float = 0.0
    last_seen: float = 0.0


class Group(msgspec.Struct, frozen=True):
    """One difference group as one parent shows it: rules are applied to these when a report is made."""

    group: str
    parent: ParentRef
    object: Identity | None
    path: str
    shown_object: Identity | None
    shown_path: str
    change: FieldChange
    effects: EffectPair
    repeats: bool
    moved: bool  # the parent's primary was `new` when it was last seen
    count: int  # within the window asked for
    first_seen: float
    last_seen: float
    comparison: str  # the latest one, kept or not
    old: Any  # redacted example values
    new: Any
    has_old: bool
    has_new: bool
    normalized: str | None = None  # the rule by which it is a matter of spelling
    front_digest: str | None = None  # of the spec of the controller that asked when it was last seen
    example: str | None = None  # the latest comparison that was kept


class AdviceCount(msgspec.Struct, frozen=True):
    code: str
    implementation: Side | None
    object: Identity | None
    message: str
    count: int


class NoiseCount(msgspec.Struct, frozen=True):
    """In how many of the comparisons in which an implementation was asked twice it differed from itself, and where.

    `object` stands for its kind, `one` and `other` are the latest values, redacted.
    """

    implementation: Side
    object: Identity | None
    path: str
    one: Any = None
    other: Any = None
    differs: int = 0
    of: int = 0


class FailureCount(msgspec.Struct, frozen=True):
    implementation: Side
    hook: Hook
    reason: str
    count: int
    example: str | None  # the latest comparison that was kept


class Coverage(msgspec.Struct, frozen=True):
    hook: Hook
    situation: str
    comparisons: int
    parents: int


class Slot(msgspec.Struct, frozen=True):
    """What was counted in one stretch of time that begins at `at`."""

    at: float
    counters: Counters
