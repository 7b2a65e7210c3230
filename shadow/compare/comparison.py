"""Two answers to one request in, a comparison out: what differs, what either would do, redacted and judged.

Decides the outcome and nothing else by itself. Pure, and total over whatever implementations answer.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

import msgspec

from shadow.compare.advice import CODES, Found, acted, advise
from shadow.compare.answer import Answer, NotAnAnswerError, read_answer
from shadow.compare.canonical import order_of, same
from shadow.compare.diff import FieldChange
from shadow.compare.differences import Describer, Effects
from shadow.compare.effects import effects_of, managed
from shadow.compare.groups import Generalizer
from shadow.compare.model import (
    Advice,
    Candidate,
    Comparison,
    Difference,
    EffectPair,
    Noise,
    ObjectEffect,
    Pair,
    Predicted,
)
from shadow.compare.moves import moves
from shadow.compare.noise import noise_of
from shadow.compare.notes import noted
from shadow.compare.parent import parent_differences, parent_fields
from shadow.compare.predictions import check, following, foresee, repeated
from shadow.compare.rules import Rules
from shadow.compare.situation import situation_of
from shadow.compare.view import RequestView
from shadow.protocol.objects import Identity, Json
from shadow.protocol.wire import UnreadableError, encode, parse
from shadow.redact import Redactor
from shadow.terms import Change, Effect, Outcome, Side

Clock = Callable[[], float]

_NO_EFFECT = EffectPair(Effect.NONE, Effect.NONE)


class OverBudgetError(Exception):
    """The comparison has used up its time."""


class Budget:
    """CPU seconds that one comparison may take, asked between objects."""

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._clock = clock
        self._start = clock()
        self._seconds = seconds

    @property
    def spent(self) -> float:
        return self._clock() - self._start

    def check(self) -> None:
        """
        Raises:
            OverBudgetError: it is used up.
        """
        if self.spent > self._seconds:
            raise OverBudgetError


def compare(
    pair: Pair, rules: Rules, redactor: Redactor, budget_seconds: float, clock: Clock = time.thread_time
) -> Comparison:
    """Compare the two answers of a sync or finalize call.

    Args:
        budget_seconds: CPU time; beyond it the outcome is `dropped` with the reason `budget`.
        clock: CPU seconds of this thread.

    Raises:
        RequestError: the request of the pair is none.
    """
    budget = Budget(budget_seconds, clock)
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
        self._redactor = redactor
        self._budget = budget
        self._redacted: dict[bytes, msgspec.Raw] = {}
        self._strict = view.controller.strict(pair.hook, pair.strict)
        self._answers = {side: _read(view, candidate, self._strict) for side, candidate in _sides(pair)}
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
        return Comparison(
            id=self._pair.id,
            outcome=outcome,
            reason=failure,
            situation=situation_of(self._view, self._desired()),
            differences=differences,
            effects_old=tuple(effects[Side.OLD].values()),
            effects_new=tuple(effects[Side.NEW].values()),
            advice=tuple(self._advice(effects, writes)),
            old_answer=self._kept(Side.OLD) if keep else None,
            new_answer=self._kept(Side.NEW) if keep else None,
            moves_old=self._moves(Side.NEW, Side.OLD) if differences else (),
            moves_new=self._moves(Side.OLD, Side.NEW) if differences else (),
            parent_labels=_texts(self._view.parent_texts("labels")),
            confirmed=len(self._seen.confirmed),
            contradicted=len(self._seen.contradicted),
            foresight=following(self._pair, self._seen, writes),
            noise=tuple(noise for side in self._again for noise in self._noise(side)),
            asked_twice=tuple(self._again),
        )

    @cached_property
    def _again(self) -> dict[Side, Answer]:
        """The second answers, of those that answered both times."""
        pair = self._pair
        candidates = {Side.OLD: pair.old_again, Side.NEW: pair.new_again}
        read = {side: _read(self._view, again, self._strict) for side, again in candidates.items() if again is not None}
        return {
            side: answer
            for side, answer in read.items()
            if isinstance(answer, Answer) and isinstance(self._answers[side], Answer)
        }

    def _noise(self, side: Side) -> Iterator[Noise]:
        self._budget.check()
        first = self._answers[side]
        assert isinstance(first, Answer), "a second answer counts beside a first one"
        return noise_of(self._view, side, first, self._again[side], self._redactor)

    def _foreseen(self, effects: Mapping[Side, Effects]) -> tuple[Predicted, ...]:
        """The writes that the answer which was served should cause."""
        served = self._pair.served
        answer = self._answers[served] if served is not None else None
        if served is None or not isinstance(answer, Answer):
            return ()
        return foresee(self._view, answer, effects[served], self._pair.apply, self._seen)

    def _moves(self, before: Side, after: Side) -> tuple[ObjectEffect, ...]:
        """What handing the parent over from one side to the other would write."""
        first, then = self._answers[before], self._answers[after]
        if not isinstance(first, Answer) or not isinstance(then, Answer):
            return ()
        self._budget.check()
        among = (first.desired.objects.keys() | then.desired.objects.keys()) - self._alike
        return moves(self._view, first, then, among, self._pair.apply)

    def _failure(self) -> str | None:
        """The first side without a valid answer, and why: `old:timeout`."""
        failures = (_failure(side, candidate, self._answers[side]) for side, candidate in _sides(self._pair))
        return next(filter(None, failures), None)

    def _desired(self) -> Iterable[Identity]:
        answers = (answer for answer in self._answers.values() if isinstance(answer, Answer))
        return (identity for answer in answers for identity in answer.desired.objects)

    @property
    def _identical(self) -> bool:
        """The fast path: the very same bytes."""
        old, new = self._pair.old, self._pair.new
        return old.body is not None and old.body == new.body and old.unsaid == new.unsaid

    def _effects(self) -> dict[Side, Effects]:
        """By side and object; nothing for a side without an answer."""
        old = self._effects_of(self._answers[Side.OLD], {})
        if self._identical:
            return {Side.OLD: old, Side.NEW: old}
        first = self._answers[Side.OLD]
        shared = self._alike if isinstance(first, Answer) and managed(self._view, first) else ()
        known = {identity: old[identity] for identity in shared}
        return {Side.OLD: old, Side.NEW: self._effects_of(self._answers[Side.NEW], known)}

    def _effects_of(self, answer: Answer | NotAnAnswerError | None, known: Effects) -> Effects:
        if not isinstance(answer, Answer):
            return {}
        self._budget.check()
        effects = effects_of(self._view, answer, self._pair.apply, known, self._seen.unseen)
        return {effect.object: effect for effect in effects}

    @cached_property
    def _alike(self) -> frozenset[Identity]:
        """The objects that both answers want, and want the same of."""
        old, new = self._answers[Side.OLD], self._answers[Side.NEW]
        if not isinstance(old, Answer) or not isinstance(new, Answer):
            return frozenset()
        before, after = old.desired.objects, new.desired.objects
        return frozenset(
            identity
            for identity, item in before.items()
            if item is not None and identity in after and same(item, after[identity])
        )

    def _differences(self, effects: Mapping[Side, Effects]) -> Iterator[Difference]:
        old, new = self._answers[Side.OLD], self._answers[Side.NEW]
        if self._identical or not isinstance(old, Answer) or not isinstance(new, Answer):
            return
        describer = Describer(self._pair.parent, self._redactor, effects[Side.OLD], effects[Side.NEW])
        yield from self._of_objects(describer, old, new)
        yield from self._of_parent(describer, old, new)
        yield from self._of_order(describer, old, new)

    def _of_objects(self, describer: Describer, old: Answer, new: Answer) -> Iterator[Difference]:
        before, after = old.desired.objects, new.desired.objects
        for identity in sorted((before.keys() | after.keys()) - self._alike):
            self._budget.check()
            if (identity in before and before[identity] is None) or (identity in after and after[identity] is None):
                yield describer.unreadable(identity)
            else:
                one, other = before.get(identity), after.get(identity)
                if one is not None and other is not None:
                    one, other = self._named(identity, one), self._named(identity, other)
                yield from describer.of_object(identity, one, other, self._observed(identity))

    def _observed(self, identity: Identity) -> Json | None:
        """None, too, for what cannot be held: it then proves nothing."""
        try:
            return self._view.observed(identity) if identity in self._view else None
        except UnreadableError:
            return None

    def _named(self, identity: Identity, item: Json) -> Json:
        """The item with the namespace that Metacontroller writes into it, so that leaving it out is no difference."""
        if not identity.namespace or not self._view.names_defaulted:
            return item
        metadata = item.get("metadata")
        if not isinstance(metadata, dict) or metadata.get("namespace"):
            return item
        return item | {"metadata": metadata | {"namespace": identity.namespace}}

    def _of_parent(self, describer: Describer, old: Answer, new: Answer) -> Iterator[Difference]:
        changes = list(parent_differences(self._view, old, new))
        if changes:
            wanted = [self._redactor.answer(parent_fields(self._view, answer)) for answer in (old, new)]
            for change, effects in changes:
                yield describer.of_parent(change, effects, *wanted)

    def _of_order(self, describer: Describer, old: Answer, new: Answer) -> Iterator[Difference]:
        """Under Rolling strategies the order of the list decides which object is updated first; else it is noise."""
        before, after = (order_of(answer.desired.objects, self._view.rolling_groups) for answer in (old, new))
        if before != after and sorted(before) == sorted(after):
            change = FieldChange(("order",), Change.CHANGED, ("order",), ("order",))
            yield describer.of_parent(change, _NO_EFFECT, {"order": before}, {"order": after})

    def _advice(self, effects: Mapping[Side, Effects], writes: tuple[Predicted, ...]) -> Iterator[Advice]:
        """The traps in either answer, once where both share one; objects as every parent would call them."""
        found: dict[Side, dict[Found, None]] = {Side.OLD: {}, Side.NEW: {}}
        for side, answer in self._answers.items():
            if isinstance(answer, Answer):
                known = self._alike if side is Side.NEW else frozenset()
                found[side] = dict.fromkeys(advise(self._view, answer, effects[side], known))
                found[side] |= {each: None for each in found[Side.OLD] if each[1] in known and each[0] != "duplicate"}
        old, new = self._answers[Side.OLD], self._answers[Side.NEW]
        if isinstance(old, Answer) and isinstance(new, Answer) and not self._identical:
            found[Side.OLD] |= {("side-effects", identity): None for identity in acted(self._view, old, new)}
            found[Side.NEW] |= {each: None for each in found[Side.OLD] if each[0] == "side-effects"}
        if self._seen.served is not None:
            found[self._seen.served] |= dict.fromkeys(self._seen.advice)
        if self._pair.served is not None:
            found[self._pair.served] |= {("repeats-seen", each): None for each in repeated(self._seen, writes)}
        generalizer = Generalizer(self._pair.parent)
        for code, identity in found[Side.OLD] | found[Side.NEW]:
            sides = [side for side in Side if (code, identity) in found[side]]
            about = None if identity is None else generalizer.identity(identity)
            yield Advice(code, sides[0] if len(sides) == 1 else None, about, CODES[code])
        yield from noted(self._pair, generalizer)

    def _judged(self, differences: Iterable[Difference]) -> Iterator[Difference]:
        parent = str(self._pair.parent)
        for difference in differences:
            self._budget.check()
            judgement = self._rules.judge_difference(difference, parent)
            yield msgspec.structs.replace(difference, **judgement._asdict())

    def _kept(self, side: Side) -> bytes | None:
        """The redacted answer; what both sides say alike is redacted once."""
        answer = self._answers[side]
        if not isinstance(answer, Answer):
            return None
        items = [self._kept_item(raw) for raw in answer.items]
        rest = self._redactor.answer(parse(encode(answer.other_fields)))
        return bytes(encode(rest | ({answer.list_key: items} if answer.listed else {})))

    def _kept_item(self, raw: msgspec.Raw) -> msgspec.Raw:
        spelled = bytes(raw)
        if spelled not in self._redacted:
            self._budget.check()
            try:
                self._redacted[spelled] = encode(self._redactor.object(parse(raw)))
            except UnreadableError:
                self._redacted[spelled] = encode({"notShown": f"{len(spelled)} bytes, nested too deeply"})
        return self._redacted[spelled]


def _sides(pair: Pair) -> tuple[tuple[Side, Candidate], tuple[Side, Candidate]]:
    return (Side.OLD, pair.old), (Side.NEW, pair.new)


def _read(view: RequestView, candidate: Candidate, strict: bool) -> Answer | NotAnAnswerError | None:
    if candidate.body is None:
        return None
    try:
        return read_answer(view, candidate.body, candidate.unsaid, strict=strict)
    except NotAnAnswerError as exc:
        return exc


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
