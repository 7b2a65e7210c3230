"""Computes a report from what the store kept and the rules of today. The formats only present what is computed here."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from itertools import islice

import msgspec

from shadow.compare.predictions import NOT_SEEN
from shadow.report.assess import measure_of, situations, verdict_of
from shadow.report.groups import Merged, at_front
from shadow.report.model import (
    AdviceLine,
    Agreed,
    BrakeLine,
    ConfigurationLine,
    FailureLine,
    HeldLine,
    HeldObject,
    Outcomes,
    Predictions,
    Report,
    Totals,
    Window,
)
from shadow.report.noise import noise_lines
from shadow.report.parents import Sight, StoredParents
from shadow.report.rules import Watch
from shadow.report.taken import Creations
from shadow.report.track import Track, untracked
from shadow.report.view import MigrationView, parent_states
from shadow.report.window import instant, moment
from shadow.store.base import Brake, Counters, Store
from shadow.terms import Outcome

_MOST_EXAMPLES = 10


def build(
    store: Store,
    migration: MigrationView,
    since: float | None,
    until: float | None,
    now: float,
    *,
    creations: bool = False,
    track: Track = untracked,
) -> Report:
    """The report of one migration over `since` <= at < `until`.

    Totals and failures are of the window, whatever the evidence was; coverage, effects, differences and advice only of
    the present evidence within it; parents and the brake are as they are today.

    Args:
        since, until: unix seconds; None is open.
        now: unix seconds, written as `generated_at`.
        creations: whether to list every object that an answer would create, one by one.
        track: is shown what is read while it is read; see `Track`.

    Raises:
        StoreError: the store cannot be read; reading the report's parents later may raise it, too.
    """
    evidence = migration.evidence_digest
    found = _found(store, migration, since, until, creations=creations, track=track)
    sight = Sight(evidence, found.merged.shown(), since, until)
    parents = StoredParents(store, migration.name, measure_of(store, migration, now, track), sight, track)
    totals, advice = store.totals(migration.name, since, until), _advice(store, migration, since, until)
    return Report(
        migration=migration.name,
        generated_at=moment(now),
        window=Window(instant(since), instant(until)),
        configuration=_configuration(migration),
        totals=_totals(totals, parents),
        coverage=situations(store.coverage(migration.name, evidence, since, until)),
        effects=found.merged.effects(),
        differences=found.merged.lines(partial(store.kept, migration.name)),
        parents=parents,
        advice=advice,
        failures=_failures(store, migration, since, until),
        held=_held(store, migration, since, until),
        agreed_removals=Agreed(parents.tally.removals.total(), len(parents.tally.removals)),
        verdict=verdict_of(store, migration, parents.tally),
        rules=found.watch.lines(),
        predictions=_predictions(totals, advice),
        noise=noise_lines(store.noise(migration.name, evidence, since, until)),
        creations=msgspec.UNSET if found.created is None else found.created.lines(),
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """What one pass over the stored groups gives; `created` is None where nobody asked for it."""

    merged: Merged
    watch: Watch
    created: Creations | None


def _found(
    store: Store, migration: MigrationView, since: float | None, until: float | None, *, creations: bool, track: Track
) -> _Found:
    found = _Found(Merged(), Watch(migration.rules, _compared_at(store, migration)), Creations() if creations else None)
    shown = at_front(store.groups(migration.name, migration.evidence_digest, since, until), migration.front_digest)
    groups = found.watch.over(track(shown, "reading differences"))
    found.merged.add_all(groups if found.created is None else found.created.over(groups), migration.explain)
    return found


def _compared_at(store: Store, migration: MigrationView) -> dict[str, float]:
    """By uid, the latest comparison at the present evidence; read only where there are rules to hold it against.

    A failed one says nothing of what differs.
    """
    states = parent_states(store, migration.name) if migration.rules.rules else ()
    return {
        state.parent.uid: state.compared_at
        for state in states
        if state.compared_at is not None
        and state.evidence_digest == migration.evidence_digest
        and state.outcome is not Outcome.FAILED
    }


def _configuration(migration: MigrationView) -> ConfigurationLine:
    return ConfigurationLine(
        stage=migration.stage,
        weight=migration.weight,
        brake=brake_line(migration.brake),
        configuration_digest=migration.configuration_digest,
        evidence_digest=migration.evidence_digest,
    )


def brake_line(brake: Brake | None) -> BrakeLine:
    """A brake as reports and the API show it; None: unknown."""
    if brake is None:
        return BrakeLine(on=None)
    return BrakeLine(on=brake.on, since=instant(brake.since), by=brake.by, because=brake.because)


def _totals(counters: Counters, parents: StoredParents) -> Totals:
    return Totals(
        calls=counters.calls,
        comparisons=Outcomes(
            counters.matched, counters.ignored, counters.mismatched, counters.failed, counters.skipped
        ),
        dropped=counters.dropped,
        dropped_by=dict(counters.dropped_by),
        parents=len(parents),
        parent_kinds=tuple(sorted(parents.tally.kinds)),
        results=parents.results,
    )


def _advice(store: Store, migration: MigrationView, since: float | None, until: float | None) -> tuple[AdviceLine, ...]:
    lines = store.advice(migration.name, migration.evidence_digest, since, until)
    lines.sort(key=lambda line: (-line.count, line.code, str(line.object)))
    return tuple(AdviceLine(line.code, line.implementation, line.object, line.message, line.count) for line in lines)


def _predictions(counters: Counters, advice: Iterable[AdviceLine]) -> Predictions:
    not_seen = (line for line in advice if line.code in NOT_SEEN)
    return Predictions(counters.confirmed, counters.contradicted, tuple(islice(not_seen, _MOST_EXAMPLES)))


def _failures(
    store: Store, migration: MigrationView, since: float | None, until: float | None
) -> tuple[FailureLine, ...]:
    lines = store.failures(migration.name, since, until)
    lines.sort(key=lambda line: (-line.count, line.implementation, line.hook, line.reason))
    kept = {None, *store.kept(migration.name, {line.example for line in lines if line.example is not None})}
    return tuple(
        FailureLine(
            line.implementation, line.hook, line.reason, line.count, line.example if line.example in kept else None
        )
        for line in lines
    )


def _held(store: Store, migration: MigrationView, since: float | None, until: float | None) -> tuple[HeldLine, ...]:
    return tuple(
        HeldLine(
            parent=line.parent,
            objects=tuple(HeldObject(each.object, each.effect) for each in line.objects),
            count=line.count,
            first_seen=moment(line.first_seen),
            last_seen=moment(line.last_seen),
            call=line.call,
        )
        for line in store.held(migration.name, since, until)
    )
