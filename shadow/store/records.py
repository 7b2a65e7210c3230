"""What the store is told: decisions, calls with what comparing them found, the state of parents, the change log."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import msgspec

from shadow.compare.model import Comparison, Foresight, ObjectEffect
from shadow.protocol.objects import Identity, ParentRef
from shadow.terms import Effect, Hook, Outcome, Side

GUARD = "guard"
"""By whom a brake is pulled that no person and no configuration pulled; what it saw then is in `governed`, by this."""


class Brake(msgspec.Struct, frozen=True):
    """The state of one migration's brake. `version` rises with each change, so that a compare-and-set trips once."""

    on: bool
    version: int
    since: float  # unix seconds
    by: str  # token name, GUARD, "configuration"
    because: str
    governed: Mapping[str, Any] = {}  # stage, weight, pins and evidence_digest at the pull; a release checks them
    until: float = 0.0  # released: it holds until then, so that all replicas let go together

    @property
    def unconfirmed(self) -> bool:
        """Whether the guard pulled it, and nobody has confirmed that."""
        return self.on and self.by == GUARD

    @property
    def seen_by_guard(self) -> bool:
        """Whether the guard pulled it, though a person may have confirmed that since."""
        return self.on and (self.by == GUARD or GUARD in self.governed)


class Counters(msgspec.Struct, frozen=True):
    """Of one replica and migration since that process started; `calls` less the outcomes is what is pending."""

    calls: int = 0
    matched: int = 0
    ignored: int = 0
    mismatched: int = 0
    failed: int = 0
    skipped: int = 0
    dropped: int = 0
    dropped_by: Mapping[str, int] = {}  # queue, busy, memory, budget, worker, crash, shutdown
    served_old: int = 0
    served_new: int = 0
    fallbacks: int = 0
    fallbacks_withheld: int = 0
    held: int = 0
    refused: int = 0
    confirmed: int = 0  # predicted writes that the parent's next call showed
    contradicted: int = 0


class Asked(msgspec.Struct, frozen=True):
    """How one implementation was asked in a call, for `comparisons/{id}`."""

    result: str  # answered | failed | refused | not-asked
    status: int | None = None
    seconds: float | None = None
    error: str | None = None
    revision: str | None = None


class Call(msgspec.Struct, frozen=True):
    """One call as it is stored with its comparison."""

    id: str
    migration: str
    at: float
    hook: Hook
    front: str
    parent: ParentRef
    primary: Side
    served: Side | None  # None: an error of the proxy's own went out
    status: int  # of the answer that went out
    old: Asked
    new: Asked
    evidence_digest: str
    trace_id: str | None = None
    comparison: Comparison | None = None  # None while skipped or dropped
    outcome: Outcome = Outcome.SKIPPED
    reason: str | None = None
    count: int = 1  # of the very same pairs within one batch; this is the last of them
    front_digest: str | None = None  # of the spec of the controller that asked


class Moves(msgspec.Struct, frozen=True):
    """What it would write to hand a parent over to one side, once the other side's answer was applied."""

    counts: Mapping[str, int] = {}  # complete: `{"delete Service": 2}`, an effect and a `Kind[.group]`
    objects: tuple[ObjectEffect, ...] = ()  # the worst of them

    @classmethod
    def of(cls, effects: Sequence[ObjectEffect], most: int) -> Self:
        """All of them counted, and at most so many named."""
        counts = Counter(f"{each.effect} {each.object.shown_kind}" for each in effects)
        return cls(dict(counts), tuple(sorted(effects, key=lambda each: -each.effect.severity)[:most]))

    def each(self) -> Iterator[tuple[Effect, str, int]]:
        """An effect, a `Kind[.group]`, and how many objects of it."""
        for text, count in self.counts.items():
            effect, _, kind = text.partition(" ")
            yield Effect(effect), kind, count


