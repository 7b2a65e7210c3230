"""Two answers to one request in, a comparison out: what differs, what either would do, redacted and judged.

Decides the outcome and nothing else by itself. Pure, and total over whatever implementations answer.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import msgspec

from shadow.compare.advising import Advising
from shadow.compare.answer import Answer, NotAnAnswerError, read_answer
from shadow.compare.budget import Budget, Clocks, OverBudgetError
from shadow.compare.canonical import Reader
from shadow.compare.differences import Describer, Effects
from shadow.compare.differing import alike, differences
from shadow.compare.effects import effects_of
from shadow.compare.model import Advice, Candidate, Comparison, Difference, Noise, ObjectEffect, Pair, Predicted
from shadow.compare.moves import moves
from shadow.compare.noise import noise_of
from shadow.compare.parent import ParentChange, parent_differences
from shadow.compare.predictions import check, following, foresee, repeated
from shadow.compare.rules import Rules
from shadow.compare.shown import Shown
from shadow.compare.situation import situation_of
from shadow.compare.view import RequestView
from shadow.protocol.objects import Identity
from shadow.protocol.wire import UnreadableError
from shadow.redact import Redactor
from shadow.terms import Outcome, Side

_CLOCKS = Clocks()


def compare(
    pair: Pair, rules: Rules, redactor: Redactor, budget_seconds: float, clocks: Clocks = _CLOCKS
) -> Comparison:
    """Compare the two answers of a sync or finalize call.

    Args:
        budget_seconds: CPU time; beyond it the outcome is `dropped` with the reason `budget`.

    Raises:
        RequestError: the request of the pair is none.
    """
    budget = Budget(budget_seconds, clocks)
    view = RequestView.read(pair.request, pair.hook)
    try:
        comparison = _Comparing(pair, view, rules, redactor, budget).result()
    except (OverBudgetError, RecursionError, UnreadableError):
        # What is nested too deeply for our decoders is beyond our means, too.
        comparison = _without_result(pair, situation_of(view, ()))
    return msgspec.structs.replace(comparison, cpu_seconds=budget.spent)


class _Comparing:
    """One comparison under way."""

    def __init__(self, pair: Pair, view: RequestView, rules: Rules, redactor: Redactor, budget: Budget) -> None:
        self._pair = pair
        self._view = view
        self._rules = rules
        self._budget = budget
        self._shown = Shown(redactor, budget.check)
        self._reader = Reader(view.parent.namespace)
        self._strict = view.controller.strict(pair.hook, pair.strict)
        self._read = {side: self._read_answer(candidate) for side, candidate in _sides(pair)}
        self._answers = {side: answer for side, answer in self._read.items() if isinstance(answer, Answer)}
        self._seen = check(view, pair.caller, pair.foresight, pair.previous, pair.at)

    def result(self) -> Comparison:
        effects = self._effects()
        writes = self._foreseen(effects)
        failure = self._failure()
        differences = () if failure else tuple(self._judged(self._differences(effects)))
        outcome = Outcome.FAILED if failure else _outcome(differences)
        if outcome is not Outcome.MISMATCHED and (refused := _refused(self._pair)):
            failure, outcome = failure or refused, Outcome.FAILED
        keep = self._pair.keep_bodies or outcome in (Outcome.FAILED, Outcome.MISMATCHED)
        kept = {side: self._shown.answer(answer) for side, answer in self._answers.items()} if keep else {}
        return Comparison(
            id=self._pair.id,
            outcome=outcome,
            reason=failure,
            situation=situation_of(self._view, self._desired()),
            differences=differences,
            effects_old=tuple(effects[Side.OLD].values()),
            effects_new=tuple(effects[Side.NEW].values()),
            advice=tuple(self._advice(effects, writes)),
            old_answer=kept.get(Side.OLD),
            new_answer=kept.get(Side.NEW),
            moves_old=self._moves(Side.NEW, Side.OLD) if differences else (),
            moves_new=self._moves(Side.OLD, Side.NEW) if differences else (),
            parent_labels=_texts(self._view.parent_texts("labels")),
            confirmed=len(self._seen.confirmed),
            contradicted=len(self._seen.contradicted),
            foresight=following(self._pair, self._seen, writes),
            noise=tuple(noise for side in self._again for noise in self._noise(side)),
            asked_twice=tuple(self._again),
        )

    def _read_answer(self, candidate: Candidate | None) -> Answer | NotAnAnswerError | None:
        if candidate is None or candidate.body is None:
            return None
        try:
            unsaid, strict = candidate.unsaid, self._strict
            return read_answer(self._view, candidate.body, unsaid, strict=strict, reader=self._reader)
        except NotAnAnswerError as exc:
            return exc

    @cached_property
    def _again(self) -> dict[Side, Answer]:
        """The second answers, of those that answered both times."""
        pair = self._pair
        read = {Side.OLD: self._read_answer(pair.old_again), Side.NEW: self._read_answer(pair.new_again)}
        return {side: again for side, again in read.items() if isinstance(again, Answer) and side in self._answers}

    def _noise(self, side: Side) -> Iterator[Noise]:
        first, again = self._answers[side], self._again[side]
        return noise_of(self._view, side, first, again, self._shown, self._budget.check)

    def _foreseen(self, effects: Mapping[Side, Effects]) -> tuple[Predicted, ...]:
        """The writes that the answer which was served should cause."""
        served = self._pair.served
        if served is None or served not in self._answers:
            return ()
        return foresee(self._view, self._answers[served], effects[served], self._pair.apply, self._seen)

    @property
    def _both(self) -> bool:
        """Whether there are two answers to be compared."""
        return len(self._answers) == len(Side)

    def _moves(self, before: Side, after: Side) -> tuple[ObjectEffect, ...]:
        """What handing the parent over from one side to the other would write."""
        one, other = self._answers[before], self._answers[after]
        among, parent, check = self._unlike(), self._parent_changes, self._budget.check
        return moves(self._view, one, other, among, parent, self._pair.apply, check)

    def _failure(self) -> str | None:
        """The first side without a valid answer, and why: `old:timeout`."""
        failures = (_failure(side, candidate, self._read[side]) for side, candidate in _sides(self._pair))
        return next(filter(None, failures), None)

    def _desired(self) -> Iterable[Identity]:
        return (identity for answer in self._answers.values() for identity in answer.desired.objects)

    @property
    def _identical(self) -> bool:
        """The fast path: the very same bytes."""
        old, new = self._pair.old, self._pair.new
        return old.body is not None and old.body == new.body and old.unsaid == new.unsaid

    def _effects(self) -> dict[Side, Effects]:
        """By side and object; nothing for a side without an answer."""
        old = self._effects_of(Side.OLD, {})
        if self._identical:
            return {Side.OLD: old, Side.NEW: old}
        shared = self._alike if self._both and self._answers[Side.OLD].left_alone is None else ()
        return {Side.OLD: old, Side.NEW: self._effects_of(Side.NEW, {identity: old[identity] for identity in shared})}

    def _effects_of(self, side: Side, known: Effects) -> Effects:
        if side not in self._answers:
            return {}
        answer, apply, unseen = self._answers[side], self._pair.apply, self._seen.unseen
        effects = effects_of(self._view, answer, apply, known, unseen, self._budget.check)
        return {effect.object: effect for effect in effects}

    @cached_property
    def _alike(self) -> frozenset[Identity]:
        return alike(self._answers[Side.OLD], self._answers[Side.NEW]) if self._both else frozenset()

    def _unlike(self) -> set[Identity]:
        return set(self._desired()) - self._alike

    def _differences(self, effects: Mapping[Side, Effects]) -> Iterator[Difference]:
        if self._identical:
            return iter(())
        describer = Describer(self._pair.parent, self._shown, effects[Side.OLD], effects[Side.NEW])
        old, new = self._answers[Side.OLD], self._answers[Side.NEW]
        return differences(self._view, describer, old, new, self._unlike(), self._parent_changes, self._budget.check)

    @cached_property
    def _parent_changes(self) -> tuple[ParentChange, ...]:
        return parent_differences(self._view, self._answers[Side.OLD], self._answers[Side.NEW], self._budget.check)

    def _advice(self, effects: Mapping[Side, Effects], writes: tuple[Predicted, ...]) -> Iterator[Advice]:
        advising = Advising(self._pair)
        advising.traps(self._view, self._answers, effects, self._alike)
        advising.add(self._seen.served, self._seen.advice)
        advising.add(self._pair.served, (("repeats-seen", each) for each in repeated(self._seen, writes)))
        return advising.result()

    def _judged(self, differences: Iterable[Difference]) -> Iterator[Difference]:
        parent = str(self._pair.parent)
        for difference in differences:
            self._budget.check()
            judgement = self._rules.judge_difference(difference, parent)
            yield msgspec.structs.replace(difference, **judgement._asdict())


def _sides(pair: Pair) -> tuple[tuple[Side, Candidate], tuple[Side, Candidate]]:
    return (Side.OLD, pair.old), (Side.NEW, pair.new)


def _failure(side: Side, candidate: Candidate, answer: Answer | NotAnAnswerError | None) -> str | None:
    """`old:timeout`; an answer that Metacontroller would not take is none, either."""
    if isinstance(answer, Answer):
        return None
    if isinstance(answer, NotAnAnswerError):
        return f"{side}:invalid"
    return f"{side}:{candidate.failure or 'no-answer'}"


def _texts(labels: Mapping[str, object]) -> dict[str, str]:
    return {name: value for name, value in labels.items() if isinstance(value, str)}


def _refused(pair: Pair) -> str | None:
    """The first side whose answer could be compared and is not served all the same."""
    return next((f"{side}:{candidate.failure}" for side, candidate in _sides(pair) if candidate.failure), None)


def _outcome(differences: tuple[Difference, ...]) -> Outcome:
    if not differences:
        return Outcome.MATCHED
    explained = all(each.ignored_because or each.expected_because for each in differences)
    return Outcome.IGNORED if explained else Outcome.MISMATCHED


def _without_result(pair: Pair, situation: str) -> Comparison:
    return Comparison(
        id=pair.id,
        outcome=Outcome.DROPPED,
        reason="budget",
        situation=situation,
        differences=(),
        effects_old=(),
        effects_new=(),
        advice=(),
    )
