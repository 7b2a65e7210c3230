"""The parents of a report: how each stands, and what was found in it. Read from the store as they are asked for."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import msgspec

from shadow.report.model import ParentCase, ParentEffects, ParentLine, Result
from shadow.report.readiness import Measure
from shadow.report.track import Track
from shadow.report.verdict import Parents
from shadow.report.view import parent_pages, parent_states
from shadow.report.window import instant
from shadow.store.base import ParentState, Store
from shadow.terms import Outcome

Kept = Callable[[Collection[str]], Collection[str]]
"""Those of these comparisons that can still be looked at."""


def parent_lines(states: Sequence[ParentState], measure: Measure, kept: Kept) -> list[ParentLine]:
    """Parents as the API shows them: of their latest comparisons those are named that can be looked at."""
    there = kept({state.comparison for state in states if state.comparison is not None})
    return [_line(state, measure, there) for state in states]


def _line(state: ParentState, measure: Measure, kept: Collection[str]) -> ParentLine:
    return ParentLine(
        parent=state.parent,
        primary=state.primary,
        outcome=state.outcome,
        effects=ParentEffects(dict(state.effects_old), dict(state.effects_new)),
        compared_at=instant(state.compared_at),
        stale=state.evidence_digest != measure.evidence_digest,
        readiness=measure.readiness(state),
        state=measure.life(state),
        comparison=state.comparison if state.comparison in kept else None,
    )


@dataclass(frozen=True, slots=True)
class Sight:
    """What a report saw of single parents.

    Attributes:
        evidence_digest: the present one.
        shown: by uid of a parent in which anything differs, the ids of what no rule explains there.
        since, until: its window, unix seconds; None is open.
    """

    evidence_digest: str
    shown: Mapping[str, tuple[str, ...]]
    since: float | None
    until: float | None

    def differences(self, state: ParentState) -> tuple[str, ...]:
        return self.shown.get(state.parent.uid, ())

    def result(self, state: ParentState) -> Result:
        """A difference within the window counts even if the latest comparison does not show it any more."""
        if self.differences(state):
            return Result.DIFFERS
        if state.evidence_digest == self.evidence_digest and self._covers(state.compared_at):
            return Result.FAILED if state.outcome is Outcome.FAILED else Result.AGREES
        return Result.AGREES if state.parent.uid in self.shown else Result.NOT_COMPARED

    def _covers(self, at: float | None) -> bool:
        return at is not None and (self.since is None or self.since <= at) and (self.until is None or at < self.until)


class StoredParents(Collection[ParentCase]):
    """A migration's parents, read from the store page by page: once to be counted, and whenever they are iterated over.

    Attributes:
        tally: how they stand, for the verdict.
        results: how many there are of each.

    Raises:
        StoreError: the store cannot be read.
    """

    def __init__(self, store: Store, migration: str, measure: Measure, sight: Sight, track: Track) -> None:
        self._store = store
        self._migration = migration
        self._sight = sight
        self.tally = Parents(measure)
        self.results = dict.fromkeys(Result, 0)
        for state in track(parent_states(store, migration), "reading parents"):
            self.tally.add(state)
            self.results[sight.result(state)] += 1

    def __len__(self) -> int:
        """As many as there were when the report was begun."""
        return self.tally.count

    def __contains__(self, case: object) -> bool:
        return any(case == other for other in self)

    def __iter__(self) -> Iterator[ParentCase]:
        kept = partial(self._store.kept, self._migration)
        for states in parent_pages(self._store, self._migration):
            yield from map(self._case, states, parent_lines(states, self.tally.measure, kept))

    def _case(self, state: ParentState, line: ParentLine) -> ParentCase:
        return ParentCase(
            **msgspec.structs.asdict(line),
            result=self._sight.result(state),
            differences=self._sight.differences(state),
        )
