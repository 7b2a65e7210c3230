"""Merges what single parents showed into one line per cause, judged by the rules of today.

A stored group belongs to one parent, so rules that name parents apply to it exactly; a line is explained only where
every parent of it is. Rows come parent by parent, so what is held is one small record per line, never the rows. There
may be a hundred thousand of them: each is read, judged and added once.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple, Self

import msgspec

from shadow.compare.model import EffectPair
from shadow.compare.rules import Judgement
from shadow.protocol.objects import Identity
from shadow.report.judge import UNEXPLAINED, Explain
from shadow.report.model import DifferenceLine, Effects, Example
from shadow.report.readiness import Harms
from shadow.report.window import moment
from shadow.store.base import Group
from shadow.terms import Change, Effect, Side

_uid = attrgetter("parent.uid")


class _Sighting(NamedTuple):
    """What a group shows of one parent, in as few bytes as there are: a line keeps the latest. `old`, `new`: JSON."""

    at: float
    parent: str
    comparison: str | None
    old: bytes
    new: bytes

    @classmethod
    def of(cls, group: Group) -> Self:
        old, new = msgspec.json.encode(group.old), msgspec.json.encode(group.new)
        return cls(group.last_seen, str(group.parent), group.example, old, new)


@dataclass(slots=True)
class _Line:
    """One cause while its parents are still coming in: what its id stands for, the latest example, and counts."""

    object: Identity | None
    path: str
    change: Change
    effects: EffectPair
    latest: _Sighting
    first_seen: float
    count: int = 0
    parents: int = 0
    moved: int = 0
    unexplained: int = 0
    explanation: Judgement | None = None
    repeats: bool = False

    @classmethod
    def begun_with(cls, group: Group) -> Self:
        return cls(
            object=group.shown_object,
            path=group.shown_path,
            change=group.change,
            effects=group.effects,
            latest=_Sighting.of(group),
            first_seen=group.first_seen,
        )

    def add(self, group: Group, explanation: Judgement | None) -> None:
        """`explanation` is None where no rule explains it."""
        self.count += group.count
        self.repeats |= group.repeats
        if group.first_seen < self.first_seen:
            self.first_seen = group.first_seen
        if group.last_seen > self.latest.at:
            self.latest = _Sighting.of(group)
        if explanation is not None:
            self.explanation = min(self.explanation or explanation, explanation, key=repr)

    def finish(self, id: str, kept: Collection[str]) -> DifferenceLine:
        explanation = UNEXPLAINED if self.unexplained or self.explanation is None else self.explanation
        return DifferenceLine(
            id=id,
            object=self.object,
            path=self.path,
            change=self.change,
            effects=Effects(self.effects.old, self.effects.new),
            effect=effect_of(self.effects),
            side=side_of(self.effects),
            repeats=self.repeats,
            count=self.count,
            parents=self.parents,
            moved_parents=self.moved,
            unexplained_parents=self.unexplained,
            first_seen=moment(self.first_seen),
            last_seen=moment(self.latest.at),
            example=_example(self.latest, kept),
            ignored_because=explanation.ignored_because,
            expected_because=explanation.expected_because,
        )


def _example(seen: _Sighting, kept: Collection[str]) -> Example:
    comparison = seen.comparison if seen.comparison in kept else None
    return Example(msgspec.Raw(seen.old), msgspec.Raw(seen.new), comparison, seen.parent)


@dataclass(slots=True)
class _Parent:
    """What one parent shows, by line: whether anything of it is unexplained, and whether `new` answers there."""

    unexplained: dict[str, bool] = field(default_factory=dict)
    moved: dict[str, bool] = field(default_factory=dict)
    worst: dict[Identity | None, Effect] = field(default_factory=dict)

    def add(self, group: Group, *, unexplained: bool) -> None:
        id = group.group
        self.unexplained[id] = unexplained or self.unexplained.get(id, False)
        self.moved[id] = group.moved or self.moved.get(id, False)
        if unexplained:
            # An object with five changed fields would still be written once: count it once, by its worst effect.
            effect, known = effect_of(group.effects), self.worst.get(group.object)
            if known is None or effect.severity > known.severity:
                self.worst[group.object] = effect


class Merged:
    """Takes groups, those of a parent one after another, and gives the lines and the tally of effects."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}
        self._effects: Counter[Effect] = Counter()
        self._shown: dict[str, tuple[str, ...]] = {}
        self._same: dict[tuple[str, ...], tuple[str, ...]] = {}

    def add_all(self, groups: Iterable[Group], explain: Explain, harms: Harms | None = None) -> None:
        """Merge every group; `explain` is asked once for each.

        Args:
            harms: is told of those that no rule explains.
        """
        for uid, rows in groupby(groups, key=_uid):
            parent = _Parent()
            for group in rows:
                explanation = explain(group)
                unexplained = explanation == UNEXPLAINED
                line = self._lines.get(group.group)
                if line is None:
                    line = self._lines[group.group] = _Line.begun_with(group)
                line.add(group, None if unexplained else explanation)
                parent.add(group, unexplained=unexplained)
                if unexplained and harms is not None:
                    harms.add(group)
            self._close(uid, parent)

    def _close(self, uid: str, parent: _Parent) -> None:
        for id, unexplained in parent.unexplained.items():
            line = self._lines[id]
            line.parents += 1
            line.unexplained += unexplained
            line.moved += parent.moved[id]
        self._effects.update(parent.worst.values())
        found = tuple(sorted(id for id, unexplained in parent.unexplained.items() if unexplained))
        self._shown[uid] = self._same.setdefault(found, found)  # many parents show the same

    def lines(self, kept: Callable[[Collection[str]], Collection[str]]) -> tuple[DifferenceLine, ...]:
        """Worst effect first, side `new` before `old`, then most parents; ids settle what is left. Nothing is kept.

        Args:
            kept: those of some comparisons that can still be looked at; no other one is an example.
        """
        latest = (line.latest.comparison for line in self._lines.values())
        there = kept({comparison for comparison in latest if comparison is not None})
        finished = []
        while self._lines:  # of a hundred thousand each is held in one form only
            id, line = self._lines.popitem()
            finished.append(line.finish(id, there))
        return tuple(sorted(finished, key=rank))

    def effects(self) -> dict[Effect, int]:
        """Objects by worst effect over all parents, unexplained differences only; every effect is named."""
        return {effect: self._effects[effect] for effect in Effect}

    def shown(self) -> Mapping[str, tuple[str, ...]]:
        """By uid of a parent in which anything differs, the ids of what no rule explains there."""
        return self._shown


def at_front(groups: Iterable[Group], front_digest: str | None) -> Iterable[Group]:
    """Those that were seen behind the controller as it is now: its kinds and update methods decide effects.

    Args:
        front_digest: of its spec; None: not known, and then it does not matter.
    """
    if front_digest is None:
        return groups
    return (group for group in groups if group.front_digest in (None, front_digest))


def effect_of(effects: EffectPair) -> Effect:
    """`new`'s effect where that is not none, else `old`'s."""
    return effects.new if effects.new is not Effect.NONE else effects.old


def side_of(effects: EffectPair) -> Side:
    """Whose effect `effect_of` is."""
    return Side.OLD if effects.new is Effect.NONE and effects.old is not Effect.NONE else Side.NEW


def rank(line: DifferenceLine) -> tuple[int, bool, int, str]:
    """What lines are sorted by; no two have the same."""
    return (-line.effect.severity, line.side is Side.OLD, -line.parents, line.id)
