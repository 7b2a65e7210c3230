"""What is kept and how it is asked for: one interface, one file a database behind it.

Counters, parents, groups and the change log are kept apart from bodies, so retention never falsifies a number. Calls
here block; `shadow.proxy.record.recorder` and `shadow.web` run them on the store's own threads.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from shadow.compare.model import Comparison, EffectPair, Foresight, ObjectEffect
from shadow.protocol.objects import Identity, ParentRef
from shadow.terms import Change as FieldChange
from shadow.terms import Effect, Hook, Outcome, Side


class Brake(msgspec.Struct, frozen=True):
    """The state of one migration's brake. `version` rises with each change, so that a compare-and-set trips once."""

    on: bool
    version: int
    since: float  # unix seconds
    by: str  # token name, "guard", "configuration"
    because: str
    governed: Mapping[str, Any] = {}  # stage, weight, pins and evidence_digest at the pull; a release checks them


class Counters(msgspec.Struct, frozen=True):
    """Of one replica and migration since that process started; `calls` less the outcomes is what is pending."""

    calls: int = 0
    matched: int = 0
    ignored: int = 0
    mismatched: int = 0
    failed: int = 0
    skipped: int = 0
    dropped: int = 0
    dropped_by: Mapping[str, int] = {}  # queue, busy, budget, worker, crash, shutdown
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


class Moves(msgspec.Struct, frozen=True):
    """What it would write to hand a parent over to one side, once the other side's answer was applied."""

    counts: Mapping[str, int] = {}  # complete: `{"delete Service": 2}`, an effect and a `Kind[.group]`
    objects: tuple[ObjectEffect, ...] = ()  # the worst of them


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


class GivenRules(msgspec.Struct, frozen=True):
    """What an implementation last said which objects are related to a parent: rules as JSON texts."""

    rules: tuple[bytes, ...]
    generation: int  # the parent's then
    implementation: str  # a digest of its settings: another implementation may have other rules


class RelatedState(msgspec.Struct, frozen=True):
    """What a front was last answered to a customize call for a parent."""

    migration: str
    uid: str  # the parent's
    front: str  # `DecoratorController/profiles`
    answered_at: float
    given: Mapping[Side, GivenRules] = {}  # the last known ones, whether they are in that answer or not
    answered: tuple[Side, ...] = ()  # whose rules are in it


