"""Turns the places where two answers differ into records: redacted, generalised, with the effect of either side."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import repeat
from typing import Any, TypeVar

import msgspec

from shadow.compare.canonical import same
from shadow.compare.diff import FieldChange, Keys, field_changes, value_at
from shadow.compare.groups import Generalizer, group_id
from shadow.compare.model import Difference, EffectPair, ObjectEffect
from shadow.compare.normalize import Normalizer, Prepare
from shadow.compare.parent import ParentChange
from shadow.compare.sets import is_set
from shadow.compare.shown import Shown
from shadow.fieldpath import Steps, render
from shadow.protocol.objects import Identity, Json, ParentRef
from shadow.terms import Change, Effect

MAX_VALUE_BYTES = 8192
"""A larger value is shown as its size: the whole one is in the answer, if that is kept."""

_T = TypeVar("_T")
Effects = Mapping[Identity, ObjectEffect]
_OF_PARENT = frozenset({"status", "labels", "annotations"})
_WHOLE = FieldChange((), Change.CHANGED, (), ())


class Describer:
    """Describes the differences of one pair.

    Args:
        shown: redacts what is described.
        old_effects, new_effects: by identity, of either answer.
    """

    def __init__(self, parent: ParentRef, shown: Shown, old_effects: Effects, new_effects: Effects) -> None:
        self._generalizer = Generalizer(parent)
        self._shown = shown
        self._old_effects = old_effects
        self._new_effects = new_effects

    def of_object(
        self,
        identity: Identity,
        old: Json | None,
        new: Json | None,
        observed: Json | None,
        prepare: Prepare,
        *,
        spelling: bool,
    ) -> Iterator[Difference]:
        """Of one desired object; None: that side does not want it. Nothing if they are the same.

        Args:
            observed: the object as it is in the cluster; None if it is not observed.
            prepare: gives what Metacontroller makes of a desired object before it applies it.
            spelling: whether a difference may be one of spelling alone.
        """
        if old is None or new is None:
            change = _WHOLE._replace(change=Change.ADDED if old is None else Change.REMOVED)
            yield self._difference(identity, change, self._shown.object(old), self._shown.object(new))
        elif not same(old, new):
            shown = self._shown.object(old), self._shown.object(new)
            changes = list(self._checked(field_changes(old, new, partial(is_set, identity))))
            names: Iterable[str | None] = repeat(None, len(changes))
            if spelling:
                normalizer = Normalizer(identity, old, new, observed, prepare)
                effects = self._old_effects.get(identity), self._new_effects.get(identity)
                names = normalizer.names(self._checked(changes), *effects)
            for change, normalized in zip(changes, names, strict=True):
                yield self._difference(identity, change, *shown, normalized)

    def unreadable(self, identity: Identity) -> Difference:
        """Of an object that both want and that cannot be held: it differs, nobody can say where."""
        return self._difference(identity, _WHOLE, None, None)

    def of_parent(self, changes: Iterable[ParentChange], old: Json, new: Json) -> Iterator[Difference]:
        """Of the parent's own fields; `old` and `new` are what either side wants of them."""
        shown: tuple[Json, Json] | None = None
        for change, effects in self._checked(changes):
            shown = shown or (self._shown.fields(old), self._shown.fields(new))
            prefix: Steps = ("parent",) if change.path[0] in _OF_PARENT else ()
            yield self._record(None, change, (*prefix, *change.path), effects, False, *shown)

    def _checked(self, places: Iterable[_T]) -> Iterator[_T]:
        """One object may have as many places as a thousand have."""
        for place in places:
            self._shown.check()
            yield place

    def _effects(self, identity: Identity) -> EffectPair:
        before, after = self._old_effects.get(identity), self._new_effects.get(identity)
        return EffectPair(before.effect if before else Effect.NONE, after.effect if after else Effect.NONE)

    def _difference(
        self, identity: Identity, change: FieldChange, old: Any, new: Any, normalized: str | None = None
    ) -> Difference:
        told = self._new_effects.get(identity)
        if told is None or told.effect is Effect.NONE:  # as in a report: `old`'s where `new`'s is none
            told = self._old_effects.get(identity)
        repeats = told is not None and told.repeats
        return self._record(identity, change, change.path, self._effects(identity), repeats, old, new, normalized)

    def _record(
        self,
        identity: Identity | None,
        change: FieldChange,
        path: Steps,
        effects: EffectPair,
        repeats: bool,
        old: Any,
        new: Any,
        normalized: str | None = None,
    ) -> Difference:
        steps = self._shown.path(path)
        shown_path = self._generalizer.path(steps, identity)
        shown_object = None if identity is None else self._generalizer.identity(identity)
        has_old, has_new = change.change is not Change.ADDED, change.change is not Change.REMOVED
        return Difference(
            group=group_id(shown_object, shown_path, change.change, effects, normalized),
            object=identity,
            path=render(steps),
            change=change.change,
            effects=effects,
            repeats=repeats,
            old=_shown(old, change.old_keys) if has_old else None,
            new=_shown(new, change.new_keys) if has_new else None,
            has_old=has_old,
            has_new=has_new,
            shown_object=shown_object,
            shown_path=shown_path,
            normalized=normalized,
        )


def _shown(value: Any, keys: Keys) -> Any:
    """The redacted value at the place, or its size if it is too large to be an example."""
    value = value_at(value, keys)
    try:
        size = len(msgspec.json.encode(value))
    except (RecursionError, UnicodeEncodeError):
        return "<not shown>"
    return value if size <= MAX_VALUE_BYTES else f"<{size} bytes>"
