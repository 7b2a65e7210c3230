"""Every metric there is, by its name: what this process counted, and where each migration stands now."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from shadow.memory import Memory
from shadow.proxy.cutover.brakes import Brakes
from shadow.proxy.cutover.convergence import Convergences
from shadow.proxy.migrations.migration import Migration
from shadow.proxy.record.instruments import BOUNDS, Histogram, Instruments
from shadow.recordings.client import Recording
from shadow.telemetry.families import Distribution, Family, Kind, Labels
from shadow.terms import Stage

Readiness = Mapping[str, Mapping[str, int]]
"""migration -> ready | not-ready | stale | not-compared | gone -> parents"""

Samples = Mapping[Labels, float]


@dataclass(frozen=True, slots=True)
class Meter:
    """Everything that metrics are read from. `queue_bytes` waits to be compared, `memory` is of all calls' bodies, the
    queue's among them; `fronts` call a migration."""

    instruments: Instruments
    migrations: Callable[[], Mapping[str, Migration]]
    brakes: Brakes
    convergences: Convergences
    queue_bytes: Callable[[], int]
    memory: Memory
    fronts: Callable[[str], int]
    recording: Recording | None = None

    def families(self, readiness: Readiness) -> list[Family]:
        """As of now."""
        return [*self._durations(), *self._counters(), *self._gauges(readiness)]

    def _durations(self) -> Iterator[Family]:
        of = self.instruments
        yield _durations(
            "shadow_hook_duration_seconds",
            "From the first byte of a hook call to its answer",
            ("migration", "hook", "front", "code"),
            of.hook_seconds,
        )
        yield _durations(
            "shadow_implementation_duration_seconds",
            "What an implementation took",
            ("migration", "hook", "implementation", "role", "result"),
            of.implementation_seconds,
        )

    def _counters(self) -> Iterator[Family]:
        of = self.instruments
        by = ("migration", "implementation", "reason")
        for name, about, labels, samples in (
            ("served", "Answers served, by whose and why", ("migration", "hook", *by[1:]), of.served),
            ("comparisons", "Calls by what came of comparing", ("migration", "hook", "outcome"), of.comparisons),
            ("differences", "Differences by side and effect", ("migration", "side", "effect"), of.differences),
            ("dropped", "Calls whose comparison was lost to pressure", ("migration", "reason"), of.dropped),
            ("refused", "Answers that were not served", by, of.refused),
            ("held", "Answers of new that were held, by their worst effect", ("migration", "effect"), of.held),
            ("predictions", "Predicted writes, borne out or not", ("migration", "result"), of.predictions),
            ("config_reloads", "Changed configurations", ("result",), of.reloads),
        ):
            yield Family(f"shadow_{name}_total", about, Kind.COUNTER, labels, dict(samples))
        turned_away: Samples = {(): float(self.memory.turned_away)}
        about = "Bodies that server.in_flight had no room for"
        yield Family("shadow_turned_away_total", about, Kind.COUNTER, (), turned_away)
        if self.recording is not None:
            yield from self._recorded(self.recording)

    def _recorded(self, recording: Recording) -> Iterator[Family]:
        written: Samples = {(name,): float(count) for name, count in recording.written.items()}
        yield Family("shadow_recorded_total", "Calls in the recording", Kind.COUNTER, ("migration",), written)
        about, labels = "Calls that are missing in it", ("migration", "reason")
        dropped: Samples = {reason: float(count) for reason, count in recording.dropped.items()}
        yield Family("shadow_recording_dropped_total", about, Kind.COUNTER, labels, dropped)

    def _gauges(self, readiness: Readiness) -> Iterator[Family]:
        migrations = self.migrations()
        of = ("migration",)
        brake: Samples = {(name,): self._brake(name) for name in migrations}
        yield _gauge("shadow_brake", "1: the brake is on; NaN: unknown", of, brake)
        stages: Samples = {
            (name, stage.value): float(each.stage is stage) for name, each in migrations.items() for stage in Stage
        }
        yield _gauge("shadow_stage", "1 for the stage that a migration is in", (*of, "stage"), stages)
        weights: Samples = {(name,): each.weight_buckets / 100 for name, each in migrations.items()}
        yield _gauge("shadow_weight_percent", "Of parents that new answers in canary", of, weights)
        parents: Samples = {
            (name, word): float(count) for name, words in readiness.items() for word, count in words.items()
        }
        yield _gauge("shadow_parents", "Parents by readiness", (*of, "readiness"), parents)
        outstanding: Samples = {
            (name,): float(len(self.convergences.of(each).outstanding)) for name, each in migrations.items()
        }
        about = "Parents that their present primary has not answered yet"
        yield _gauge("shadow_outstanding_parents", about, of, outstanding)
        fronts: Samples = {(name,): float(self.fronts(name)) for name in migrations}
        yield _gauge("shadow_fronts", "Controllers that called within their resync period", of, fronts)
        queued: Samples = {(): float(self.queue_bytes())}
        yield _gauge("shadow_compare_queue_bytes", "Waiting to be compared", (), queued)
        held: Samples = {(): float(self.memory.held)}
        yield _gauge("shadow_in_flight_bytes", "Of the bodies of all calls that are not counted yet", (), held)

    def _brake(self, name: str) -> float:
        brake = self.brakes.get(name)
        return math.nan if brake is None else float(brake.on)


def _gauge(name: str, about: str, labels: tuple[str, ...], samples: Samples) -> Family:
    return Family(name, about, Kind.GAUGE, labels, samples)


def _durations(name: str, about: str, labels: tuple[str, ...], noted: Mapping[Labels, Histogram]) -> Family:
    found = {key: Distribution(BOUNDS, tuple(each.counts), each.total) for key, each in noted.items()}
    return Family(name, about, Kind.HISTOGRAM, labels, distributions=found)