class Change(msgspec.Struct, frozen=True):
    """One line of the append-only log. `kind`: start, configuration, refused-configuration, front, guard, rollback,
    release.

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


class HeldCount(msgspec.Struct, frozen=True):
    """How often the same was held for the same parent."""

    parent: ParentRef
    objects: tuple[ObjectEffect, ...]
    call: str  # the latest one
    count: int = 0
    first_seen: float = 0.0
    last_seen: float = 0.0


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
    comparison: str  # the latest one, for the example
    old: Any  # redacted example values
    new: Any
    has_old: bool
    has_new: bool
    normalized: str | None = None  # the rule by which it is a matter of spelling


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
    example: str  # a comparison's id


class Coverage(msgspec.Struct, frozen=True):
    hook: Hook
    situation: str
    comparisons: int
    parents: int


class Acknowledgement(msgspec.Struct, frozen=True):
    """Somebody has seen a difference group and says so. It never changes how the group is judged."""

    by: str
    at: float
    note: str


class Slot(msgspec.Struct, frozen=True):
    """What was counted in one stretch of time that begins at `at`."""

    at: float
    counters: Counters


class Store(Protocol):
    """Every method blocks, may be called from any thread, and raises StoreError when the database fails.

    A cursor is a text to hand back as it was given; another one is a ValueError.
    """

    def open(self, now: float) -> None:
        """Create or migrate the schema; what a dead process left pending becomes `dropped: crash`.

        Raises:
            StoreError: naming the path and why, also when another process is serving from the same file.
        """
        ...

    def close(self) -> None: ...

    # --- what is decided: synchronous and durable -------------------------------------------------------------
    def brakes(self) -> dict[str, Brake]:
        """Of every migration the store remembers. A migration that is missing here has an unknown brake."""
        ...

    def remember(self, migration: str, now: float) -> None:
        """Durably note an unknown migration with its brake off, version 0. Does nothing to one that is known.

        Only for a migration first seen in stages off or shadow: anywhere else an unknown brake stays unknown.
        """
        ...

    def set_brake(self, migration: str, brake: Brake) -> bool:
        """Write durably (fsync) if the stored version is one less than `brake.version` (or absent, for version 1).

        The change log gets its line (`rollback` or `release`) in the same transaction, so no flush has to bring it.
        Returns False, writing nothing, when somebody was faster. Goes before any batch that waits.

        Raises:
            StoreError: when a pull could be stored nowhere, or a release not everywhere; the brake is then as before.
        """
        ...

    def accepted_configuration(self) -> tuple[str, str] | None:
        """(text, digest) of the last configuration that was taken over."""
        ...

    def accept_configuration(self, text: str, digest: str, now: float) -> None: ...

    def acknowledge(self, migration: str, group: str, acknowledgement: Acknowledgement | None, line: Change) -> None:
        """Durably keep it in the place of an older one; None takes it back. `line` goes into the change log with it."""
        ...

    def served_identities(self, migration: str) -> list[ParentState]:
        """Every parent's state, to be held in memory from the start."""
        ...

    def related(self, migration: str) -> list[RelatedState]:
        """What fronts were answered to customize calls, to be held in memory from the start."""
        ...

    # --- what is observed: batched -----------------------------------------------------------------------------
    def flush(self, batch: Flush) -> None:
        """One transaction. Idempotent counters: absolute values replace this replica's row."""
        ...

    def retain(self, now: float, retention: Retention) -> int:
        """Delete single comparisons by age, count and size, oldest first.

        One short step, so that no other write waits for long; returns how many went: call again until that is 0.
        """
        ...

    # --- what is asked: `since` <= at < `until`, unix seconds; None is open --------------------------------------
    def counters(self, migration: str) -> Counters:
        """Since the store began, summed over replicas, dead ones included."""
        ...

    def totals(self, migration: str, since: float | None, until: float | None) -> Counters:
        """The same of a window, to the minute; to the day for what is older than a week."""
        ...

    def timeline(self, migration: str, since: float, until: float, slot_seconds: int) -> list[Slot]:
        """The same, slot by slot in the order of time; slots in which nothing was counted are left out.

        Args:
            slot_seconds: a multiple of 60.
        """
        ...

    def groups(
        self, migration: str, evidence_digest: str, since: float | None, until: float | None
    ) -> Iterator[Group]: ...

    def parents(self, migration: str, after: str | None, limit: int) -> tuple[list[ParentState], str | None]:
        """Ordered by (namespace, name, uid); with the cursor of the next page."""
        ...

    def comparisons(
        self, migration: str, outcome: Outcome | None, after: str | None, limit: int
    ) -> tuple[list[Call], str | None]:
        """Newest first, without answers."""
        ...

    def comparison(self, migration: str, id: str) -> Call | None:
        """With redacted answers, if they are still kept."""
        ...

    def acknowledgements(self, migration: str) -> dict[str, Acknowledgement]:
        """By difference group."""
        ...

    def advice(
        self, migration: str, evidence_digest: str, since: float | None, until: float | None
    ) -> list[AdviceCount]: ...

    def noise(
        self, migration: str, evidence_digest: str, since: float | None, until: float | None
    ) -> list[NoiseCount]: ...

    def failures(self, migration: str, since: float | None, until: float | None) -> list[FailureCount]: ...

    def held(self, migration: str, since: float | None, until: float | None) -> list[HeldCount]:
        """What was held, at whatever evidence; the latest first."""
        ...

    def coverage(
        self, migration: str, evidence_digest: str, since: float | None, until: float | None
    ) -> list[Coverage]: ...

    def guard(self, migration: str, epoch: str) -> dict[int, dict[str, float]]:
        """The guard's buckets of this epoch, summed over replicas; empty for another epoch."""
        ...

    def history(self, migration: str | None, after: str | None, limit: int) -> tuple[list[Change], str | None]:
        """Newest first. Of one migration: its own lines and those that concern all."""
        ...
