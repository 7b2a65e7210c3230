"""What else was found in requests and answers: traps, failures, noise, creates in vain, predictions."""

from typing import Any

import msgspec

from shadow.protocol.objects import Identity, ParentRef
from shadow.terms import Hook, Side


class AdviceLine(msgspec.Struct, frozen=True):
    """A trap seen in requests and answers."""

    code: str
    implementation: Side | None
    object: Identity | None
    message: str
    count: int


class FailureLine(msgspec.Struct, frozen=True):
    """How an implementation failed to give a valid answer; `example` is the latest comparison that is kept."""

    implementation: Side
    hook: Hook
    reason: str
    count: int
    example: str | None


class Creation(msgspec.Struct, frozen=True):
    """An object of one parent in which the answers differ and that a side's answer would create."""

    object: Identity
    parent: ParentRef
    sides: tuple[Side, ...]


class TakenLine(Creation, frozen=True):
    """A creation in vain: somebody has an object of that name. `owner` in words."""

    owner: str


class Proposal(msgspec.Struct, frozen=True):
    """An `ignore` rule that would account for it, ready to be pasted into `compare.ignore`."""

    path: str
    because: str
    object: str | None = None


class NoiseLine(msgspec.Struct, frozen=True):
    """A place in which an implementation, asked the same twice, differed from itself `differs` times `of` so many.

    `object` stands for its kind: namespace and name are `*`. `example` are two values of one call.
    """

    path: str
    object: Identity | None
    implementation: Side
    differs: int
    of: int
    example: tuple[Any, Any]
    proposal: Proposal | None  # null where it is a whole object: to ignore that would hide its absence


class Predictions(msgspec.Struct, frozen=True):
    """Writes that served answers should have caused, held against what the parents' next calls observed.

    `examples` are the advice of those that did not show.
    """

    confirmed: int = 0
    contradicted: int = 0
    examples: tuple[AdviceLine, ...] = ()
