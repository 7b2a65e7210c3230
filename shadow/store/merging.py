"""One state of a parent from two that were written by replicas which did not know of each other. Pure.

What was served and what was compared have a time each, and the later one holds. What `new` listed is everything that
either knows of: to take an object for listed costs an error at worst, to forget it could cost the object.
"""

from collections.abc import Mapping

import msgspec

from shadow.protocol.objects import Identity
from shadow.store.records import ParentState, RelatedState
from shadow.terms import Side

_SERVED = ("served", "served_identities", "served_at", "new_identities", "old_identities")
_COMPARED = (
    "outcome",
    "effects_old",
    "effects_new",
    "compared_at",
    "comparison",
    "evidence_digest",
    "reason",
    "front_digest",
    "moves_old",
    "moves_new",
    "labels",
    "foresight",
)


def merged(one: ParentState, other: ParentState) -> ParentState:
    """The later of each part."""
    later, earlier = (one, other) if one.seen_at >= other.seen_at else (other, one)
    served = max(later, earlier, key=lambda state: state.served_at or 0.0)
    compared = max(later, earlier, key=lambda state: state.compared_at or 0.0)
    fields = {name: getattr(served, name) for name in _SERVED} | {name: getattr(compared, name) for name in _COMPARED}
    fields["new_identities"] = _either(served.new_identities, (later if served is earlier else earlier).new_identities)
    return msgspec.structs.replace(later, **fields)


def _either(one: tuple[Identity, ...] | None, other: tuple[Identity, ...] | None) -> tuple[Identity, ...] | None:
    if one is None or other is None:
        return one if other is None else other
    return (*one, *(identity for identity in other if identity not in set(one)))


def merged_related(one: RelatedState, other: RelatedState) -> RelatedState:
    """The later answer; of an implementation that it knows nothing of, what the earlier one knew.

    Of two answers to calls that were under way together nobody knows which one Metacontroller keeps: only whose rules
    are in both count, and those of either may be in what comes.
    """
    later, earlier = (one, other) if one.answered_at >= other.answered_at else (other, one)
    given: Mapping[Side, object] = {**earlier.given, **later.given}
    if later.began_at is None or later.began_at >= earlier.answered_at:
        return msgspec.structs.replace(later, given=given)
    answered = tuple(side for side in later.answered if side in earlier.answered)
    either = {*later.answered, *later.perhaps, *earlier.answered, *earlier.perhaps}
    perhaps = tuple(side for side in Side if side in either and side not in answered)
    began_at = min(later.began_at, earlier.began_at or later.began_at)
    return msgspec.structs.replace(later, given=given, answered=answered, perhaps=perhaps, began_at=began_at)
