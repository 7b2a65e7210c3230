"""The report as CSV: a header and one row per difference group, in the report's order, for a spreadsheet.

A spreadsheet runs what begins like a formula, and names and values come out of answers: such a cell gets an
apostrophe in front.
"""

import csv
import io
from collections.abc import Iterator
from typing import Any

import msgspec

from shadow.protocol.objects import Identity
from shadow.report.model import DifferenceLine, Report
from shadow.report.words import printable

COLUMNS = (
    "migration", "id", "effect", "side", "effect_old", "effect_new", "repeats", "apiVersion", "kind", "namespace",
    "name", "path", "change", "count", "parents", "moved_parents", "unexplained_parents", "first_seen", "last_seen",
    "ignored_because", "expected_because", "old", "new", "example_parent", "example_comparison",
)  # fmt: skip

_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")  # with their full-width forms; control characters were escaped
_LONGEST = 32_000  # a spreadsheet's cell ends at 32,767 characters


def render(report: Report) -> Iterator[str]:
    """The header, then a row at a time; values are JSON, numbers are numbers."""
    yield _row(COLUMNS)
    for line in report.differences:
        yield _row(_cells(report.migration, line))


def _cells(migration: str, line: DifferenceLine) -> tuple[Any, ...]:
    about = line.object or Identity("", "", "", "")
    return (
        migration, line.id, line.effect, line.side, line.effects.old, line.effects.new, line.repeats,
        about.apiVersion, about.kind, about.namespace, about.name, line.path, line.change,
        line.count, line.parents, line.moved_parents, line.unexplained_parents,
        line.first_seen.isoformat(), line.last_seen.isoformat(), line.ignored_because, line.expected_because,
        _value(line.example.old), _value(line.example.new), line.example.parent, line.example.comparison,
    )  # fmt: skip


def _value(value: Any) -> str:
    return "" if value is None else msgspec.json.encode(value).decode()


def _row(cells: tuple[Any, ...]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_NONNUMERIC).writerow([_cell(cell) for cell in cells])
    return text.getvalue()


def _cell(cell: Any) -> str | int:
    """Numbers stay bare; all else is quoted, so that a spreadsheet with another separator does not split it."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, int):
        return cell
    return "" if cell is None else neutral(str(cell))


def neutral(text: str) -> str:
    """Text that no spreadsheet takes for a formula, also behind blanks that it would strip."""
    shown = printable(text)[:_LONGEST]
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown
