"""What a write takes away from somebody else: items of lists that Metacontroller replaces whole. Pure.

Its merge keeps fields that nobody claims, and items told apart by a merge key. Of any other list nothing stays.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from shadow.compare.canonical import spelled
from shadow.compare.merge import item_names, merge_key
from shadow.compare.seen import shows
from shadow.protocol.objects import Json

MAX_PAIRS = 10_000
"""Items of one list that are held against those that are claimed; beyond it nothing is said of the list."""


def loses_items(observed: Any, last_applied: Any, desired: Any, keys: Sequence[str]) -> bool:
    """Whether merging drops an item of a list that neither the last nor the desired version has. In doubt it does not.

    Args:
        last_applied, desired: as the API server stores them, so that its spelling and its defaults are nobody else's.
        keys: the merge keys.
    """
    pending = [(observed, last_applied, desired)]
    while pending:
        here, former, wanted = pending.pop()
        if here in (former, wanted):  # most are, and Python looks at them quicker
            continue
        if isinstance(here, dict):
            fields = (value if isinstance(value, dict) else {} for value in (former, wanted))
            pending.extend(_in_both(here, *fields))
        elif isinstance(here, list):
            lists = [here, *(value if isinstance(value, list) else [] for value in (former, wanted))]
            key = merge_key(*lists, keys=keys)
            if key is not None:
                pending.extend(_in_both(*(dict(zip(item_names(key, each), each, strict=True)) for each in lists)))
            elif _has_unclaimed(here, [*lists[1], *lists[2]]):
                return True
    return False


def _in_both(observed: Json, last_applied: Json, desired: Json) -> Iterator[tuple[Any, Any, Any]]:
    return ((value, last_applied.get(name), desired[name]) for name, value in observed.items() if name in desired)


def _has_unclaimed(items: list[Any], claimed: list[Any]) -> bool:
    known = set(map(spelled, claimed))
    others = [item for item in items if spelled(item) not in known]
    if len(others) * len(claimed) > MAX_PAIRS:
        return False
    return any(not any(shows(item, each) for each in claimed) for item in others)
