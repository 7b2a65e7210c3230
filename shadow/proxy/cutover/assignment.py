"""Decides whose answer a call is served and who is called only to be compared. Pure; asks nobody."""

import hashlib

import msgspec

from shadow.terms import Side, Stage

BUCKETS = 10_000
"""A weight is a share of these: steps of 0.01%."""


class Assignment(msgspec.Struct, frozen=True):
    """Who is who in one call.

    `because` says what decided: `stage`, `weight`, `pin` or `brake`. `shadow` is None where the stage calls nobody
    besides the primary.
    """

    primary: Side
    shadow: Side | None
    because: str


def bucket(uid: str) -> int:
    """The parent's place between 0 and 9,999: the first 8 bytes of SHA-256 of its uid, big-endian, modulo 10,000.

    Unsalted, so every version and replica agrees, and a script can compute it.
    """
    return int.from_bytes(hashlib.sha256(uid.encode("utf-8", "surrogatepass")).digest()[:8], "big") % BUCKETS


def assign(stage: Stage, weight_buckets: int, pinned: Side | None, brake_on: bool, uid: str) -> Assignment:
    """Assign one parent's call.

    Args:
        weight_buckets: parents whose bucket is below it are served by `new` in stage canary; raising it only adds.
        pinned: the side that a pin names for this parent; counts in stage canary only.
        brake_on: `old` is primary for every parent, whatever else says so.
    """
    if stage in (Stage.OFF, Stage.SHADOW):
        return Assignment(Side.OLD, Side.NEW if stage is Stage.SHADOW else None, "stage")
    if brake_on:
        return Assignment(Side.OLD, None if stage is Stage.COMPLETE else Side.NEW, "brake")
    if stage is Stage.COMPLETE:
        return Assignment(Side.NEW, None, "stage")
    if stage is Stage.LIVE:
        return Assignment(Side.NEW, Side.OLD, "stage")
    if pinned is not None:
        return Assignment(pinned, pinned.other, "pin")
    primary = Side.NEW if bucket(uid) < weight_buckets else Side.OLD
    return Assignment(primary, primary.other, "weight")
