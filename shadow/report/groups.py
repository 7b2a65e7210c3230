"""Merges what single parents showed into one line per cause, judged by the rules of today.

A stored group belongs to one parent, so rules that name parents apply to it exactly; a line is explained only where
every parent of it is. Holds one small record per line, never the rows.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from shadow.compare.rules import Judgement
from shadow.protocol.objects import Identity
from shadow.report.judge import Explain
from shadow.report.model import DifferenceLine, Effects, Example
from shadow.report.window import moment
from shadow.store.base import Group
from shadow.terms import Effect, Side

UNEXPLAINED = Judgement()


@dataclass(slots=True)
class _Line:
    """One cause while its parents are still coming in."""

    latest: Group
    count: int = 0
    parents: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    unexplained: set[str] = field(default_factory=set)
    explanations: set[Judgement] = field(default_factory=set)
    first_seen: float = float("inf")
    repeats: bool = False

    def add(self, group: Group, explanation: Judgement) -> None:
        self.count += group.count
        self.parents.add(group.parent.uid)
        self.repeats |= group.repeats
        self.first_seen = min(self.first_seen, group.first_seen)
        if group.last_seen > self.latest.last_seen:
            self.latest = group
        if group.moved:
            self.moved.add(group.parent.uid)
        if explanation == UNEXPLAINED:
            self.unexplained.add(group.parent.uid)
        else:
            self.explanations.add(explanation)

    def finish(self) -> DifferenceLine:
        shown = self.latest
        explanation = UNEXPLAINED if self.unexplained else min(self.explanations, key=repr)
        return DifferenceLine(
            id=shown.group,
            object=shown.shown_object,
            path=shown.shown_path,
            change=shown.change,
            effects=Effects(shown.effects.old, shown.effects.new),
            effect=effect_of(shown),
            side=side_of(shown),
            repeats=self.repeats,
            count=self.count,
            parents=len(self.parents),
            moved_parents=len(self.moved),
            unexplained_parents=len(self.unexplained),
            first_seen=moment(self.first_seen),
            last_seen=moment(shown.last_seen),
            example=Example(shown.old, shown.new, shown.comparison, str(shown.parent)),
            ignored_because=explanation.ignored_because,
            expected_because=explanation.expected_because,
        )


class Merged:
    """Takes groups one by one, in any order, and gives the lines and the tally of effects."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}
        self._worst: dict[tuple[str, Identity | None], Effect] = {}

    def add_all(self, groups: Iterable[Group], explain: Explain) -> None:
        """Merge every group; `explain` is asked once for each."""
        for group in groups:
            explanation = explain(group)
            line = self._lines.get(group.group)
            if line is None:
                line = self._lines[group.group] = _Line(group)
            line.add(group, explanation)
            if explanation == UNEXPLAINED:
                self._tally(group)

    def _tally(self, group: Group) -> None:
        """An object with five changed fields would still be written once: count it once, by its worst effect."""
        key = (group.parent.uid, group.object)
        effect = effect_of(group)
        if effect.severity >= self._worst.get(key, Effect.NONE).severity:
            self._worst[key] = effect

    def lines(self) -> tuple[DifferenceLine, ...]:
        """Worst effect first, side `new` before `old`, then most parents; ids settle what is left."""
        return tuple(sorted((line.finish() for line in self._lines.values()), key=rank))

    def effects(self) -> dict[Effect, int]:
        """Objects by worst effect over all parents, unexplained differences only; every effect is named."""
        counted = Counter(self._worst.values())
        return {effect: counted[effect] for effect in Effect}


def effect_of(group: Group) -> Effect:
    """`new`'s effect where that is not none, else `old`'s."""
    return group.effects.new if group.effects.new is not Effect.NONE else group.effects.old


def side_of(group: Group) -> Side:
    """Whose effect `effect_of` is."""
    return Side.OLD if group.effects.new is Effect.NONE and group.effects.old is not Effect.NONE else Side.NEW


def rank(line: DifferenceLine) -> tuple[int, bool, int, str]:
    """What lines are sorted by; no two have the same."""
    return (-line.effect.severity, line.side is Side.OLD, -line.parents, line.id)
