"""A migration as the control API shows it: one JSON object from the snapshot, the brake and the counts."""

from typing import Any

from shadow.proxy.brakes import Brakes
from shadow.proxy.fronts import Fronts
from shadow.proxy.parents import Parents
from shadow.proxy.recorder import Recorder
from shadow.proxy.snapshot import Snapshot
from shadow.report.build import brake_line
from shadow.store.base import Counters
from shadow.terms import Outcome

COMPARED = (Outcome.MATCHED, Outcome.IGNORED, Outcome.MISMATCHED, Outcome.FAILED, Outcome.SKIPPED)


def summary(
    snapshot: Snapshot, name: str, brakes: Brakes, recorder: Recorder, parents: Parents, fronts: Fronts
) -> dict[str, Any]:
    """`GET /api/v1/migrations/{name}`. `brake.on` is null while the brake is unknown; `pending` are calls that have no
    outcome yet, so that `calls` is always the sum of the outcomes, `dropped` and `pending`."""
    migration = snapshot.migrations[name]
    counters = recorder.counters(name)
    outcomes = {outcome.value: getattr(counters, outcome.value) for outcome in COMPARED}
    return {
        "name": name,
        "stage": migration.stage,
        "weight": migration.weight_buckets / 100,
        "brake": brake_line(brakes.get(name)),
        "configuration_digest": snapshot.digest,
        "evidence_digest": migration.evidence_digest,
        "front": fronts.latest(name),
        "calls": counters.calls,
        "comparisons": outcomes,
        "dropped": counters.dropped,
        "dropped_by": counters.dropped_by,
        "pending": counters.calls - sum(outcomes.values()) - counters.dropped,
        **_served(counters),
        "parents": parents.count(name),
    }


def _served(counters: Counters) -> dict[str, Any]:
    return {
        "served": {"old": counters.served_old, "new": counters.served_new},
        "fallbacks": counters.fallbacks,
        "fallbacks_withheld": counters.fallbacks_withheld,
        "held": counters.held,
        "refused": counters.refused,
    }
