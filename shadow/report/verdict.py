"""The verdict: ready, not-ready or inconclusive, with reasons that a person can act on. Pure. No data is never ready.

`not-ready` needs something that speaks against `new`; what is merely missing makes it `inconclusive`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from shadow.config.judging import Verdict as Settings
from shadow.report.model import Situation, VerdictLine, Word
from shadow.report.readiness import Measure, ParentLife, Readiness, failed_side
from shadow.report.window import moment
from shadow.report.words import printable
from shadow.store.base import Brake, ParentState
from shadow.terms import Effect, Hook, Outcome, Side

_NAMED = 3  # parents that a reason names
_OF_SYNC = ("nothing observed", "partial", "steady")
_OF_FINALIZE = ("finalizing", "unselected")


@dataclass(slots=True)
class Parents:
    """How the parents of a migration stand, counted one by one."""

    measure: Measure
    kinds: set[str] = field(default_factory=set)
    count: int = 0
    gone: int = 0
    evident: int = 0  # live ones whose latest comparison is evidence
    readiness: Counter[Readiness] = field(default_factory=Counter)  # of live ones
    worst: Effect = Effect.NONE
    names: dict[str, list[str]] = field(default_factory=dict)
    troubles: Counter[str] = field(default_factory=Counter)
    removals: Counter[str] = field(default_factory=Counter)  # by uid: objects that both answers remove, and only they

    @property
    def live(self) -> int:
        return self.count - self.gone

    def add(self, state: ParentState) -> None:
        self.count += 1
        self.kinds.add(state.parent.kind)
        if self.measure.life(state) is ParentLife.GONE:
            self.gone += 1
            return
        self.readiness[self.measure.readiness(state)] += 1
        self.evident += self.measure.is_evidence(state)
        if state.outcome in (Outcome.MATCHED, Outcome.IGNORED) and self.measure.is_evidence(state):
            self._add_removals(state)
        if (trouble := self._trouble(state)) is not None:
            self.troubles[trouble] += 1
            named = self.names.setdefault(trouble, [])
            if len(named) < _NAMED:
                named.append(printable(str(state.parent)))

    def _add_removals(self, state: ParentState) -> None:
        """What both remove is no difference, and worth knowing all the same."""
        for effect in (Effect.DELETE, Effect.RECREATE):
            if both := min(state.effects_old.get(effect, 0), state.effects_new.get(effect, 0)):
                self.removals[state.parent.uid] += both

    def _trouble(self, state: ParentState) -> str | None:
        match self.measure.readiness(state):
            case Readiness.READY:
                return None
            case Readiness.NOT_COMPARED:
                return _MISSING
            case Readiness.NOT_READY if state.outcome is Outcome.FAILED:
                return _NEW_FAILED
            case Readiness.NOT_READY:
                worst = self.measure.harm.get(state.comparison or "", Effect.NONE)
                self.worst = max(self.worst, worst, key=lambda effect: effect.severity)
                return _DIFFERS
            case _ if failed_side(state) is Side.OLD and self.measure.is_evidence(state):
                return _OLD_FAILED
            case _:
                return _OLDER if state.evidence_digest == self.measure.evidence_digest else _MISSING


_DIFFERS = "differs"
_NEW_FAILED = "new-failed"
_OLD_FAILED = "old-failed"
_MISSING = "missing"
_OLDER = "older"


@dataclass(frozen=True, slots=True)
class Case:
    """What is judged.

    Attributes:
        since_what: what evidence has to be newer than: `v1.4`, or `the present configuration`.
        coverage: at the present evidence, however long ago.
        comparisons: of the window.
        finalizes: whether the front declares a finalize hook.
        undeclared: what is amiss because the front does not declare every kind that `new` returns or reads.
    """

    name: str
    settings: Settings
    since_what: str
    brake: Brake | None
    evidence_digest: str
    parents: Parents
    coverage: Sequence[Situation]
    comparisons: int
    finalizes: bool
    undeclared: Sequence[str] = ()


def decide(case: Case) -> VerdictLine:
    """The verdict with every reason there is, the gravest first."""
    against, missing = list(_against(case)), list(_missing(case))
    word = Word.NOT_READY if against else Word.INCONCLUSIVE if missing else Word.READY
    return VerdictLine(
        verdict=word,
        reasons=(*against, *missing),
        since=moment(case.parents.measure.since),
        comparisons=case.comparisons,
        parents=case.parents.evident,
        coverage=tuple(case.coverage),
        waived=tuple(f"{each.situation}: {each.because}" for each in case.settings.waive),
    )


def _against(case: Case) -> Iterator[str]:
    """What speaks against `new`."""
    parents, brake = case.parents, case.brake
    if brake is not None and brake.seen_by_guard and _at(brake) == case.evidence_digest:
        confirmed = "" if brake.unconfirmed else f", and {brake.by} confirmed it"
        yield f"the guard pulled the brake{confirmed}: {brake.because}"
    if count := parents.troubles[_DIFFERS]:
        yield (
            f"{_of(case, count)} differ in what no rule explains, the worst effect: {parents.worst} "
            f"({_names(parents, _DIFFERS)}); see `shadow report {case.name}`"
        )
    if count := parents.troubles[_NEW_FAILED]:
        yield f"new gave no valid answer for {_of(case, count)} when it was last asked ({_names(parents, _NEW_FAILED)})"
    yield from case.undeclared


def _missing(case: Case) -> Iterator[str]:
    """What is not known."""
    parents, settings = case.parents, case.settings
    if not parents.live:
        yield "no parent has called yet" if not parents.count else f"no parent calls any more: {parents.gone} are gone"
    if case.comparisons < settings.min_comparisons:
        yield f"{_counted(case.comparisons)} since {case.since_what}, {settings.min_comparisons} are needed"
    if parents.evident < settings.min_parents:
        yield f"{parents.evident} {_noun(parents, parents.evident)} compared, {settings.min_parents} are needed"
    for trouble, text in _LACKS.items():
        if count := parents.troubles[trouble]:
            yield f"{_of(case, count)} {text.format(since=case.since_what)} ({_names(parents, trouble)})"
    for hook, situation in untried(case.coverage, settings, case.finalizes):
        yield f"never compared at the present evidence: {hook} with {_SITUATIONS[situation]} (`{situation}`)"


_LACKS = {
    _MISSING: "not compared since {since}",
    _OLDER: "not compared within the window of the verdict",
    _OLD_FAILED: "could not be compared: old gave no valid answer",
}
_SITUATIONS: Mapping[str, str] = {
    "nothing observed": "nothing there yet; create a parent to try it, or waive it",
    "partial": "some objects missing; delete one to try it, or waive it",
    "steady": "every object there",
    "finalizing": "the parent being deleted; delete one to try it, or waive it",
    "unselected": "the parent not selected any more; take the label off one to try it, or waive it",
}


def untried(coverage: Iterable[Situation], settings: Settings, finalizes: bool) -> list[tuple[Hook, str]]:
    """The situations that were never compared and are not waived. Finalize counts only where the front declares it."""
    met = {(line.hook, line.situation) for line in coverage if line.comparisons}
    wanted = [(Hook.SYNC, situation) for situation in _OF_SYNC]
    if finalizes:
        wanted += [(Hook.FINALIZE, situation) for situation in _OF_FINALIZE]
    waived = {(hook, each.situation) for each in settings.waive for hook in ([each.hook] if each.hook else Hook)}
    return [each for each in wanted if each not in met and each not in waived]


def _at(brake: Brake) -> object:
    return brake.governed.get("evidence_digest")


def _of(case: Case, count: int) -> str:
    live = case.parents.live
    return f"{count} of {live} {_noun(case.parents, live)}"


def _noun(parents: Parents, count: int) -> str:
    singular = "namespace" if parents.kinds == {"Namespace"} else "parent"
    return singular if count == 1 else f"{singular}s"


def _names(parents: Parents, trouble: str) -> str:
    more = parents.troubles[trouble] - len(parents.names[trouble])
    return ", ".join(parents.names[trouble]) + (f" and {more} more" if more else "")


def _counted(comparisons: int) -> str:
    return "no comparison" if not comparisons else f"{comparisons} comparison{'s' if comparisons > 1 else ''}"
