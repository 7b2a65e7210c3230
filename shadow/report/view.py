"""What a report is made from: where a migration stands, by what it is judged, and its parents as they were stored."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from shadow.compare.rules import Rules
from shadow.config.judging import Verdict
from shadow.report.judge import Explain
from shadow.report.readiness import FrontFacts
from shadow.store.base import Brake, Change, ParentState, Store
from shadow.terms import Stage

PAGE = 500  # parents read from the store at once


@dataclass(frozen=True, slots=True)
class MigrationView:
    """A migration as a report needs it.

    Attributes:
        weight: a percentage.
        brake: None while the store has no memory of the migration.
        explain: by the rules of today (`shadow.report.judge`).
        rules: these rules, to tell what became of each.
        verdict: what is enough evidence.
        front: the controller in front; None: none is known.
        revision: of `new`, as configured or as it told; None: it tells none.
        front_timeout_seconds: after which a controller gives a call up; its default is Metacontroller's own.
        listening_since: when the proxy began to listen, unix seconds: nobody is silent while nobody listens.
    """

    name: str
    stage: Stage
    weight: float
    brake: Brake | None
    configuration_digest: str
    evidence_digest: str
    explain: Explain
    rules: Rules = field(default_factory=Rules)
    verdict: Verdict = field(default_factory=Verdict)
    front: FrontFacts | None = None
    revision: str | None = None
    front_timeout_seconds: float = 10.0
    listening_since: float = 0.0

    @property
    def front_digest(self) -> str | None:
        """Of the spec of the controller in front; None: none is known."""
        return self.front.spec_digest if self.front is not None else None


def changes(store: Store, migration: str) -> Iterator[Change]:
    """The change log of a migration, newest first, a page in memory at a time."""
    after: str | None = None
    while True:
        page, after = store.history(migration, after, PAGE)
        yield from page
        if after is None:
            return


def parent_states(store: Store, migration: str) -> Iterator[ParentState]:
    """Every parent of a migration, a page in memory at a time."""
    return chain.from_iterable(parent_pages(store, migration))


def parent_pages(store: Store, migration: str) -> Iterator[list[ParentState]]:
    """The same by pages."""
    after: str | None = None
    while True:
        page, after = store.parents(migration, after, PAGE)
        yield page
        if after is None:
            return
