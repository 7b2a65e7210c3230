"""What is kept and how it is asked for: one interface, whatever database is behind it, and the words it speaks in.

Counters, parents, groups and the change log are kept apart from bodies, so retention never falsifies a number. Calls
here block; `shadow.proxy.record` and `shadow.web` run them on the store's own threads.
"""

from collections.abc import Collection, Iterator
from typing import Protocol

from shadow.store.found import AdviceCount, Coverage, FailureCount, Group, HeldCount, NoiseCount, Slot
from shadow.store.records import (
    GUARD,
    Acknowledgement,
    Asked,
    Brake,
    Call,
    Change,
    Counters,
    Flush,
    GivenRules,
    GuardRises,
    HeldCall,
    Moves,
    ParentState,
    RelatedState,
    Retention,
)
from shadow.terms import Outcome

__all__ = [
    "GUARD",
    "Acknowledgement",
    "AdviceCount",
    "Asked",
    "Brake",
    "Call",
    "Change",
    "Counters",
    "Coverage",
    "FailureCount",
    "Flush",
    "GivenRules",
    "Group",
    "GuardRises",
    "HeldCall",
    "HeldCount",
    "Moves",
    "NoiseCount",
    "ParentState",
    "RelatedState",
    "Retention",
    "Slot",
    "Store",
]


class Store(Protocol):
    """Every method blocks, may be called from any thread, and raises StoreError when the database fails.

    A cursor is a text to hand back as it was given; another one is a ValueError.
    """

    def open(self, now: float) -> None:
        """Create or migrate the schema; what a dead process left pending becomes `dropped: crash`.

        Raises:
            StoreError: naming the path and why, also when another process is serving from the same file.
        """
        ...

    def close(self) -> None: ...

    # --- what is decided: synchronous and durable -------------------------------------------------------------
    def brakes(self) -> dict[str, Brake]:
        """Of every migration the store remembers. A migration that is missing here has an unknown brake."""
        ...

    def remember(self, migration: str, now: float) -> None:
        """Durably note an unknown migration with its brake off, version 0. Does nothing to one that is known.

        Only for a migration first seen in stages off or shadow: anywhere else an unknown brake stays unknown.
        """
        ...

    def set_brake(self, migration: str, brake: Brake) -> bool:
        """Write durably (fsync) if the stored version is one less than `brake.version` (or absent, for version 1).

        The change log gets its line (`rollback` or `release`) in the same transaction, so no flush has to bring it.
        Returns False, writing nothing, when somebody was faster. Goes before any batch that waits.

        Raises:
            StoreError: when a pull could be stored nowhere, or a release not everywhere; the brake is then as before.
        """
        ...

    def accepted_configuration(self) -> tuple[str, str] | None:
        """(text, digest) of the last configuration that was taken over."""
        ...

    def accept_configuration(self, text: str, digest: str, now: float) -> None: ...

    def acknowledge(self, migration: str, group: str, acknowledgement: Acknowledgement | None, line: Change) -> None:
        """Durably keep it in the place of an older one; None takes it back. `line` goes into the change log with it."""
        ...

    def served_identities(self, migration: str) -> list[ParentState]:
        """Every parent's state, to be held in memory from the start."""
        ...

    def related(self, migration: str) -> list[RelatedState]:
        """What fronts were answered to customize calls, to be held in memory from the start."""
        ...

    # --- what is observed: batched -----------------------------------------------------------------------------
    def flush(self, batch: Flush) -> None:
        """One transaction. Idempotent counters: absolute values replace this replica's row."""
        ...

    def retain(self, now: float, retention: Retention) -> int:
        """Delete single comparisons by age, count and size, oldest first.

        One short step, so that no other write waits for long; returns how many went: call again until that is 0.
        """
        ...

    # --- what is asked: `since` <= at < `until`, unix seconds; None is open --------------------------------------
    def counters(self, migration: str) -> Counters:
        """Since the store began, summed over replicas, dead ones included."""
        ...

    def totals(self, migration: str, since: float | None, until: float | None) -> Counters:
        """The same of a window, to the minute; to the day for what is older than a week."""
        ...

    def timeline(self, migration: str, since: float, until: float, slot_seconds: int) -> list[Slot]:
        """The same, slot by slot in the order of time; slots in which nothing was counted are left out.

        Args:
            slot_seconds: a multiple of 60.
        """
        ...

    def groups(self, migration: str, evidence_digest: str, since: float | None, until: float | None) -> Iterator[Group]:
        """Read as they are asked for; those of a parent one after another, so that nobody has to hold them all."""
        ...

    def parents(self, migration: str, after: str | None, limit: int) -> tuple[list[ParentState], str | None]:
        """Ordered by (namespace, name, uid); with the cursor of the next page."""
        ...

    def comparisons(
        self,
        migration: str,
        outcome: Outcome | None,
        after: str | None,
        limit: int,
        parent: str | None = None,
        *,
        until: float | None = None,
    ) -> tuple[list[Call], str | None]:
        """Newest first, without answers; of one parent, `ns/name` or `name`, if one is given.

        Args:
            until: up to and with that moment.
        """
        ...

    def comparison(self, migration: str, id: str) -> Call | None:
        """With redacted answers, if they are still kept."""
        ...

    def kept(self, migration: str, ids: Collection[str]) -> set[str]:
        """Those of these comparisons that can still be looked at."""
        ...

    def acknowledgements(self, migration: str) -> dict[str, Acknowledgement]:
        """By difference group."""
        ...

    def advice(
        self, migration: str, evidence_digest: str, since: float | None, until: float | None
    ) -> list[AdviceCount]: ...

    def noise(
        self, migration: str, evidence_digest: str, since: float | None, until: float | None
    ) -> list[NoiseCount]: ...

    def failures(self, migration: str, since: float | None, until: float | None) -> list[FailureCount]: ...

    def held(self, migration: str, since: float | None, until: float | None) -> list[HeldCount]:
        """What was held, at whatever evidence; the latest first."""
        ...

    def coverage(
        self, migration: str, evidence_digest: str, since: float | None, until: float | None
    ) -> list[Coverage]: ...

    def guard(self, migration: str, epoch: str) -> dict[int, dict[str, float]]:
        """The guard's buckets of this epoch, summed over replicas; empty for another epoch."""
        ...

    def history(self, migration: str | None, after: str | None, limit: int) -> tuple[list[Change], str | None]:
        """Newest first. Of one migration: its own lines and those that concern all."""
        ...
