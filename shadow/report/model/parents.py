"""How single parents stand, and what was held back from them."""

from collections.abc import Mapping

import msgspec

from shadow.protocol.objects import Identity, ParentRef
from shadow.report.model.standing import Instant, Result
from shadow.terms import Effect, Outcome, Side


class ParentEffects(msgspec.Struct, frozen=True):
    """Objects by what Metacontroller would do to them under either answer."""

    old: Mapping[Effect, int]
    new: Mapping[Effect, int]


class ParentLine(msgspec.Struct, frozen=True):
    """A parent and its latest comparison; `stale` if that was made at other evidence than today's.

    `readiness`: ready, not-ready, stale, not-compared. `state`: live, or gone if it has not called for long.
    """

    parent: ParentRef
    primary: Side
    outcome: Outcome | None
    effects: ParentEffects
    compared_at: Instant | None
    stale: bool
    readiness: str = ""
    state: str = "live"
    comparison: str | None = None  # the latest one's id; null where it is not kept


class ParentCase(ParentLine, frozen=True):
    """A parent with what the report found in it; `differences` are the ids of those that no rule explains there."""

    result: Result = Result.NOT_COMPARED
    differences: tuple[str, ...] = ()


class HeldObject(msgspec.Struct, frozen=True):
    """One object that an answer of `new` would have removed, and how."""

    object: Identity
    effect: Effect


class HeldLine(msgspec.Struct, frozen=True):
    """A parent for which an answer of `new` was held, at whatever evidence; `call` is the latest such call's id."""

    parent: ParentRef
    objects: tuple[HeldObject, ...]
    count: int
    first_seen: Instant
    last_seen: Instant
    call: str


class Agreed(msgspec.Struct, frozen=True):
    """Observed objects that both answers would remove, in parents whose answers do not differ otherwise."""

    objects: int = 0
    parents: int = 0
