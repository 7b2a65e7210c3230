"""Which revision of itself each implementation told last, by its `revision_header`, and the evidence that follows.

Another revision may answer otherwise, so older comparisons are no evidence any more. While an implementation is rolled
out and its replicas tell different revisions, each call is evidence of those that answered it. What was told is a line
of the change log, and from there it is known again after a restart.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from shadow.proxy.calls.call import Call
from shadow.proxy.migrations.migration import Migration
from shadow.store.base import Change, Store
from shadow.terms import Side

KIND = "revision"
LINES_READ = 2000
"""Of a change log, from its end: a revision that was told before that is not looked for."""
_PAGE = 200

SAME_SIDE_SECONDS = 600.0
"""Replicas of two revisions that answer in turn are one line in so long, not one a call."""

Told = Mapping[tuple[str, Side], tuple[str, str]]
"""By migration and side: the implementation, by the digest of its settings, and its revision."""


class Revisions:
    """What was told last, by migration and side. Another implementation, by its settings, has told nothing yet."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, Side], tuple[str, str]] = {}
        self._logged: dict[tuple[str, Side], tuple[tuple[str, str], float]] = {}

    def restore(self, told: Told) -> None:
        """What the process before this one knew."""
        self._told = {**told, **self._told}
        self._logged = {key: (each, 0.0) for key, each in told.items()} | self._logged

    def unlogged(self, name: str, now: float) -> list[Change]:
        """Lines for the change log: revisions of this migration that it does not show yet."""
        lines = []
        for key, (digest, text) in self._told.items():
            logged = self._logged.get(key)
            shown = logged is not None and (logged[0] == (digest, text) or now - logged[1] < SAME_SIDE_SECONDS)
            if key[0] == name and not shown:
                self._logged[key] = (digest, text), now
                details = {"implementation": digest, "revision": text}
                lines.append(Change(now, name, KIND, str(key[1]), f"it tells revision {text}", details))
        return lines

    def applied(self, migration: Migration) -> Migration:
        """The migration at the evidence of the revisions that are known."""
        known = self._known(migration)
        return at_revisions(migration, known) if known else migration

    def heard(self, call: Call) -> dict[Side, str]:
        """Note what was told in this call, and take its migration to the evidence it belongs to.

        Returns:
            The sides that told another revision than before.
        """
        migration = call.migration
        told = {side: asking.revision for side, asking in call.askings.items() if asking.revision is not None}
        told = {side: text for side, text in told.items() if migration.parties[side].revision_header is not None}
        known = self._known(migration)
        changed = {side: text for side, text in told.items() if known.get(side) != text}
        for side, text in changed.items():
            self._told[migration.name, side] = migration.parties[side].digest, text
        call.migration = at_revisions(migration, known | told)
        return changed

    def _known(self, migration: Migration) -> dict[Side, str]:
        known = {}
        for side, party in migration.parties.items():
            digest, text = self._told.get((migration.name, side), ("", ""))
            if party.revision_header is not None and digest == party.digest:
                known[side] = text
        return known


def at_revisions(migration: Migration, revisions: Mapping[Side, str]) -> Migration:
    """The same migration, its evidence that of these revisions."""
    evidence = migration.evidence_at(tuple(sorted(revisions.items())))
    if evidence == migration.evidence_digest:
        return migration
    return replace(migration, evidence_digest=evidence, evidence_tag=tag_of(evidence))


def tag_of(evidence: str) -> bytes:
    """A short form of an evidence digest, for entity tags."""
    return evidence.rpartition(":")[2][:12].encode()


def read_told(store: Store, names: Iterable[str]) -> Told:
    """What implementations told last, by the change log.

    Raises:
        StoreError: the store cannot be read.
    """
    told: dict[tuple[str, Side], tuple[str, str]] = {}
    for name in names:
        for line in _lines(store, name):
            if line.kind == KIND and line.migration == name:
                told.setdefault((name, Side(line.by)), (line.details["implementation"], line.details["revision"]))
            if all((name, side) in told for side in Side):
                break
    return told


def _lines(store: Store, name: str) -> Iterable[Change]:
    after: str | None = None
    for _ in range(LINES_READ // _PAGE):
        page, after = store.history(name, after, _PAGE)
        yield from page
        if after is None:
            return
