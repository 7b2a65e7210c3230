"""What an observed object shows: its value at a place, and whether a value holds all of another. Pure."""

from typing import Any

from shadow.compare.canonical import same
from shadow.compare.merge import item_key
from shadow.fieldpath import Item, Steps
from shadow.protocol.objects import Json

NOTHING: Any = object()
"""What is at a place that an object does not have."""

Known = dict[tuple[int, str], dict[str, Any]]
"""Items by what they are called, of each list that was looked into; by its id, as long as its object is held."""


def _by_key(items: list[Any], key: str, known: Known) -> dict[str, Any]:
    place = id(items), key
    if place not in known:  # of two that are called the same the first one counts
        known[place] = {item_key(item[key]): item for item in reversed(items) if isinstance(item, dict) and key in item}
    return known[place]


def seen_at(observed: Json, path: Steps, known: Known) -> Any:
    """What the observed object has at this place; items of lists found by their key."""
    here: Any = observed
    for step in path:
        match step, here:
            case Item(key, value), list():
                here = _by_key(here, key, known).get(value, NOTHING)
            case str(), dict():
                here = here.get(step, NOTHING)
            case int(), list():
                here = here[step] if step < len(here) else NOTHING
            case _:
                return NOTHING
    return here


def shows(seen: Any, value: Any) -> bool:
    """Whether what is seen holds all of the value; a map may hold more."""
    pending = [(seen, value)]
    while pending:
        there, here = pending.pop()
        if isinstance(here, dict) and here:
            if not isinstance(there, dict) or not here.keys() <= there.keys():
                return False
            pending.extend((there[key], item) for key, item in here.items())
        elif isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
            pending.extend(zip(there, here, strict=True))
        elif not same(there, here):
            return False
    return True
