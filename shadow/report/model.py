"""The records of a report, field for field its JSON (`shadow.report/v1`). They compute nothing but what follows.

Times are UTC and travel as RFC 3339. Values of objects were redacted before they were stored; an identity with
`<namespace>`, `<name>` or `<uid>` in it stands for the same place in every parent.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import msgspec

from shadow.protocol.objects import Identity, ParentRef
from shadow.terms import Change, Effect, Hook, Outcome, Side, Stage

SCHEMA = "shadow.report/v1"


class Window(msgspec.Struct, frozen=True):
    """What is reported: `since` <= at < `until`; null is open."""

    since: datetime | None = None
    until: datetime | None = None


class BrakeLine(msgspec.Struct, frozen=True):
    """The rollback. `on` is null while the store has no memory of this migration: nobody knows."""

    on: bool | None
    since: datetime | None = None
    by: str | None = None
    because: str | None = None


class Situation(msgspec.Struct, frozen=True):
    """How often a situation of a parent was compared at the present evidence, and in how many parents."""

    hook: Hook
    situation: str  # nothing observed | partial | steady | finalizing | unselected
    comparisons: int
    parents: int


class ConfigurationLine(msgspec.Struct, frozen=True):
    """Where the migration stands. `weight` is a percentage; only stage canary heeds it."""

    stage: Stage
    weight: float
    brake: BrakeLine
    configuration_digest: str
    evidence_digest: str


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
    """Calls within the window, whatever the evidence then was; parents are all that are known today."""

    calls: int
    comparisons: Outcomes
    dropped: int
    dropped_by: Mapping[str, int]
    parents: int
    parent_kinds: tuple[str, ...] = ()


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
    compared_at: datetime | None
    stale: bool
    readiness: str = ""
    state: str = "live"
    comparison: str | None = None  # the latest one's id


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
    since: datetime
    comparisons: int
    parents: int
    coverage: tuple[Situation, ...]
    waived: tuple[str, ...] = ()


class HeldObject(msgspec.Struct, frozen=True):
    """One object that an answer of `new` would have removed, and how."""

    object: Identity
    effect: Effect


class HeldLine(msgspec.Struct, frozen=True):
    """A parent for which an answer of `new` was held, at whatever evidence; `call` is the latest such call's id."""

    parent: ParentRef
    objects: tuple[HeldObject, ...]
    count: int
    first_seen: datetime
    last_seen: datetime
    call: str


class Agreed(msgspec.Struct, frozen=True):
    """Observed objects that both answers would remove, in parents whose answers do not differ otherwise."""

    objects: int = 0
    parents: int = 0


class AdviceLine(msgspec.Struct, frozen=True):
    """A trap seen in requests and answers."""

    code: str
    implementation: Side | None
    object: Identity | None
    message: str
    count: int


class FailureLine(msgspec.Struct, frozen=True):
    """How an implementation failed to give a valid answer; `example` is a comparison's id."""

    implementation: Side
    hook: Hook
    reason: str
    count: int
    example: str


class Creation(msgspec.Struct, frozen=True):
    """An object of one parent in which the answers differ and that a side's answer would create."""

    object: Identity
    parent: ParentRef
    sides: tuple[Side, ...]


class TakenLine(msgspec.Struct, frozen=True):
    """A creation in vain: somebody has an object of that name. `owner` in words."""

    object: Identity
    parent: ParentRef
    sides: tuple[Side, ...]
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


class RuleState(StrEnum):
    """What became of a rule within the window, at the present evidence."""

    APPLIED = "applied"
    EXPIRED = "expired"  # its last day is over: it explains nothing any more
    UNMATCHED = "unmatched"  # nothing was ever like that
    GONE = "gone"  # it was, but no parent's latest comparison shows it


class RuleLine(msgspec.Struct, frozen=True):
    """A rule as it is configured, and in how many parents there is something it matches.

    `matched_parents`: within the window; `present_parents`: in their latest comparison. Expired ones are counted, too:
    what they explained stands in the report as unexplained.
    """

    verb: str  # ignore | expect
    because: str
    object: str | None
    path: str | None
    change: Change | None
    effect: Effect | None
    parents: tuple[str, ...]
    until: date | None
    owner: str | None
    state: RuleState
    matched_parents: int
    present_parents: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One migration, as every format shows it.

    `effects` counts, over differences that no rule explains, each object of each parent once, by its worst effect.
    `differences` come worst effect first, side `new` before `old`, then by number of parents. `parents` may be read
    from the store while it is iterated over; its length is known.
    """

    schema: str = SCHEMA
    migration: str
    generated_at: datetime
    window: Window
    configuration: ConfigurationLine
    totals: Totals
    coverage: tuple[Situation, ...]
    effects: Mapping[Effect, int]
    differences: tuple[DifferenceLine, ...]
    parents: Collection[ParentLine]
    advice: tuple[AdviceLine, ...]
    failures: tuple[FailureLine, ...]
    verdict: VerdictLine | None = None
    rules: tuple[RuleLine, ...] = ()
    held: tuple[HeldLine, ...] = ()
    agreed_removals: Agreed = Agreed()
    predictions: Predictions = Predictions()
    noise: tuple[NoiseLine, ...] = ()
    creations: tuple[Creation, ...] | msgspec.UnsetType = msgspec.UNSET  # only where it was asked for
    taken: tuple[TakenLine, ...] | msgspec.UnsetType = msgspec.UNSET  # only where a cluster was given

    @property
    def conclusive(self) -> bool:
        """Whether anything was compared at the present evidence within the window."""
        return bool(self.differences) or (
            self.totals.comparisons.compared > 0 and any(line.comparisons for line in self.coverage)
        )

    @property
    def differs(self) -> bool:
        """Whether something differs that no rule explains."""
        return any(not line.explained for line in self.differences)
