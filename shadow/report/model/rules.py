"""What became of each configured rule."""

from datetime import date
from enum import StrEnum

import msgspec

from shadow.terms import Change, Effect


class RuleState(StrEnum):
    """What became of a rule within the window, at the present evidence."""

    APPLIED = "applied"
    EXPIRED = "expired"  # its last day is over: it explains nothing any more
    UNMATCHED = "unmatched"  # nothing was ever like that
    GONE = "gone"  # it was, but no parent's latest comparison shows it


class RuleLine(msgspec.Struct, frozen=True):
    """A rule as it is configured, and in how many parents there is something it matches.

    `matched_parents`: within the window; `present_parents`: in their latest comparison. Expired ones are counted, too:
    what they explained stands in the report as unexplained.
    """

    verb: str  # ignore | expect
    because: str
    object: str | None
    path: str | None
    change: Change | None
    effect: Effect | None
    parents: tuple[str, ...]
    until: date | None
    owner: str | None
    state: RuleState
    matched_parents: int
    present_parents: int
