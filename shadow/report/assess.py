"""Holds what the store kept against what a verdict asks for: one pass over the groups, one over the parents."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shadow.report.model import Situation, VerdictLine
from shadow.report.readiness import Measure, Presence, harms
from shadow.report.track import Track, untracked
from shadow.report.verdict import Case, Parents, decide
from shadow.report.view import MigrationView, parent_states
from shadow.store.base import AdviceCount, Coverage, Store
from shadow.terms import Effect, Side

_UNDECLARED = frozenset({"undeclared-kind", "front-lacks-kind", "front-lacks-hook"})
"""Advice about a controller that does not declare what it would need to."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """The verdict, and how the parents stand by the same measure."""

    verdict: VerdictLine
    parents: Parents


def assess(store: Store, migration: MigrationView, now: float, harm: Mapping[str, Effect] | None = None) -> Assessment:
    """
    Args:
        harm: as `harms` tells it of the verdict's window, where the groups were read already.

    Raises:
        StoreError: the store cannot be read.
    """
    parents = Parents(measure_of(store, migration, now, harm=harm))
    for state in parent_states(store, migration.name):
        parents.add(state)
    return Assessment(verdict_of(store, migration, parents), parents)


def verdict_of(store: Store, migration: MigrationView, parents: Parents) -> VerdictLine:
    """The verdict, once every parent was added.

    Raises:
        StoreError: the store cannot be read.
    """
    evidence, since = migration.evidence_digest, parents.measure.since
    case = Case(
        name=migration.name,
        settings=migration.verdict,
        since_what=migration.revision or "the present configuration",
        brake=migration.brake,
        evidence_digest=evidence,
        parents=parents,
        coverage=situations(store.coverage(migration.name, evidence, None, None)),
        comparisons=sum(line.comparisons for line in store.coverage(migration.name, evidence, since, None)),
        finalizes=migration.front is not None and migration.front.finalizes,
        undeclared=_undeclared(store.advice(migration.name, evidence, since, None)),
    )
    return decide(case)


def _undeclared(advice: Iterable[AdviceCount]) -> list[str]:
    """What only `new` would be missing in the controller; of what both miss a move changes nothing."""
    lines = [line for line in advice if line.code in _UNDECLARED and line.implementation is Side.NEW]
    return sorted(
        {f"new: {f'{line.object.group_key}: ' if line.object is not None else ''}{line.message}" for line in lines}
    )


def measure_of(
    store: Store,
    migration: MigrationView,
    now: float,
    track: Track = untracked,
    harm: Mapping[str, Effect] | None = None,
) -> Measure:
    """By what each parent is judged."""
    since = now - migration.verdict.window
    front = migration.front
    if harm is None:
        groups = track(store.groups(migration.name, migration.evidence_digest, since, None), "judging parents")
        harm = harms(groups, migration.explain)
    return Measure(
        evidence_digest=migration.evidence_digest,
        front_digest=front.spec_digest if front is not None else None,
        since=since,
        presence=Presence(front, migration.listening_since, now, migration.front_timeout_seconds),
        harm=harm,
        allowed=frozenset(migration.verdict.allow_effects),
    )


def situations(lines: Iterable[Coverage]) -> tuple[Situation, ...]:
    """Coverage as reports show it, by hook and situation."""
    ordered = sorted(lines, key=lambda line: (line.hook, line.situation))
    return tuple(Situation(line.hook, line.situation, line.comparisons, line.parents) for line in ordered)
