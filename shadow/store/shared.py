"""What several replicas over one database tell each other: heartbeats, and a configuration that all take over together.

Times that decide are the database's: replicas' clocks may differ.
"""

from collections.abc import Mapping
from typing import Literal, Protocol, TypeGuard

import msgspec

from shadow.protocol.controller import Controller
from shadow.store.base import Store
from shadow.store.records import Brake, Change, Counters, ParentState, RelatedState

POLL_SECONDS = 0.25
"""How long news wait that nobody was notified of."""


class Version(msgspec.Struct, frozen=True):
    """One configuration on its way, or in force. `number` rises with each that was offered.

    Replicas agree on its migrations, which is what `digest` is of; the rest is each process's own.
    """

    number: int
    digest: str
    text: str


class Agreement(msgspec.Struct, frozen=True):
    """Which configuration is in force for all replicas, and which one is to follow.

    A version goes through three phases: `offered`, until every live replica could serve it; `leaving`, while each
    stops answering the parents whose primary it changes; and then it is in force. So at no moment two replicas answer
    one parent by different configurations.
    """

    change: int = 0  # rises with each change of this record
    last: int = 0  # the highest number there was
    in_force: Version | None = None
    following: Version | None = None
    phase: Literal["", "offered", "leaving"] = ""
    refused: str = ""  # digest of the last one that did not come into force
    refused_by: str = ""
    why: str = ""
    superseded: tuple[str, ...] = ()  # digests of those that were in force before, the latest first


class Standing(msgspec.Struct, frozen=True):
    """What a replica tells of itself with each heartbeat."""

    brakes: Mapping[str, int] = {}  # the version of each brake that its calls obey
    in_force: int = 0  # the number of the configuration that it serves
    ready: int = 0  # the highest that it could serve
    left: int = 0  # the highest for which it has stopped answering those whose primary changes
    refuses: int = 0  # the highest that it cannot serve
    why: str = ""
    offers: str = ""  # digest of its own file's migrations
    joined_at: float = 0.0  # by the clock of the database
    fronts: Mapping[str, tuple[tuple[Controller, float], ...]] = {}  # that called, by migration, and when last


class Replica(msgspec.Struct, frozen=True):
    """One that may be serving: it said so, and its lease is not over."""

    name: str
    standing: Standing


class Since(msgspec.Struct, frozen=True):
    """How far a replica has read what the others wrote."""

    parents: int = 0
    related: int = 0


class Beat(msgspec.Struct, frozen=True):
    """A heartbeat."""

    replica: str
    lease_seconds: float
    standing: Standing
    since: Since = Since()
    counters: bool = True  # whether the others' are asked for


class News(msgspec.Struct, frozen=True):
    """What a heartbeat brings back."""

    now: float  # by the clock of the database
    brakes: Mapping[str, Brake]
    agreement: Agreement
    others: tuple[Replica, ...]  # the live ones
    since: Since
    parents: tuple[ParentState, ...] = ()  # that others wrote
    related: tuple[RelatedState, ...] = ()
    counters: Mapping[str, Counters] | None = None  # of all others, the dead included
    more: bool = False  # there is more to be read at once


class SharedStore(Store, Protocol):
    """A store that several replicas serve from."""

    def beat(self, beat: Beat) -> News:
        """Renew this replica's lease and hear what is new."""
        ...

    def wait(self, seconds: float) -> None:
        """Return when somebody told of something, or after so long."""
        ...

    def leave(self, replica: str) -> None:
        """It serves no more; nobody waits for it any longer."""
        ...

    def bury(self) -> None:
        """Count out those whose lease is over: what they left pending was dropped."""
        ...

    def live(self) -> list[Replica]:
        """Every replica that may be serving."""
        ...

    def agree(self, agreement: Agreement, line: Change | None) -> bool:
        """Write it if it is the next change; False, writing nothing, when somebody was faster.

        Args:
            line: for the change log, if by this something comes into force.
        """
        ...

    def parent(self, migration: str, uid: str) -> ParentState | None:
        """One parent's state as it was written last, by whomever."""
        ...


def is_shared(store: Store) -> TypeGuard[SharedStore]:
    """Whether several replicas may serve from it."""
    return hasattr(store, "beat")
