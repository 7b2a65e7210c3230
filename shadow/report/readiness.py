"""Whether one parent is ready for `new`: its latest comparison at the present evidence, judged by the rules of today.

What is old, made at other evidence, or for another spec of the controller in front is no evidence. In doubt a parent
is not ready.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shadow.protocol.label_selectors import Selector
from shadow.report.judge import UNEXPLAINED, Explain
from shadow.store.base import Group, ParentState
from shadow.terms import Effect, Outcome, Side

GONE_SECONDS = 48 * 3600.0
"""How long a parent may be silent where its controller names no resync."""
_LEAST_GONE_SECONDS = 3600.0  # Metacontroller itself backs off for up to a quarter of an hour


class Readiness(StrEnum):
    """What the latest comparison of a parent is worth."""

    READY = "ready"
    NOT_READY = "not-ready"
    STALE = "stale"  # compared, but not at the present evidence or too long ago
    NOT_COMPARED = "not-compared"


class ParentLife(StrEnum):
    """Whether the parent still calls; `gone` ones come back by themselves, with their next call."""

    LIVE = "live"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class FrontFacts:
    """What the controller in front says that evidence depends on."""

    spec_digest: str
    finalizes: bool  # it declares a finalize hook
    resync_seconds: float | None = None
    label_selectors: tuple[Selector | None, ...] = ()  # of the parents that it has; none, or None: all of them

    def passes_over(self, labels: Mapping[str, str]) -> bool:
        """Whether it certainly calls for no parent with these labels; with a finalize hook it may once more."""
        if self.finalizes or not self.label_selectors:
            return False
        return all(
            selector is not None and selector.fault() is None and not selector.matches(labels)
            for selector in self.label_selectors
        )


def gone_seconds(resync_seconds: float | None) -> float:
    """How long a parent is silent until it counts as gone: twice the resync."""
    return max(2 * resync_seconds, _LEAST_GONE_SECONDS) if resync_seconds else GONE_SECONDS


@dataclass(frozen=True, slots=True)
class Presence:
    """By what it is told whether a parent still calls.

    Attributes:
        front: the controller that called last; None: none is known.
        listening_since: since when the proxy listens, unix seconds: nobody is silent while nobody listens.
        now: unix seconds.
        front_timeout_seconds: no call takes longer.
    """

    front: FrontFacts | None
    listening_since: float
    now: float
    front_timeout_seconds: float

    def life(self, state: ParentState) -> ParentLife:
        return ParentLife.GONE if self.is_silent(state) or self.is_passed_over(state) else ParentLife.LIVE

    def is_silent(self, state: ParentState) -> bool:
        silence = gone_seconds(self.front.resync_seconds if self.front is not None else None)
        return self.now - max(state.seen_at, self.listening_since) > silence

    def is_passed_over(self, state: ParentState) -> bool:
        """Whether it called another controller, and the one in front certainly does not select it: nobody asks now.

        Its labels are those of its latest comparison: who called after that may have others.
        """
        front = self.front
        if front is None or state.compared_at is None or state.front_digest in (None, front.spec_digest):
            return False
        called_since = state.seen_at > state.compared_at + self.front_timeout_seconds
        return not called_since and front.passes_over(state.labels)


@dataclass(frozen=True, slots=True)
class Measure:
    """What a parent's latest comparison is held against.

    Attributes:
        front_digest: of the controller's spec; None: not known, and then it does not matter.
        since: older comparisons are stale; unix seconds.
        presence: who still calls.
        harm: by comparison, the worst effect of what no rule explains; see `Harms`.
        allowed: effects that do not stand in the way.
    """

    evidence_digest: str
    front_digest: str | None
    since: float
    presence: Presence
    harm: Mapping[str, Effect]
    allowed: frozenset[Effect]

    def readiness(self, state: ParentState) -> Readiness:
        if state.outcome is None or state.compared_at is None:
            return Readiness.NOT_COMPARED
        if not self.is_evidence(state):
            return Readiness.STALE
        if state.outcome is Outcome.FAILED:
            # A comparison that fails for lack of `old` says nothing of `new`.
            return Readiness.NOT_READY if failed_side(state) is Side.NEW else Readiness.STALE
        worst = self.harm.get(state.comparison or "")
        return Readiness.READY if worst is None or worst in self.allowed else Readiness.NOT_READY

    def is_evidence(self, state: ParentState) -> bool:
        """Whether its latest comparison counts at all."""
        return (
            state.evidence_digest == self.evidence_digest
            and (self.front_digest is None or state.front_digest in (None, self.front_digest))
            and state.compared_at is not None
            and state.compared_at >= self.since
        )

    def life(self, state: ParentState) -> ParentLife:
        return self.presence.life(state)


_AFTER_OLD = {Effect.CREATE: Effect.DELETE, Effect.UPDATE: Effect.UPDATE, Effect.RECREATE: Effect.RECREATE}
"""What `new` does that has nothing to do yet, because `old` has not done its part: it undoes that."""


def failed_side(state: ParentState) -> Side | None:
    """Whose answer was missing in the latest comparison: the first of `old:timeout`."""
    side = (state.reason or "").partition(":")[0]
    return Side(side) if side in tuple(Side) else None


@dataclass(slots=True)
class Harms:
    """By comparison the worst effect that no rule explains; a comparison without any is missing.

    A group names the latest comparison that showed it, so for the latest comparison of a parent this is complete.

    Attributes:
        since: what was seen before does not count; unix seconds.
    """

    since: float = 0.0
    worst: dict[str, Effect] = field(default_factory=dict)

    def add(self, group: Group) -> None:
        """A group that no rule explains."""
        if group.last_seen < self.since:
            return
        effect, known = harm_of(group), self.worst.get(group.comparison)
        if known is None or effect.severity > known.severity:
            self.worst[group.comparison] = effect


def harms(groups: Iterable[Group], explain: Explain) -> Mapping[str, Effect]:
    """The harm of these groups, judged now."""
    found = Harms()
    for group in groups:
        if explain(group) == UNEXPLAINED:
            found.add(group)
    return found.worst


def harm_of(group: Group) -> Effect:
    """What moving to `new` does; where `new` answers already and has done it, what going back would do."""
    old, new = group.effects.old, group.effects.new
    if new is not Effect.NONE:
        return new
    return old if group.moved else _AFTER_OLD.get(old, Effect.NONE)