class ParentState(msgspec.Struct, frozen=True):
    """Per parent: what the next call, the report and a plan need to know."""

    migration: str
    parent: ParentRef
    primary: Side
    served: Side | None  # whose answer was served last
    served_identities: tuple[Identity, ...] | None  # of that answer; None: unknown
    served_at: float | None
    new_identities: tuple[Identity, ...] | None = None  # what `new` is known to have listed, for the hold
    old_identities: tuple[Identity, ...] | None = None  # of `old`'s answer to the call that `new` was served in last
    outcome: Outcome | None = None  # of its latest comparison
    effects_old: Mapping[Effect, int] = {}
    effects_new: Mapping[Effect, int] = {}
    compared_at: float | None = None
    comparison: str | None = None
    evidence_digest: str | None = None
    seen_at: float = 0.0
    reason: str | None = None  # of its latest comparison, where that failed: `new:timeout`
    front_digest: str | None = None  # of the spec of the controller that asked then
    moves_old: Moves | None = None  # to `old`, by that comparison; None: it could not tell
    moves_new: Moves | None = None
    labels: Mapping[str, str] = {}  # of the parent, as of that comparison
    answered_in: str | None = None  # the call in which the parent was last given an answer
    foresight: Foresight | None = None  # what its next call should show
    revision: int = 0  # that a database shared by replicas gave to what this is based on


class GivenRules(msgspec.Struct, frozen=True):
    """What an implementation last said which objects are related to a parent: rules as JSON texts."""

    rules: tuple[bytes, ...]
    generation: int  # the parent's then
    implementation: str  # a digest of its settings: another implementation may have other rules
    tag: bytes | None = None  # the entity tag with which they went out


class RelatedState(msgspec.Struct, frozen=True):
    """What a front was last answered to a customize call for a parent."""

    migration: str
    uid: str  # the parent's
    front: str  # `DecoratorController/profiles`
    answered_at: float
    given: Mapping[Side, GivenRules] = {}  # the last known ones, whether they are in that answer or not
    answered: tuple[Side, ...] = ()  # whose rules are in it for certain
    perhaps: tuple[Side, ...] = ()  # and whose may be, since nobody knows which answer is kept
    began_at: float | None = None  # when the call came that this is the answer to


class Change(msgspec.Struct, frozen=True):
    """One line of the append-only log. `kind`: start, configuration, refused-configuration, front, revision, guard,
    rollback, release.

    The last two are written by `Store.set_brake` itself, with what they tell of; a flush brings the others.
    """

    at: float
    migration: str | None
    kind: str
    by: str
    because: str
    details: Mapping[str, Any] = {}


class GuardRises(msgspec.Struct, frozen=True):
    """What a guard counted since its last flush: `buckets[start][name]`, start in unix seconds / 10.

    Nothing before `keep_from` is kept, of whatever epoch.
    """

    migration: str
    epoch: str
    keep_from: int
    buckets: Mapping[int, Mapping[str, float]]


class HeldCall(msgspec.Struct, frozen=True):
    """A call in which an answer of `new` was not served, because of what it would have removed."""

    migration: str
    call: str
    at: float
    parent: ParentRef
    objects: tuple[ObjectEffect, ...]


class Flush(msgspec.Struct, frozen=True):
    """One batched write, one transaction: counters are written together with what they count.

    Every call is counted in groups, advice, failures and coverage. Kept one by one are those mismatched or failed, and
    those whose comparison brings its answers.
    """

    replica: str  # another one for each start of a process: its counters begin at zero
    at: float
    counters: Mapping[str, Counters]  # migration -> absolute values of this replica
    calls: Sequence[Call] = ()
    parents: Sequence[ParentState] = ()
    changes: Sequence[Change] = ()
    related: Sequence[RelatedState] = ()
    guards: Sequence[GuardRises] = ()
    held: Sequence[HeldCall] = ()


class Retention(msgspec.Struct, frozen=True):
    """How much is kept of single comparisons. Counters, groups, parents and the change log are never cut by it."""

    age_seconds: float = 30 * 86_400.0
    comparisons: int = 100_000
    size_bytes: int = 2 * 1024**3


class Acknowledgement(msgspec.Struct, frozen=True):
    """Somebody has seen a difference group and says so. It never changes how the group is judged."""

    by: str
    at: float
    note: str
