"""Puts the figures of a campaign in the place of older ones in a document."""

from collections.abc import Iterable

POSTGRES = "\nOver PostgreSQL, "
"""Before it the document's table is of SQLite."""


def renewed(document: str, rows: Iterable[str], *, over_postgres: bool) -> str:
    """Each row in the place of the one that begins alike; one that the document does not have ends the table."""
    of_sqlite, heading, of_postgres = document.partition(POSTGRES)
    if over_postgres:
        return of_sqlite + heading + _with(of_postgres, rows)
    return _with(of_sqlite, rows) + heading + of_postgres


def _with(text: str, rows: Iterable[str]) -> str:
    by_name = {_name(row): row for row in rows}
    lines = [by_name.pop(_name(line), line) for line in text.split("\n")]
    ends = _end_of_first_table(lines)
    return "\n".join([*lines[:ends], *by_name.values(), *lines[ends:]])


def _end_of_first_table(lines: list[str]) -> int:
    rows = (index for index, line in enumerate(lines) if line.startswith("| fault |"))
    start = next(rows, len(lines))
    return next((index for index in range(start, len(lines)) if not lines[index].startswith("|")), len(lines))


def _name(row: str) -> str:
    return row.partition(" | ")[0]
