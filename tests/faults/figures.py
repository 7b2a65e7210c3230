"""Puts the figures of a campaign in the place of older ones in a document."""

from collections.abc import Iterable

POSTGRES = "\nOver PostgreSQL, "
"""Before it the document's table is of SQLite."""


def renewed(document: str, rows: Iterable[str], *, over_postgres: bool) -> str:
    """Each row in the place of the one that begins alike; one that the document does not have is left out."""
    of_sqlite, heading, of_postgres = document.partition(POSTGRES)
    by_name = {_name(row): row for row in rows}
    table = [by_name.get(_name(line), line) for line in (of_postgres if over_postgres else of_sqlite).split("\n")]
    renewed = "\n".join(table)
    return of_sqlite + heading + renewed if over_postgres else renewed + heading + of_postgres


def _name(row: str) -> str:
    return row.partition(" | ")[0]
