"""Where two JSON values differ: the fewest places, named by merge key where Metacontroller merges by key.

One walk, level by level, without recursion. Only what is left of a list without merge key goes to DeepDiff, item by
item as tokens: it then need not know that `1`, `1.0` and `true` differ, cannot skip `__private` keys, and cannot
recurse. It is never asked to ignore the order, which is quadratic and hides duplicates.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from shadow.compare.canonical import same, spelled
from shadow.compare.merge import item_names, merge_key
from shadow.fieldpath import Item, Steps
from shadow.terms import Change

MAX_ALIGNED = 500
"""Items of a differing list that are aligned one by one; a longer remainder differs as a whole."""

_TEXT_MAPS = frozenset({"metadata", "labels", "annotations", "data", "stringData", "binaryData", "status"})
"""Maps that differ key by key even where one side lacks the whole map: a rule names the key, not the map."""

Keys = tuple[str | int, ...]
"""Field names and indices by which a value is found in one of the two."""


class FieldChange(NamedTuple):
    """One place. `old_keys` and `new_keys` lead to it in either value, as indices in a list may differ."""

    path: Steps
    change: Change
    old_keys: Keys
    new_keys: Keys


class _Place(NamedTuple):
    path: Steps
    old_keys: Keys
    new_keys: Keys
    old: Any
    new: Any

    def field(self, name: str, old: Any, new: Any) -> "_Place":
        return _Place((*self.path, name), (*self.old_keys, name), (*self.new_keys, name), old, new)

    def item(self, step: int | Item, old_index: int, new_index: int) -> "_Place":
        old, new = self.old[old_index], self.new[new_index]
        return _Place((*self.path, step), (*self.old_keys, old_index), (*self.new_keys, new_index), old, new)

    def as_change(self, change: Change) -> FieldChange:
        return FieldChange(self.path, change, self.old_keys, self.new_keys)


_ABSENT: Any = object()

IsSet = Callable[[Steps], bool]
"""Whether the list at a place means the same in any order."""


def _never(path: Steps) -> bool:  # noqa: ARG001 - an `IsSet`
    return False


def field_changes(old: Any, new: Any, is_set: IsSet = _never) -> Iterator[FieldChange]:
    """Every place where two values differ, in the order of their paths; none if they are the same.

    Args:
        is_set: of such a list another order is one change of the whole list, apart from what only one side has.
    """
    pending = [_Place((), (), (), old, new)]
    while pending:
        place = pending.pop()
        if place.old is _ABSENT or place.new is _ABSENT:
            yield from _one_sided(place, pending)
        elif isinstance(place.old, dict) and isinstance(place.new, dict):
            pending.extend(reversed(list(_fields(place))))
        elif isinstance(place.old, list) and isinstance(place.new, list):
            yield from _items(place, pending, is_set)
        elif type(place.old) is not type(place.new) or place.old != place.new:
            yield place.as_change(Change.CHANGED)


def value_at(value: Any, keys: Keys) -> Any:
    """What the keys lead to."""
    for key in keys:
        value = value[key]
    return value


def _one_sided(place: _Place, pending: list[_Place]) -> Iterator[FieldChange]:
    present = place.old if place.new is _ABSENT else place.new
    if isinstance(present, dict) and present and place.path[-1] in _TEXT_MAPS:
        empty: dict[str, Any] = {}
        pending.append(place._replace(old=empty) if place.old is _ABSENT else place._replace(new=empty))
    else:
        yield place.as_change(Change.REMOVED if place.new is _ABSENT else Change.ADDED)


def _fields(place: _Place) -> Iterator[_Place]:
    for name in sorted(place.old.keys() | place.new.keys()):
        old, new = place.old.get(name, _ABSENT), place.new.get(name, _ABSENT)
        if isinstance(old, (dict, list)) or type(old) is not type(new) or old != new:
            yield place.field(name, old, new)


def _items(place: _Place, pending: list[_Place], is_set: IsSet) -> Iterator[FieldChange]:
    key = merge_key(place.old, place.new)
    if key is not None:
        old_at, new_at = (
            {name: at for at, name in enumerate(item_names(key, items))} for items in (place.old, place.new)
        )
        if len(old_at) == len(place.old) and len(new_at) == len(place.new):
            yield from _keyed_items(place, key, old_at, new_at, pending)
            return
    yield from _members(place, pending, is_set) if is_set(place.path) else _aligned_items(place, pending)


def _keyed_items(
    place: _Place, key: str, old_at: dict[str, int], new_at: dict[str, int], pending: list[_Place]
) -> Iterator[FieldChange]:
    if [name for name in old_at if name in new_at] != [name for name in new_at if name in old_at]:
        yield place.as_change(Change.CHANGED)  # another order, which shows in the last-applied annotation
    for name, at in old_at.items():
        if name not in new_at:
            yield FieldChange((*place.path, Item(key, name)), Change.REMOVED, (*place.old_keys, at), ())
    for name, at in new_at.items():
        if name in old_at:
            pending.append(place.item(Item(key, name), old_at[name], at))
        else:
            yield FieldChange((*place.path, Item(key, name)), Change.ADDED, (), (*place.new_keys, at))


def _members(place: _Place, pending: list[_Place], is_set: IsSet) -> Iterator[FieldChange]:
    """Of a set: what only one side has, and whether the rest stands in another order.

    The order of sets within an item does not tell items apart. Of the structures that only one side has the first is
    held against the first of the other: it is more to the point to say where in them they differ.
    """
    old, new = ([_unordered(item, place.path, is_set) for item in items] for items in (place.old, place.new))
    common = Counter(old) & Counter(new)
    removed, added = _beside(old, common), _beside(new, common)
    before, after = _without(old, removed), _without(new, added)
    if [old[at] for at in before] != [new[at] for at in after]:
        yield place.as_change(Change.CHANGED)
    else:
        pending.extend(place.item(*pair) for pair in zip(before, before, after, strict=True) if not _alike(place, pair))
    structures = min(_structures(place.old, removed), _structures(place.new, added))
    pending.extend(map(place.item, removed[:structures], removed[:structures], added[:structures]))
    for at in removed[structures:]:
        yield FieldChange((*place.path, at), Change.REMOVED, (*place.old_keys, at), ())
    for at in added[structures:]:
        yield FieldChange((*place.path, at), Change.ADDED, (), (*place.new_keys, at))


def _alike(place: _Place, pair: tuple[int, int, int]) -> bool:
    return same(place.old[pair[1]], place.new[pair[2]])


def _structures(items: list[Any], places: list[int]) -> int:
    """How many of these places hold structures, from the first one on."""
    return next((count for count, at in enumerate(places) if not isinstance(items[at], dict | list)), len(places))


def _unordered(item: Any, path: Steps, is_set: IsSet) -> bytes:
    """Bytes that are equal for items in which nothing differs but the order of sets."""
    try:
        return spelled(_with_sorted_sets(item, path, is_set))
    except RecursionError:
        return spelled(item)


def _with_sorted_sets(value: Any, path: Steps, is_set: IsSet) -> Any:
    if isinstance(value, dict):
        return {name: _with_sorted_sets(field, (*path, name), is_set) for name, field in value.items()}
    if isinstance(value, list):
        items = [_with_sorted_sets(item, (*path, at), is_set) for at, item in enumerate(value)]
        return sorted(items, key=spelled) if is_set(path) else items
    return value


def _without(items: list[bytes], places: list[int]) -> list[int]:
    """All other places."""
    beside = set(places)
    return [at for at in range(len(items)) if at not in beside]


def _beside(items: list[bytes], common: Counter[bytes]) -> list[int]:
    """Where there are items that the other side does not have, or has fewer of."""
    left = common.copy()
    left.subtract(items)
    surplus = {item: -count for item, count in left.items() if count < 0}
    places = []
    for at in reversed(range(len(items))):
        if surplus.get(items[at], 0) > 0:
            surplus[items[at]] -= 1
            places.append(at)
    return places[::-1]


def _aligned_items(place: _Place, pending: list[_Place]) -> Iterator[FieldChange]:
    start, end = _common_ends(place.old, place.new)
    old, new = place.old[start : len(place.old) - end], place.new[start : len(place.new) - end]
    if not old and not new:
        return
    if len(old) + len(new) > MAX_ALIGNED:
        yield place.as_change(Change.CHANGED)
        return
    old_tokens, new_tokens = _tokens(old, new)
    from deepdiff import DeepDiff  # noqa: PLC0415 - start-up time and memory: few pairs need it, and the proxy never

    for levels in DeepDiff(
        old_tokens,
        new_tokens,
        view="tree",
        ignore_order=False,
        ignore_private_variables=False,
        threshold_to_diff_deeper=0,
    ).values():
        for level in levels:
            before, after = level.up.t1_child_rel, level.up.t2_child_rel
            if before is None:
                at = start + after.param
                yield FieldChange((*place.path, at), Change.ADDED, (), (*place.new_keys, at))
            elif after is None:
                at = start + before.param
                yield FieldChange((*place.path, at), Change.REMOVED, (*place.old_keys, at), ())
            else:
                pending.append(place.item(start + before.param, start + before.param, start + after.param))


def _common_ends(old: list[Any], new: list[Any]) -> tuple[int, int]:
    """How many items at the start and at the end are the same."""
    shorter = min(len(old), len(new))
    start = next((at for at in range(shorter) if not same(old[at], new[at])), shorter)
    left = shorter - start
    end = next((at for at in range(left) if not same(old[-1 - at], new[-1 - at])), left)
    return start, end


def _tokens(old: list[Any], new: list[Any]) -> tuple[list[str], list[str]]:
    """A short name for every item, the same for the same items only."""
    names: dict[bytes, str] = {}
    texts = [[spelled(item) for item in items] for items in (old, new)]
    named = [[names.setdefault(text, f"item-{len(names)}") for text in side] for side in texts]
    return named[0], named[1]
