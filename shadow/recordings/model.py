"""What a recording holds, one JSON object a line: first a manifest, then a call each. No secret is in any of it.

A file is a sequence of gzip members, each whole in itself, so that what was written before a crash can be read.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from shadow.compare.model import Foresight
from shadow.protocol.objects import Identity
from shadow.terms import Effect, Hook, HookVersion, Role, Side

SCHEMA = "shadow.recording/v1"
"""Of what this version writes; a reader takes v1 whatever fields are added to it, and nothing above."""


class Manifest(msgspec.Struct, frozen=True):
    """The first line of a file.

    Attributes:
        schema: `shadow.recording/v1`.
        shadow: the version that wrote it.
        begun: unix seconds.
        host: whose process wrote it.
        key: fingerprint of the redaction key: files with the same one have comparable stand-ins.
    """

    schema: str
    shadow: str
    begun: float
    host: str = ""
    key: str = ""


class Removal(msgspec.Struct, frozen=True):
    """What a held answer would have done."""

    object: Identity
    effect: Effect


class Share(msgspec.Struct, frozen=True):
    """Which related objects an implementation was shown: its own rules, as JSON; null: all that came.

    `beside`: the other one's rules, by which some came.
    """

    rules: tuple[Any, ...]
    version: HookVersion
    beside: tuple[Any, ...] = ()


class Asked(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How one implementation was asked and how that ended, without what it said."""

    role: Role = Role.PRIMARY
    status: int | None = None  # null: no complete HTTP answer
    error: str | None = None  # why not: `timeout`, `reset`, ...
    failure: str | None = None  # why it is no valid answer: `status-500`, `refused:null-item`, ...
    seconds: float = 0.0
    revision: str | None = None


class Exchange(Asked, frozen=True, omit_defaults=True, kw_only=True):
    """One implementation's side of a call. What an error says is free text, in which nobody can tell a secret, and
    nothing is compared with it: only its length is kept. Of a 200 that is no JSON also what it begins with."""

    headers: Mapping[str, str] = {}  # those that say how to read the answer
    answer: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    bytes: int = 0  # of a body that is not in here
    begins: str = ""


class Facts(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What was decided in a call; `served` is null where an error of the proxy's own went out."""

    call: str
    migration: str
    at: float  # unix seconds
    hook: Hook
    parent: str
    primary: Side
    because: str  # stage, weight, pin, brake: why that one
    served: Side | None
    status: int  # of what went out
    reason: str  # why it was that: as `because`, or fallback, or the code of the proxy's own error
    not_asked: str | None = None  # why the shadow was not: stage, sample, shadow-when, ...
    fallback: bool | None = None
    held: tuple[Removal, ...] = ()
    shown: Mapping[Side, Share | None] | None = None  # null: everybody was shown everything
    unsure: tuple[Side, ...] = ()  # who may have missed related objects
    previous: str | None = None  # the call in which this parent was last given an answer
    foresight: Foresight | None = None  # what this call was expected to show
    evidence_digest: str = ""


class RecordedCall(Facts, frozen=True, omit_defaults=True, kw_only=True):
    """One line. `again` are the answers of those who were asked the same twice; `key` tells, as in the manifest, by
    which key secrets were disguised: lines are also picked out and passed on one by one."""

    key: str = ""
    request_headers: Mapping[str, str] = {}
    request: msgspec.Raw
    old: Exchange | None = None
    new: Exchange | None = None
    again: Mapping[Side, Exchange] = {}

    def exchange(self, side: Side) -> Exchange | None:
        return self.old if side is Side.OLD else self.new
