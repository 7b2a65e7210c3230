"""Metacontroller's three-way merge, to the letter: what an object becomes when an answer is applied to it.

It is ported, not improved: a surprise in here is a surprise in the cluster. Never mutates what it is given; parts of
the result that did not change are shared with `observed` and `desired`.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any, TypeVar

from shadow.compare.golang import text

_Kind = TypeVar("_Kind")
_Task = tuple[Any, Any, Any, Any, Any]
"""(container of the result, key or index in it, observed, last, desired) of a value still to be merged."""

MERGE_KEYS = ("containerPort", "port", "mountPath", "name", "uid", "ip", "path")
"""Fields by which items of a list are told apart, in Metacontroller's order of preference."""

MERGE_KEYS_OF_2 = tuple(key for key in MERGE_KEYS if key not in ("mountPath", "path"))
"""Those of Metacontroller 2: to it two `volumeMounts` of one volume are the same item."""


def merge(observed: Any, last_applied: Any, desired: Any, keys: Sequence[str] = MERGE_KEYS) -> Any:
    """The object that Metacontroller would write (dynamic apply), before it puts back what belongs to the system.

    Works level by level without recursion, so objects may be nested deeper than Python's stack.

    Args:
        observed: the object as it is in the cluster.
        last_applied: what was desired when it was last written; fields in it that are not desired any more go away.
        desired: the object as the answer has it.
        keys: the merge keys, by preference.
    """
    root: list[Any] = [None]
    pending: list[_Task] = [(root, 0, observed, last_applied, desired)]
    while pending:
        target, key, here, last, wanted = pending.pop()
        target[key] = _level(here, last, wanted, keys, pending)
    return root[0]


def merge_key(*lists: Sequence[Any] | None, keys: Sequence[str] = MERGE_KEYS) -> str | None:
    """The field by which these lists are merged item by item; None if `desired` replaces the list whole.

    Every item of every list has to be an object that has the field. Lists without any item share nothing.
    """
    items = list(chain.from_iterable(filter(None, lists)))
    if set(map(type, items)) != {dict}:
        return None
    for key in keys:
        if key in items[0]:
            for item in items:
                if key not in item:
                    break
            else:
                return key
    return None


def item_key(value: Any) -> str:
    """A merge key's value as it is compared: `80` and `"80"` are the same item."""
    return value if isinstance(value, str) else text(value)


def item_names(key: str, items: Sequence[Any]) -> list[str]:
    """What each of the items is called: its merge key's value as it is compared."""
    return [name if type(name := item[key]) is str else item_key(name) for item in items]


def _level(observed: Any, last: Any, desired: Any, keys: Sequence[str], pending: list[_Task]) -> Any:
    """One level of the merge; what is below it goes to `pending`.

    A last or desired of another type than observed counts as null, it does not replace what is observed.
    """
    if isinstance(observed, dict):
        return _merge_object(observed, _if(dict, last) or {}, _if(dict, desired) or {}, pending)
    if isinstance(observed, list):
        former, wanted = _if(list, last), _if(list, desired)
        key = merge_key(observed, former, wanted, keys=keys)
        return wanted if key is None else _merge_items(key, observed, former or [], wanted or [], pending)
    return desired


def _merge_object(
    observed: dict[str, Any], last: dict[str, Any], desired: dict[str, Any], pending: list[_Task]
) -> dict[str, Any]:
    merged = dict(observed)
    for key in last.keys() - desired.keys():
        merged.pop(key, None)
    for key, value in desired.items():
        here = merged.get(key)
        merged[key] = value
        if isinstance(here, (dict, list)):
            pending.append((merged, key, here, last.get(key), value))
    return merged


def _merge_items(key: str, observed: list[Any], last: list[Any], desired: list[Any], pending: list[_Task]) -> list[Any]:
    """As objects keyed by `key`: observed order first, then what is new. A key seen twice stays twice."""
    present = item_names(key, observed)
    here = dict(zip(present, observed, strict=True))
    former, wanted = (dict(zip(item_names(key, items), items, strict=True)) for items in (last, desired))
    names = [name for name in present if name in wanted or name not in former]
    names += [name for name in wanted if name not in here]
    merged = [wanted[name] if name in wanted else here[name] for name in names]
    pending.extend(
        (merged, index, here[name], former.get(name), wanted[name])
        for index, name in enumerate(names)
        if name in here and name in wanted
    )
    return merged


def _if(kind: type[_Kind], value: Any) -> _Kind | None:
    return value if isinstance(value, kind) else None
