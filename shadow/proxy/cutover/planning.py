"""Puts the question of a plan: from where a migration stands to where it is to stand, by the rules that calls obey."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from shadow.compare.model import ObjectEffect
from shadow.proxy.cutover.brakes import nobody_decided
from shadow.proxy.cutover.convergence import primary_of
from shadow.proxy.migrations.migration import Migration
from shadow.report.plan import Plan, Question, plan
from shadow.report.readiness import Presence
from shadow.store.base import ParentState
from shadow.terms import Side, Stage


class Undecided(StrEnum):
    """Why a person has to decide on the brake: until then parents keep what they were served last."""

    GUARD = "guard"  # pulled it, and nobody has confirmed that
    UNKNOWN = "unknown"  # the store does not remember whether it is on


@dataclass(frozen=True, slots=True)
class Position:
    """A migration's configuration and its brake."""

    migration: Migration
    braked: bool
    undecided: Undecided | None = None

    @property
    def stands_still(self) -> bool:
        """Whether an error goes out in place of what would remove something."""
        if self.undecided is Undecided.UNKNOWN:
            return nobody_decided(self.migration, None)
        return self.undecided is Undecided.GUARD


def moved(
    present: Position, stage: Stage | None = None, weight_buckets: int | None = None, braked: bool | None = None
) -> tuple[Position, tuple[str, ...]]:
    """The position after a move, with what a person should know of it. A weight alone means stage canary."""
    migration, notes = present.migration, []
    if weight_buckets is not None and stage is None and migration.stage is not Stage.CANARY:
        stage = Stage.CANARY
        notes.append(f"the stage is {migration.stage}; a weight counts in canary only, so this is planned for canary")
    elif weight_buckets is not None and stage not in (None, Stage.CANARY):
        notes.append(f"the weight does not count in stage {stage}")
    target = replace(
        migration,
        stage=migration.stage if stage is None else stage,
        weight_buckets=migration.weight_buckets if weight_buckets is None else weight_buckets,
    )
    if braked is None:
        return Position(target, present.braked, present.undecided), tuple(notes)
    return Position(target, braked), tuple(notes)  # to ask for a brake that a guard holds is to confirm it


def plan_move(
    states: Iterable[ParentState], present: Position, target: Position, presence: Presence, notes: tuple[str, ...] = ()
) -> Plan:
    """What going from one position to the other would write."""
    migration = target.migration
    if present.stands_still:
        why = "a guard pulled the brake" if present.undecided is Undecided.GUARD else "nobody knows whether it is on"
        notes = (*notes, f"{why}: until a person decides, parents keep what they were served last")
    elif target.braked and present.braked:
        notes = (*notes, "the brake is on: old answers for every parent until it is released")
    return plan(
        states,
        _question(present, target, presence),
        migration=migration.name,
        stage=migration.stage,
        weight=migration.weight_buckets / 100,
        brake=target.braked,
        notes=notes,
    )


def _question(present: Position, target: Position, presence: Presence) -> Question:
    migration = target.migration

    def evident(state: ParentState) -> bool:
        if state.evidence_digest != migration.evidence_digest:
            return False
        front = presence.front
        return front is None or state.front_digest in (None, front.spec_digest)

    def held(state: ParentState, effects: Iterable[ObjectEffect]) -> tuple[ObjectEffect, ...]:
        if migration.stage not in (Stage.CANARY, Stage.LIVE):
            return ()
        parent = str(state.parent)
        return tuple(
            each
            for each in effects
            if each.effect in migration.hold and migration.rules.expects(each.object, each.effect, parent) is None
        )

    return Question(
        before=lambda state: _answered_by(present, state),
        after=lambda state: _answered_by(target, state),
        live=lambda state: not presence.is_silent(state),
        passed_over=presence.is_passed_over,
        evident=evident,
        held=held,
    )


def _answered_by(position: Position, state: ParentState) -> Side:
    if not position.stands_still:
        return primary_of(position.migration, position.braked, state)
    return state.served or primary_of(position.migration, False, state)
