"""A report straight from a store, without a proxy: beside one that serves, or after it is gone. Changes nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from shadow.cli.common import CommandError, Exit
from shadow.config.digest import configuration_digest, evidence_digest
from shadow.config.load import parse
from shadow.config.migration import Migration
from shadow.config.model import Configuration
from shadow.proxy.cutover.planning import Position, Undecided, moved, plan_move
from shadow.proxy.migrations.migration import Migration as ServedMigration
from shadow.proxy.migrations.snapshot import build as build_snapshot
from shadow.report.judge import judge
from shadow.report.plan import Plan
from shadow.report.readiness import FrontFacts, Presence
from shadow.report.view import MigrationView, changes, parent_states
from shadow.store.base import Brake, Store
from shadow.store.open import open_store
from shadow.terms import Side, Stage
from shadow.upstream.base import Observation


@contextmanager
def opened(url: str, now: float) -> Iterator[Store]:
    """The store, for reading.

    Raises:
        StoreError: it cannot be opened.
    """
    store = open_store(url, read_only=True)
    store.open(now)
    try:
        yield store
    finally:
        store.close()


def view(store: Store, name: str, given: Configuration | None, now: float) -> MigrationView:
    """Where the migration stands, by the configuration that was in force last; only its rules may be others."""
    configuration = _in_force(store) or given
    if configuration is None:
        raise CommandError("the store has not taken over any configuration: give one with --config", Exit.INCONCLUSIVE)
    migration = migration_of(configuration, name)
    rules = migration_of(given, name).compare if given else migration.compare
    judged = judge(rules, now)
    return MigrationView(
        name=name,
        stage=migration.stage,
        weight=migration.canary.weight,
        brake=store.brakes().get(name),
        configuration_digest=configuration_digest(configuration),
        evidence_digest=evidence(store, name, migration),
        explain=judged,
        rules=judged.rules,
        verdict=migration.verdict,
        front=front(store, name),
        front_timeout_seconds=migration.front_timeout,
        revision=migration.new.revision,
    )


def front(store: Store, name: str) -> FrontFacts | None:
    """The controller that came last, by the change log; None: none ever came."""
    line = next((line for line in changes(store, name) if line.kind == "front"), None)
    return None if line is None else msgspec.convert(line.details, FrontFacts)


def stored_plan(
    store: Store,
    name: str,
    stage: Stage | None,
    weight: float | None,
    brake: bool | None,
    config: Path | None,
    now: float,
) -> Plan:
    """What a move would write, by the configuration that was in force last.

    Raises:
        CommandError: no configuration is known that has this migration.
        ConfigurationError: the one to move to is not valid.
    """
    accepted = store.accepted_configuration()
    if accepted is None:
        raise CommandError("the store has not taken over any configuration", Exit.INCONCLUSIVE)
    pulled = store.brakes().get(name)
    braked = pulled is not None and pulled.on
    present = Position(_migration(accepted[0], name), braked, _undecided(pulled))
    if config is None:
        buckets = None if weight is None else round(weight * 100)
        target, notes = moved(present, stage, buckets, brake)
    else:
        text = config.read_text(encoding="utf-8")
        pulls = migration_of(parse(text, str(config)), name).brake is not None
        target, notes = Position(_migration(text, name), braked or pulls, None if pulls else present.undecided), ()
    presence = Presence(front(store, name), 0.0, now, target.migration.front_timeout_seconds)
    return plan_move(parent_states(store, name), present, target, presence, notes)


def _undecided(brake: Brake | None) -> Undecided | None:
    if brake is None:
        return Undecided.UNKNOWN
    return Undecided.GUARD if brake.unconfirmed else None


def _migration(text: str, name: str) -> ServedMigration:
    configuration = parse(text, "the configuration")
    migration_of(configuration, name)
    return build_snapshot(configuration, text, lambda *_: _NOBODY).migrations[name]


class _Nobody:
    """A plan asks no implementation."""

    async def ask(self, *_: object, **__: object) -> Observation:
        raise NotImplementedError


_NOBODY = _Nobody()


def migration_of(configuration: Configuration, name: str) -> Migration:
    """The migration's settings.

    Raises:
        CommandError: there is no such migration.
    """
    migration = configuration.migrations.get(name)
    if migration is None:
        known = ", ".join(configuration.migrations)
        raise CommandError(f"no migration is called {name!r}; there is {known}", Exit.USAGE)
    return migration


def _in_force(store: Store) -> Configuration | None:
    accepted = store.accepted_configuration()
    return None if accepted is None else parse(accepted[0], "the configuration in the store")


def evidence(store: Store, name: str, migration: Migration) -> str:
    """The evidence digest in force.

    It is computed, unless it also covers what only the serving process has seen (a revision header, the content of a
    controller file): then it is what the parent compared last was compared at.
    """
    sides = [migration.implementation(side) for side in Side]
    if any(side.revision_header or side.controller_file for side in sides):
        return _latest_evidence(store, name) or evidence_digest(migration)
    return evidence_digest(migration)


def _latest_evidence(store: Store, name: str) -> str | None:
    compared = (
        (state.compared_at, state.evidence_digest)
        for state in parent_states(store, name)
        if state.compared_at is not None and state.evidence_digest is not None
    )
    latest = max(compared, default=None)
    return latest[1] if latest else None
