"""The report as CSV, for a spreadsheet: one row per difference group, in the report's order; apart, one row per parent.

A spreadsheet runs what begins like a formula, and names and values come out of answers: such a cell gets an
apostrophe in front.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from shadow.protocol.objects import Identity
from shadow.report.model import DifferenceLine, ParentCase, Report
from shadow.report.words import printable
from shadow.terms import Effect, Side

COLUMNS = (
    "migration", "id", "effect", "side", "effect_old", "effect_new", "repeats", "apiVersion", "kind", "namespace",
    "name", "path", "change", "count", "parents", "moved_parents", "unexplained_parents", "first_seen", "last_seen",
    "ignored_because", "expected_because", "since_baseline", "old", "new", "example_parent", "example_comparison",
)  # fmt: skip

_OF_PARENT = (
    "migration", "apiVersion", "kind", "namespace", "name", "uid", "result", "unexplained", "differences", "readiness",
    "state", "primary", "outcome", "stale", "compared_at", "comparison",
)  # fmt: skip
PARENT_COLUMNS = (*_OF_PARENT, *(f"{side}_{effect}" for side in Side for effect in Effect))
"""`old_delete`: how many objects Metacontroller would delete, given old's answer."""

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
        line.first_seen.isoformat(), line.last_seen.isoformat(),
        line.ignored_because, line.expected_because, line.since_baseline,
        _value(line, Side.OLD), _value(line, Side.NEW), line.example.parent, line.example.comparison,
    )  # fmt: skip


def parents(report: Report) -> Iterator[str]:
    """The header, then a parent at a time; `differences` are ids, blanks between."""
    yield _row(PARENT_COLUMNS)
    for case in report.parents:
        yield _row((*_of_parent(report.migration, case), *_effects(case)))


def _of_parent(migration: str, case: ParentCase) -> tuple[Any, ...]:
    about, compared_at = case.parent, case.compared_at
    return (
        migration, about.apiVersion, about.kind, about.namespace, about.name, about.uid,
        case.result, len(case.differences), " ".join(case.differences), case.readiness,
        case.state, case.primary, case.outcome, case.stale, compared_at and compared_at.isoformat(), case.comparison,
    )  # fmt: skip


def _effects(case: ParentCase) -> Iterator[int]:
    for side in Side:
        counts: Mapping[Effect, int] = getattr(case.effects, side)
        yield from (counts.get(effect, 0) for effect in Effect)


def _value(line: DifferenceLine, side: Side) -> str:
    """JSON; empty where there is none."""
    text = bytes(line.example.new if side is Side.NEW else line.example.old).decode()
    return "" if text == "null" else text


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
