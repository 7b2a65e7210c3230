"""Changes single values within a JSON text and leaves every other byte as it was written.

Read once into Python values and, beside them, the places where they stand; what is different afterwards is written
into its place, in Go's spelling. Neither reading nor writing recurses.
"""

import json
import re
from collections.abc import Callable, Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, Final

MAX_DEPTH: Final = 900
"""Deeper than any object is, and within what every decoder reads again."""

_BLANK: Final = re.compile(r"[ \t\n\r]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_DECODER: Final = json.JSONDecoder()
_WORDS: Final = {"t": ("true", True), "f": ("false", False), "n": ("null", None)}
_ESCAPED: Final = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


class MalformedError(ValueError):
    """The text is not one JSON value, or nested too deeply; `at` is the character."""

    def __init__(self, at: int) -> None:
        super().__init__(f"malformed JSON at character {at}")
        self.at = at


class _Place:
    """Where a value stands; `parts` are the places of its members, None for a scalar."""

    __slots__ = ("end", "parts", "start")

    def __init__(self, start: int, parts: "dict[str, _Place] | list[_Place] | None" = None, end: int = 0) -> None:
        self.start = start
        self.end = end
        self.parts = parts


Edit = tuple[int, int, str]


def rewritten(text: str, change: Callable[[Any], Any]) -> str:
    """The text with the scalars that `change` returns others for.

    Args:
        change: gets the value and returns a copy with the same members. A key that comes twice counts with its last
            value, as in Go; the others become null, since nobody has looked at them.

    Raises:
        MalformedError: it is no JSON.
    """
    reader = _Reader(text)
    value, place = reader.read()
    edits = sorted([*reader.shadowed(), *_edits(place, value, change(value))])
    pieces, at = [], 0
    for start, end, new in edits:
        if start >= at:  # what is within a value that became null is gone with it
            pieces += [text[at:start], new]
            at = end
    return "".join([*pieces, text[at:]])


def one_by_one(text: str) -> list[str]:
    """The JSON values that follow each other, as `jq -c` writes them, each with the blanks behind it.

    The very text is the only one if it is anything else.
    """
    found, at, start = [], _past_blanks(text, 0), 0
    while at < len(text):
        try:
            at = _past_blanks(text, _DECODER.raw_decode(text, at)[1])
        except (ValueError, RecursionError):
            return [text]
        found.append(text[start:at])
        start = at
    return found or [text]


def _past_blanks(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _edits(place: _Place, before: Any, after: Any) -> Iterator[Edit]:
    pending = [(place, before, after)]
    while pending:
        here, old, new = pending.pop()
        if isinstance(here.parts, dict):
            pending += [(part, old[name], new[name]) for name, part in here.parts.items()]
        elif isinstance(here.parts, list):
            pending += zip(here.parts, old, new, strict=True)
        elif old != new or type(old) is not type(new):
            yield here.start, here.end, _spelled(new)


def _spelled(value: Any) -> str:
    """As Go's `json.Marshal` would: a last-applied configuration is compared as text."""
    if not isinstance(value, str):
        return json.dumps(value)
    try:
        value.encode()
    except UnicodeEncodeError:  # half a surrogate pair has no other spelling
        return json.dumps(value)
    return json.dumps(value, ensure_ascii=False).translate(_ESCAPED)


class _Reader:
    """Walks the text once. `_open` holds the containers around the present position, outermost first."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._open: list[tuple[Any, _Place]] = []
        self._key = ""
        self._shadowed: list[_Place] = []

    def read(self) -> tuple[Any, _Place]:
        """The value and its places. Raises MalformedError."""
        while True:
            value, place = self._value()
            self._attach(value, place)
            if place.parts is not None and not self._closes_at_once(place):
                self._open.append((value, place))
                if len(self._open) > MAX_DEPTH:
                    raise MalformedError(self._at)
                self._read_key()
            elif self._leave():
                return self._root

    def shadowed(self) -> list[Edit]:
        """What has to go because another member of the same key came after it."""
        return [(place.start, place.end, "null") for place in self._shadowed]

    def _value(self) -> tuple[Any, _Place]:
        start = self._at = self._skip_blank()
        first = self._text[start : start + 1]
        if first == "{":
            self._at += 1
            return {}, _Place(start, {})
        if first == "[":
            self._at += 1
            return [], _Place(start, [])
        value = self._string() if first == '"' else self._scalar(first)
        return value, _Place(start, None, self._at)

    def _attach(self, value: Any, place: _Place) -> None:
        if not self._open:
            self._root = value, place
            return
        holder, parts = self._open[-1][0], self._open[-1][1].parts
        if isinstance(parts, dict):
            if self._key in parts:
                self._shadowed.append(parts[self._key])
            holder[self._key], parts[self._key] = value, place
        elif parts is not None:
            holder.append(value)
            parts.append(place)

    def _leave(self) -> bool:
        """Go past what follows a value; True: the outermost one has ended."""
        while self._open:
            at = self._skip_blank()
            mark, (_, place) = self._text[at : at + 1], self._open[-1]
            self._at = at + 1
            if mark == ",":
                self._read_key()
                return False
            if mark != ("}" if isinstance(place.parts, dict) else "]"):
                raise MalformedError(at)
            place.end = self._at
            self._open.pop()
        if self._skip_blank() != len(self._text):
            raise MalformedError(self._at)
        return True

    def _closes_at_once(self, place: _Place) -> bool:
        at = self._skip_blank()
        if self._text[at : at + 1] != ("}" if isinstance(place.parts, dict) else "]"):
            return False
        self._at = place.end = at + 1
        return True

    def _read_key(self) -> None:
        """The next member's key, if the innermost container is an object."""
        if not isinstance(self._open[-1][1].parts, dict):
            return
        self._at = self._skip_blank()
        if self._text[self._at : self._at + 1] != '"':
            raise MalformedError(self._at)
        self._key = self._string()
        at = self._skip_blank()
        if self._text[at : at + 1] != ":":
            raise MalformedError(at)
        self._at = at + 1

    def _string(self) -> str:
        value: str
        try:
            value, self._at = scanstring(self._text, self._at + 1, True)
        except ValueError as exc:
            raise MalformedError(self._at) from exc
        return value

    def _scalar(self, first: str) -> Any:
        word, value = _WORDS.get(first, ("", None))
        if word and self._text.startswith(word, self._at):
            self._at += len(word)
            return value
        number = _NUMBER.match(self._text, self._at)
        if number is None:
            raise MalformedError(self._at)
        self._at = number.end()
        try:
            return float(number[0]) if number[1] or number[2] else int(number[0])
        except ValueError as exc:  # more digits than Python reads
            raise MalformedError(self._at) from exc

    def _skip_blank(self) -> int:
        if self._text[self._at : self._at + 1] > " ":  # nearly always
            return self._at
        return _past_blanks(self._text, self._at)
