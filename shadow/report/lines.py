"""Shows a redacted value as lines of YAML with a sign in front, as diffs of Kubernetes objects are read."""

import json
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import islice
from typing import Any

from shadow.report.model import DifferenceLine
from shadow.report.words import printable
from shadow.terms import Change, Side

_PLAIN = re.compile(r"[A-Za-z_/<](?:[A-Za-z0-9_./<>@ -]|:(?=[A-Za-z0-9_./]))*(?<! )")
_NOT_TEXT = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_WIDTH = 200  # characters of one line: a value may be a whole file
_DEPTH = 30
_TEXT_LINES = 3  # fewer are shown whole
_MATCHED_LINES = 2000  # matching takes the square of it


def diff(line: DifferenceLine, most: int) -> list[str]:
    """`- ` lines of `old`, then `+ ` lines of `new`, at most `most` of each; of two texts those that differ."""
    old, new = line.example.value(Side.OLD), line.example.value(Side.NEW)
    if line.change is Change.CHANGED and isinstance(old, str) and isinstance(new, str):
        between = list(_between(old.split("\n"), new.split("\n")))
        if between:
            return [_cut(printable(text)) for text in between[: 2 * most]] + ["..."] * (len(between) > 2 * most)
    result: list[str] = []
    if line.change is not Change.ADDED:
        result += _signed("- ", old, most)
    if line.change is not Change.REMOVED:
        result += _signed("+ ", new, most)
    return result


def _between(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    """The lines that differ, with a mark where some are left out; nothing unless both are texts of several lines."""
    if min(len(old), len(new)) < _TEXT_LINES or max(len(old), len(new)) > _MATCHED_LINES:
        return
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield f"  ... {i2 - i1} same"
        else:
            yield from (f"- {text}" for text in old[i1:i2])
            yield from (f"+ {text}" for text in new[j1:j2])


def _signed(sign: str, value: Any, most: int) -> list[str]:
    shown = [sign + _cut(text) for text in islice(yaml(value), most + 1)]
    return shown if len(shown) <= most else [*shown[:most], f"{sign}..."]


def yaml(value: Any, depth: int = 0) -> Iterator[str]:
    """Block style, one scalar a line and a text line by line; what is not plainly a word is quoted as JSON does it."""
    if depth < _DEPTH and isinstance(value, str) and _is_text(value):
        yield from _text(value)
    elif depth >= _DEPTH or not isinstance(value, dict | list) or not value:
        yield scalar(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _entry(f"{scalar(key)}:", item, depth)
    else:
        for item in value:
            first, *rest = yaml(item, depth + 1)
            yield f"- {first}"
            yield from rest if isinstance(item, str) else (f"  {text}" for text in rest)


def _entry(head: str, item: Any, depth: int) -> Iterator[str]:
    if isinstance(item, dict | list) and item:
        yield head
        yield from (f"  {text}" for text in yaml(item, depth + 1))
    else:
        first, *rest = yaml(item, depth + 1)
        yield f"{head} {first}"
        yield from rest


def _is_text(value: str) -> bool:
    """Of several lines, and all of it can be shown as it is."""
    lines = value.split("\n")
    return len(lines) > 1 and any(map(str.strip, lines)) and all(text.replace("\t", "").isprintable() for text in lines)


def _text(value: str) -> Iterator[str]:
    """As a block scalar: the head says how it begins and how it ends, the lines are indented by two."""
    content = value.rstrip("\n")
    ends = len(value) - len(content)
    indent = "2" if content.startswith((" ", "\n", "\t")) else ""
    yield f"|{indent}{'-' if not ends else '+' if ends > 1 else ''}"
    yield from (f"  {text}" if text else "" for text in (content + "\n" * (ends - 1)).split("\n"))


def scalar(value: Any) -> str:
    """One line: a plain word as it is, anything else as JSON, with nothing in it that a terminal would obey."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXT:
        return value
    return printable(json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."
