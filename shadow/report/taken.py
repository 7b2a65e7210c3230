"""Creates that would be in vain, told before they happen: their names are taken, as an export of the cluster shows."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shadow.protocol.objects import Identity, Json
from shadow.report.model import Creation, TakenLine
from shadow.store.base import Group
from shadow.terms import Effect, Side


class Creations:
    """Notes which objects an answer would create, in which parent."""

    def __init__(self) -> None:
        self._found: dict[tuple[Identity, str], Creation] = {}

    def over(self, groups: Iterable[Group]) -> Iterator[Group]:
        """The groups as they are, each noted."""
        for group in groups:
            sides = tuple(side for side in Side if getattr(group.effects, side) is Effect.CREATE)
            if group.object is not None and sides:
                self._found[group.object, group.parent.uid] = Creation(group.object, group.parent, sides)
            yield group

    def lines(self) -> tuple[Creation, ...]:
        return tuple(self._found[key] for key in sorted(self._found))


def taken(creations: Iterable[Creation], objects: Iterable[Json]) -> tuple[TakenLine, ...]:
    """Those whose name exists already.

    Args:
        objects: of the cluster, whole. One that the parent itself owns counts, too: it is not observed, so it would
            not be created, only told by another mark.
    """
    owners = {_identity(item): _owner(item) for item in objects}
    return tuple(
        TakenLine(creation.object, creation.parent, creation.sides, _named(owner, creation.parent.uid))
        for creation in creations
        if (owner := owners.get(creation.object, _ABSENT)) is not _ABSENT
    )


_ABSENT: Mapping[str, Any] = {}


def _identity(item: Json) -> Identity:
    metadata = item["metadata"]
    names = (item["apiVersion"], item["kind"], metadata.get("namespace") or "", metadata.get("name") or "")
    return Identity(*map(str, names))


def _owner(item: Json) -> Mapping[str, Any] | None:
    owners = item["metadata"].get("ownerReferences") or ()
    return next((owner for owner in owners if isinstance(owner, dict) and owner.get("controller")), None)


def _named(owner: Mapping[str, Any] | None, parent_uid: str) -> str:
    """In words: who has it."""
    if owner is None:
        return "no controller"
    if owner.get("uid") == parent_uid:
        return "this parent, and yet it is not observed"
    return f"{owner.get('kind')} {owner.get('name')}"
