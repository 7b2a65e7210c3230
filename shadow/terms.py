"""The words every room shares, spelled as users see them in configuration, JSON and metrics."""

from enum import StrEnum


class Protocol(StrEnum):
    """Which controller kind's JSON is spoken; of the one Metacontroller speaks we say *front*."""

    COMPOSITE = "composite"
    DECORATOR = "decorator"


class HookVersion(StrEnum):
    """Metacontroller's hook version: decides the keys of the object maps. Each hook has its own; default v1."""

    V1 = "v1"
    V2 = "v2"


class Hook(StrEnum):
    """The hooks of a controller that the proxy serves, by their path."""

    SYNC = "sync"
    FINALIZE = "finalize"
    CUSTOMIZE = "customize"


class Side(StrEnum):
    """The two implementations."""

    OLD = "old"
    NEW = "new"

    @property
    def other(self) -> "Side":
        return Side.NEW if self is Side.OLD else Side.OLD


class Role(StrEnum):
    """What an implementation is called for; sent to it as `X-Shadow-Role`."""

    PRIMARY = "primary"
    SHADOW = "shadow"
    TWICE = "twice"  # the same once more, to see whether it agrees with itself
    REPLAY = "replay"  # a recorded call


class Stage(StrEnum):
    """The place of a migration on the ladder."""

    OFF = "off"
    SHADOW = "shadow"
    CANARY = "canary"
    LIVE = "live"
    COMPLETE = "complete"


class Outcome(StrEnum):
    """What became of a call's comparison; each call has exactly one."""

    MATCHED = "matched"
    IGNORED = "ignored"
    MISMATCHED = "mismatched"
    FAILED = "failed"
    SKIPPED = "skipped"
    DROPPED = "dropped"


class Effect(StrEnum):
    """What Metacontroller would do to one object if given an answer, least harmful first."""

    NONE = "none"
    LATENT = "latent"
    CREATE = "create"
    UPDATE = "update"
    UNADOPTED = "unadopted"
    INEXPRESSIBLE = "inexpressible"
    RECREATE = "recreate"
    DELETE = "delete"

    @property
    def severity(self) -> int:
        """0 for none, rising with harm."""
        return _SEVERITY[self]


_SEVERITY = {effect: place for place, effect in enumerate(Effect)}


class Change(StrEnum):
    """How a field or an object differs, seen from `old` to `new`."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
