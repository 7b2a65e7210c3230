"""The report as a whole."""

from collections.abc import Collection, Mapping

import msgspec

from shadow.report.model.differences import Baseline, DifferenceLine
from shadow.report.model.findings import AdviceLine, Creation, FailureLine, NoiseLine, Predictions, TakenLine
from shadow.report.model.parents import Agreed, HeldLine, ParentCase
from shadow.report.model.rules import RuleLine
from shadow.report.model.standing import ConfigurationLine, Instant, Situation, Totals, VerdictLine, Window
from shadow.terms import Effect

SCHEMA = "shadow.report/v1"


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """A report without its parents: what stays small however many there are.

    `effects` counts, over differences that no rule explains, each object of each parent once, by its worst effect.
    `differences` come worst effect first, side `new` before `old`, then by number of parents; those that are gone since
    the baseline come last.
    """

    schema: str = SCHEMA
    migration: str
    generated_at: Instant
    window: Window
    configuration: ConfigurationLine
    totals: Totals
    coverage: tuple[Situation, ...]
    effects: Mapping[Effect, int]
    differences: tuple[DifferenceLine, ...]
    advice: tuple[AdviceLine, ...]
    failures: tuple[FailureLine, ...]
    verdict: VerdictLine | None = None
    baseline: Baseline | None = None
    rules: tuple[RuleLine, ...] = ()
    held: tuple[HeldLine, ...] = ()
    agreed_removals: Agreed = Agreed()
    predictions: Predictions = Predictions()
    noise: tuple[NoiseLine, ...] = ()
    creations: tuple[Creation, ...] | msgspec.UnsetType = msgspec.UNSET  # only where it was asked for
    taken: tuple[TakenLine, ...] | msgspec.UnsetType = msgspec.UNSET  # only where a cluster was given

    @property
    def conclusive(self) -> bool:
        """Whether anything was compared at the present evidence within the window."""
        return any(not line.is_gone for line in self.differences) or (
            self.totals.comparisons.compared > 0 and any(line.comparisons for line in self.coverage)
        )

    @property
    def differs(self) -> bool:
        """Whether something differs that no rule explains."""
        return any(not line.explained for line in self.differences)

    @property
    def newly_differs(self) -> bool:
        """Whether something does that the baseline does not have."""
        return self.baseline is not None and self.baseline.new_unexplained > 0

    @property
    def unexplained(self) -> list[DifferenceLine]:
        """The differences that no rule explains."""
        return [line for line in self.differences if not line.explained]

    @property
    def explained(self) -> list[DifferenceLine]:
        """Those that rules explain."""
        return [line for line in self.differences if line.explained and not line.is_gone]

    @property
    def gone(self) -> list[DifferenceLine]:
        """Those that only the baseline has."""
        return [line for line in self.differences if line.is_gone]


class Report(Head, frozen=True, kw_only=True):
    """One migration, as every format shows it.

    `parents` may be read from the store, or decoded, while it is iterated over; its length is known.
    """

    parents: Collection[ParentCase]
