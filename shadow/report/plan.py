"""A plan: what a move would write before anybody moves, from what each parent's latest comparison showed. Pure.

It counts what changes because the primary changes. What is written at every sync anyhow is in neither side's account.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from shadow.compare.model import ObjectEffect
from shadow.protocol.objects import ParentRef
from shadow.report.window import instant
from shadow.store.base import Moves, ParentState
from shadow.terms import Effect, Side, Stage

MOST_LISTED = 1000  # parents of a plan that are told one by one, those with most writes first

_VERBS: Mapping[Effect, tuple[str, ...]] = {
    Effect.DELETE: ("delete",),
    Effect.RECREATE: ("delete", "create"),
    Effect.CREATE: ("create",),
    Effect.UPDATE: ("update",),
}


class PlannedWrites(msgspec.Struct, frozen=True):
    """Writes of one verb to one kind, over all parents that move."""

    verb: str  # create, update, delete
    kind: str  # `Service`, `Deployment.apps`
    count: int
    parents: int


class PlannedParent(msgspec.Struct, frozen=True, rename={"from_side": "from", "to_side": "to"}):
    """One parent that moves. `writes` is null where nothing is known; `held` are removals that would not be served."""

    parent: ParentRef
    from_side: Side
    to_side: Side
    writes: Mapping[str, int] | None  # `{"delete Service": 1}`
    objects: tuple[ObjectEffect, ...]
    held: tuple[ObjectEffect, ...]
    compared_at: datetime | None


class Moving(msgspec.Struct, frozen=True):
    """How many parents move, and which way."""

    to_new: int = 0
    to_old: int = 0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a move would do. `stage`, `weight` and `brake` are those after it.

    `evidence` tells how old what it was told from is. `parents` lists those that move, at most a thousand of them;
    `moving` counts them all.
    """

    migration: str
    stage: Stage
    weight: float
    brake: bool
    notes: tuple[str, ...] = ()
    known: int = 0  # parents that still call
    unselected: int = 0  # parents that called another controller: the one in front asks nothing about them
    moving: Moving = Moving()
    writes: tuple[PlannedWrites, ...] = ()
    held: int = 0  # parents for which an answer would be held, so that nothing is written
    without_evidence: int = 0
    oldest_evidence: datetime | None = None
    newest_evidence: datetime | None = None
    parents: tuple[PlannedParent, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of each parent's state.

    Attributes:
        before, after: whose answer a call gets now, and after the move.
        live: whether the parent still calls.
        passed_over: whether it is known that nobody calls for it any more: the controller in front does not select it.
        evident: whether its latest comparison says anything of the implementations as they will be.
        held: of these effects of an answer of `new`, those for which it would not be served.
    """

    before: Callable[[ParentState], Side]
    after: Callable[[ParentState], Side]
    live: Callable[[ParentState], bool]
    passed_over: Callable[[ParentState], bool]
    evident: Callable[[ParentState], bool]
    held: Callable[[ParentState, Iterable[ObjectEffect]], tuple[ObjectEffect, ...]]


@dataclass(slots=True)
class Tally:
    """Adds up one parent after the other."""

    question: Question
    known: int = 0
    unselected: int = 0
    moving: Counter[Side] = field(default_factory=Counter)
    writes: Counter[tuple[str, str]] = field(default_factory=Counter)
    written: Counter[tuple[str, str]] = field(default_factory=Counter)  # parents
    held: int = 0
    blind: int = 0
    compared: list[float] = field(default_factory=list)
    parents: list[PlannedParent] = field(default_factory=list)

    def add(self, state: ParentState) -> None:
        if not self.question.live(state):
            return
        if self.question.passed_over(state):
            self.unselected += 1
            return
        self.known += 1
        to = self.question.after(state)
        if self.question.before(state) is to:
            return
        self.moving[to] += 1
        self.parents.append(self._planned(state, to))

    def _planned(self, state: ParentState, to: Side) -> PlannedParent:
        moves, compared_at = self._moves(state, to), instant(state.compared_at)
        if moves is None:
            self.blind += 1
            return PlannedParent(state.parent, to.other, to, None, (), (), compared_at)
        if state.compared_at is not None:
            self.compared.append(state.compared_at)
        held = self.question.held(state, moves.objects) if to is Side.NEW else ()
        if held:
            self.held += 1
            moves = Moves()
        self._count(moves)
        return PlannedParent(state.parent, to.other, to, dict(moves.counts), moves.objects, held, compared_at)

    def _moves(self, state: ParentState, to: Side) -> Moves | None:
        evident = self.question.evident(state)
        if state.served is to and (evident or state.compared_at is None):
            return Moves()  # it was answered by that side all along
        if not evident:
            return None  # also of that side, which may want something else at another revision
        return state.moves_new if to is Side.NEW else state.moves_old

    def _count(self, moves: Moves) -> None:
        per_parent: Counter[tuple[str, str]] = Counter()
        for effect, kind, count in moves.each():
            for verb in _VERBS.get(effect, ()):
                per_parent[verb, kind] += count
        self.writes.update(per_parent)
        self.written.update(per_parent.keys())


def plan(
    states: Iterable[ParentState],
    question: Question,
    *,
    migration: str,
    stage: Stage,
    weight: float,
    brake: bool,
    notes: tuple[str, ...] = (),
) -> Plan:
    """What the move would write, worst first.

    Args:
        weight: a percentage.
        notes: what a person should know of the move as such.
    """
    tally = Tally(question)
    for state in states:
        tally.add(state)
    order = {verb: place for place, verb in enumerate(("delete", "update", "create"))}
    lines = [
        PlannedWrites(verb, kind, count, tally.written[verb, kind]) for (verb, kind), count in tally.writes.items()
    ]
    tally.parents.sort(key=lambda line: (line.writes is not None, -sum((line.writes or {}).values()), str(line.parent)))
    return Plan(
        migration=migration,
        stage=stage,
        weight=weight,
        brake=brake,
        notes=notes,
        known=tally.known,
        unselected=tally.unselected,
        moving=Moving(tally.moving[Side.NEW], tally.moving[Side.OLD]),
        writes=tuple(sorted(lines, key=lambda line: (order[line.verb], line.kind))),
        held=tally.held,
        without_evidence=tally.blind,
        oldest_evidence=instant(min(tally.compared, default=None)),
        newest_evidence=instant(max(tally.compared, default=None)),
        parents=tuple(tally.parents[:MOST_LISTED]),
    )
