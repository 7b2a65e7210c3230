"""What `new` is known to have made: the hold's measure of what it may not forget. Pure.

An object counts as listed from the answer of `new` that named it until `new` was served an answer that left it out
while it was observed: leaving out what nobody sees removes nothing, and may be a cache that lags behind.
"""

from collections.abc import Callable, Container, Iterable

from shadow.protocol.objects import Identity
from shadow.store.base import ParentState

MOST_CARRIED = 256
"""Identities carried on although neither answer nor observation names them any more; the latest stay."""


def listed(
    last: ParentState | None, names: Iterable[Identity], observed: Callable[[], Container[Identity]]
) -> tuple[Identity, ...]:
    """What counts as listed once `new` is served an answer that lists `names`.

    Args:
        observed: what the request observes; asked only if something was left out.
    """
    now = tuple(names)
    before = (last.new_identities if last is not None else None) or ()
    if not before:
        return now
    left_out = [identity for identity in before if identity not in set(now)]
    if not left_out:
        return now
    seen = observed()
    return (*now, *[identity for identity in left_out if identity not in seen][-MOST_CARRIED:])


def agreed(last: ParentState | None, identity: Identity) -> bool:
    """Whether `old` agreeing to delete the object says anything.

    It does if `new` never listed the object, or if `old` listed it beside the last served answer of `new`: then both
    wanted it and both have stopped. Of an object that only `new` wanted `old` always says delete.
    """
    if last is None or identity not in (last.new_identities or ()):
        return True
    return identity in (last.old_identities or ())
