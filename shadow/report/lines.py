"""Shows a redacted value as lines of YAML with a sign in front, as diffs of Kubernetes objects are read."""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from shadow.report.model import DifferenceLine
from shadow.report.words import printable
from shadow.terms import Change, Side

_PLAIN = re.compile(r"[A-Za-z_/<](?:[A-Za-z0-9_./<>@ -]|:(?=[A-Za-z0-9_./]))*(?<! )")
_NOT_TEXT = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_WIDTH = 200  # characters of one line: a value may be a whole file
_DEPTH = 30


def diff(line: DifferenceLine, most: int) -> list[str]:
    """`- ` lines of `old`, then `+ ` lines of `new`, at most `most` of each."""
    result: list[str] = []
    if line.change is not Change.ADDED:
        result += _signed("- ", line.example.value(Side.OLD), most)
    if line.change is not Change.REMOVED:
        result += _signed("+ ", line.example.value(Side.NEW), most)
    return result


def _signed(sign: str, value: Any, most: int) -> list[str]:
    shown = [sign + _cut(text) for text in islice(yaml(value), most + 1)]
    return shown if len(shown) <= most else [*shown[:most], f"{sign}..."]


def yaml(value: Any, depth: int = 0) -> Iterator[str]:
    """Block style, one scalar a line; every string that is not plainly one is quoted as JSON does it."""
    if depth >= _DEPTH or not isinstance(value, dict | list) or not value:
        yield scalar(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _entry(f"{scalar(key)}:", item, depth)
    else:
        for item in value:
            first, *rest = yaml(item, depth + 1) if isinstance(item, dict | list) else (scalar(item),)
            yield f"- {first}"
            yield from (f"  {text}" for text in rest)


def _entry(head: str, item: Any, depth: int) -> Iterator[str]:
    if isinstance(item, dict | list) and item:
        yield head
        yield from (f"  {text}" for text in yaml(item, depth + 1))
    else:
        yield f"{head} {scalar(item)}"


def scalar(value: Any) -> str:
    """One line: a plain word as it is, anything else as JSON, with nothing in it that a terminal would obey."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXT:
        return value
    return printable(json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."
