"""Which revision of itself each implementation told last, by its `revision_header`, and the evidence that follows.

Another revision may answer otherwise, so older comparisons are no evidence any more. While an implementation is rolled
out and its replicas tell different revisions, each call is evidence of those that answered it.
"""

from collections.abc import Mapping
from dataclasses import replace

from shadow.proxy.calls.call import Call
from shadow.proxy.migrations.migration import Migration
from shadow.terms import Side


class Revisions:
    """What was told last, by migration and side. Another implementation, by its settings, has told nothing yet."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, Side], tuple[str, str]] = {}

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
        if all(party.revision_header is None for party in migration.parties.values()):
            return {}
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
