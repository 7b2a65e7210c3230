"""Two versions of an object side by side, as YAML as Kubernetes orders it, with what is equal folded away. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import zip_longest
from typing import Any

from shadow.report.lines import yaml

CONTEXT = 3  # unchanged lines that are shown around a change
_MOST_LINES = 4000  # of one side: matching takes the square of it
_DEPTH = 30  # what is nested deeper is written on one line
_FIRST = ("apiVersion", "kind", "metadata", "name", "namespace", "labels", "annotations", "spec")
_LAST = ("status",)


class Kind(StrEnum):
    """What a row shows."""

    SAME = "same"
    CHANGED = "changed"
    REMOVED = "removed"  # only old has it
    ADDED = "added"  # only new has it


@dataclass(frozen=True, slots=True)
class Row:
    """One line of either side; None where the side has none. Lines are numbered from 1."""

    kind: Kind
    old_number: int | None
    old: str | None
    new_number: int | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Block:
    """Rows that are shown together, or folded away because they are the same."""

    folded: bool
    rows: tuple[Row, ...]


def side_by_side(old: Any, new: Any) -> list[Block]:
    """
    Args:
        old, new: redacted JSON values; None for a side that does not have the object.
    """
    return fold(list(rows(_lines(old), _lines(new))))


def _lines(value: Any) -> list[str]:
    if value is None:
        return []
    lines = list(yaml(ordered(value)))
    return lines if len(lines) <= _MOST_LINES else [*lines[:_MOST_LINES], f"# {len(lines) - _MOST_LINES} more lines"]


def ordered(value: Any, depth: int = 0) -> Any:
    """The value with keys in the order a reader expects: identity first, status last, the rest by name."""
    if depth == _DEPTH:
        return value
    if isinstance(value, dict):
        return {key: ordered(value[key], depth + 1) for key in sorted(value, key=_place)}
    if isinstance(value, list):
        return [ordered(item, depth + 1) for item in value]
    return value


def _place(key: str) -> tuple[int, str]:
    if key in _FIRST:
        return (_FIRST.index(key), key)
    return (len(_FIRST) + (key in _LAST), key)


def rows(old: Sequence[str], new: Sequence[str]) -> Iterator[Row]:
    """Every line of both, those that go together in one row."""
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for i, j in zip_longest(range(i1, i2), range(j1, j2)):
            yield Row(
                kind=Kind.SAME if tag == "equal" else _kind(i, j),
                old_number=None if i is None else i + 1,
                old=None if i is None else old[i],
                new_number=None if j is None else j + 1,
                new=None if j is None else new[j],
            )


def _kind(old: int | None, new: int | None) -> Kind:
    if old is None:
        return Kind.ADDED
    return Kind.REMOVED if new is None else Kind.CHANGED


def fold(lines: Sequence[Row], context: int = CONTEXT) -> list[Block]:
    """Rows near a change in open blocks, the others in folded ones. A fold that would hide one line is none."""
    shown = [False] * len(lines)
    for index, row in enumerate(lines):
        if row.kind is not Kind.SAME:
            for near in range(max(0, index - context), min(len(lines), index + context + 1)):
                shown[near] = True
    blocks: list[Block] = []
    start = 0
    for index in range(1, len(lines) + 1):
        if index == len(lines) or shown[index] != shown[start]:
            blocks.append(Block(not shown[start] and index - start > 1, tuple(lines[start:index])))
            start = index
    return blocks
