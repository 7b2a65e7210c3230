"""A store with something to report: builders of comparisons, and a migration's view to report them by."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from shadow.compare.model import Advice, Comparison, Difference, EffectPair
from shadow.protocol.objects import Identity, ParentRef
from shadow.report import MigrationView, Report, build
from shadow.report.judge import UNEXPLAINED, Explain
from shadow.store.base import Asked, Brake, Call, Counters, Flush, ParentState, Store
from shadow.store.open import open_store
from shadow.terms import Change, Effect, Hook, Outcome, Side, Stage

NOW = 1_800_000_000.0
"""2027-01-15T08:00:00Z"""

MIGRATION = "kfp"
EVIDENCE = "sha256:" + "e" * 64
CONFIGURATION = "sha256:" + "c" * 64

VIEW = MigrationView(
    name=MIGRATION,
    stage=Stage.SHADOW,
    weight=0.0,
    brake=Brake(on=False, version=0, since=NOW - 86400, by="", because=""),
    configuration_digest=CONFIGURATION,
    evidence_digest=EVIDENCE,
    explain=lambda group: UNEXPLAINED,
)


def namespace(name: str) -> ParentRef:
    return ParentRef("v1", "Namespace", "", name, f"uid-{name}")


def difference(
    name: str = "ml-pipeline-ui",
    *,
    parent: str = "team-a",
    kind: str = "Service",
    path: str = "",
    change: Change = Change.REMOVED,
    old_effect: Effect = Effect.NONE,
    new_effect: Effect = Effect.DELETE,
    old: Any = None,
    new: Any = None,
    repeats: bool = False,
    about_parent: bool = False,
) -> Difference:
    """A Service that `new` no longer wants, unless told otherwise. The group is the same in every parent."""
    effects = EffectPair(old_effect, new_effect)
    return Difference(
        group=f"{kind}-{name}-{path}-{change}-{old_effect}-{new_effect}",
        object=None if about_parent else Identity("v1", kind, parent, name),
        path=path,
        change=change,
        effects=effects,
        repeats=repeats,
        old=old,
        new=new,
        has_old=change is not Change.ADDED,
        has_new=change is not Change.REMOVED,
        shown_object=None if about_parent else Identity("v1", kind, "<namespace>", name),
        shown_path=path,
    )


def compared(
    parent: str,
    *differences: Difference,
    at: float = NOW - 60,
    primary: Side = Side.OLD,
    outcome: Outcome | None = None,
    advice: Iterable[Advice] = (),
    evidence: str = EVIDENCE,
    kind: str = "Namespace",
) -> Call:
    """A call whose answers were compared."""
    outcome = outcome or (Outcome.MISMATCHED if differences else Outcome.MATCHED)
    id = f"{parent}-{at:.0f}"
    comparison = Comparison(id, outcome, None, "steady", differences, (), (), tuple(advice))
    reference = namespace(parent)
    return Call(
        id=id,
        migration=MIGRATION,
        at=at,
        hook=Hook.SYNC,
        front="decorator",
        parent=ParentRef(reference.apiVersion, kind, "", parent, reference.uid),
        primary=primary,
        served=primary,
        status=200,
        old=Asked("answered", 200, 0.01),
        new=Asked("answered", 200, 0.01),
        evidence_digest=evidence,
        comparison=comparison,
        outcome=outcome,
    )


def failed(parent: str, *, error: str = "timeout", at: float = NOW - 60) -> Call:
    """A call in which `new` gave no valid answer."""
    call = compared(parent, at=at, outcome=Outcome.FAILED)
    return Call(
        **{name: getattr(call, name) for name in call.__struct_fields__} | {"new": Asked("failed", error=error)}
    )


def fill(store: Store, *calls: Call) -> None:
    """Everything that the calls leave behind, flushed when they happened: the minutes of counters stand on that."""
    for at in sorted({call.at for call in calls}):
        so_far = [call for call in calls if call.at <= at]
        batch = [call for call in calls if call.at == at]
        store.flush(Flush("replica", at, {MIGRATION: _counters(so_far)}, batch, [_state(call) for call in batch]))


def _counters(calls: list[Call]) -> Counters:
    counted = Counter(call.outcome for call in calls)
    return Counters(
        calls=len(calls),
        matched=counted[Outcome.MATCHED],
        ignored=counted[Outcome.IGNORED],
        mismatched=counted[Outcome.MISMATCHED],
        failed=counted[Outcome.FAILED],
        served_old=len(calls),
    )


def _state(call: Call) -> ParentState:
    return ParentState(
        migration=call.migration,
        parent=call.parent,
        primary=call.primary,
        served=call.served,
        served_identities=None,
        served_at=call.at,
        outcome=call.outcome,
        effects_old={Effect.NONE: 8},
        effects_new={Effect.NONE: 7, Effect.DELETE: 1} if call.outcome is Outcome.MISMATCHED else {Effect.NONE: 8},
        compared_at=call.at,
        comparison=call.id,
        evidence_digest=call.evidence_digest,
        seen_at=call.at,
    )


@contextmanager
def opened(directory: Path, *calls: Call) -> Iterator[Store]:
    """A SQLite store with these calls in it."""
    store = open_store(f"sqlite:///{directory / 'shadow.db'}")
    store.open(NOW)
    try:
        if calls:
            fill(store, *calls)
        yield store
    finally:
        store.close()


def reported(
    directory: Path,
    *calls: Call,
    explain: Explain = VIEW.explain,
    since: float | None = None,
    until: float | None = None,
) -> Report:
    """The report of these calls; its parents are read while the store is still open."""
    with opened(directory, *calls) as store:
        report = build(store, replace(VIEW, explain=explain), since, until, NOW)
        return msgspec.structs.replace(report, parents=tuple(report.parents))
