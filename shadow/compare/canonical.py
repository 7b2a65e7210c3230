"""When two JSON values are the same, and which objects an answer holds. Never decides what a difference means.

Python says `True == 1 == 1.0`; Go, and so Metacontroller, tells them apart. Sameness therefore is that of the bytes
with sorted keys.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from shadow.protocol.keys import identify
from shadow.protocol.messages import identity_of
from shadow.protocol.objects import Identity, Json
from shadow.protocol.wire import UnreadableError, parse


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal, the order of keys apart: `1`, `1.0` and `true` are three values."""
    if one is other:
        return True
    try:
        return msgspec.json.encode(one, order="sorted") == msgspec.json.encode(other, order="sorted")
    except (RecursionError, UnicodeEncodeError):  # nested too deeply, or half a surrogate pair
        return _same_slowly(one, other)


def spelled(value: Any) -> bytes:
    """Bytes that are equal for the same values only; what cannot be spelled is equal to nothing else."""
    try:
        return msgspec.json.encode(value, order="sorted")
    except (RecursionError, UnicodeEncodeError):
        return f"unspeakable {id(value)}".encode()


def _same_slowly(one: Any, other: Any) -> bool:
    pending = [(one, other)]
    while pending:
        here, there = pending.pop()
        if type(here) is not type(there):
            return False
        if isinstance(here, dict):
            if here.keys() != there.keys():
                return False
            pending.extend((value, there[key]) for key, value in here.items())
        elif isinstance(here, list):
            if len(here) != len(there):
                return False
            pending.extend(zip(here, there, strict=True))
        elif here != there:
            return False
    return True


@dataclass(frozen=True, slots=True)
class ObjectSet:
    """The objects of a list by identity, in the order of their first mention; of duplicates the last one counts.

    An object that cannot be held as Python JSON is None: it is known which one it is, not what it says.
    """

    objects: dict[Identity, Json | None]
    duplicates: tuple[Identity, ...] = ()


Read = tuple[Identity, Json | None]
"""Which object an item of an answer is, and what it says; None: that cannot be held."""


class Reader:
    """Reads the items of the answers to one request. What two of them spell alike is read once, and is one object.

    Args:
        default_namespace: the parent's, which an item without one gets; empty for a cluster-scoped parent.
    """

    def __init__(self, default_namespace: str) -> None:
        self._default_namespace = default_namespace
        self._known: dict[bytes, Read] = {}

    def identity(self, raw: msgspec.Raw) -> Identity:
        """Which object it is, for those who need not know what it says."""
        known = self._known.get(bytes(raw))
        return identify(raw, self._default_namespace) if known is None else known[0]

    def item(self, raw: msgspec.Raw) -> Read:
        spelling = bytes(raw)
        if spelling not in self._known:
            self._known[spelling] = _read(raw, self._default_namespace)
        return self._known[spelling]


def keyed(items: Iterable[Read]) -> ObjectSet:
    """Key the items of an answer."""
    objects: dict[Identity, Json | None] = {}
    duplicates: dict[Identity, None] = {}
    for identity, item in items:
        if identity in objects:
            duplicates[identity] = None
        objects[identity] = item
    return ObjectSet(objects, tuple(duplicates))


def _read(raw: msgspec.Raw, default_namespace: str) -> Read:
    try:
        item: Json = parse(raw)
    except UnreadableError:
        return identify(raw, default_namespace), None
    return identity_of(item, default_namespace), item


def order_of(objects: Iterable[Identity], group_keys: frozenset[str]) -> list[str]:
    """The identities of these groups in their order: under Rolling strategies it decides who is updated first."""
    return [str(identity) for identity in objects if identity.group_key in group_keys]
