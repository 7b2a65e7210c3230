"""A slow, iterative JSON scanner for what the fast decoder refuses: lone surrogates, invalid UTF-8, deep nesting.

It validates the whole text as Go's decoder does and splits the outermost object or array into the bytes of its
members. It never recurses, so depth is bounded by memory only, and never changes a byte of a value.
"""

import json
import re
import sys
from collections.abc import Iterator

_TOKEN = re.compile(
    rb"[ \t\n\r]*+("
    rb"[{}\[\],:]"
    rb'|"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"'
    rb"|-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?"
    rb"|true|false|null)"
)
_BLANK = re.compile(rb"[ \t\n\r]*+")
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_CLOSES = {b"{": b"}", b"[": b"]"}
MAX_DEPTH = 10_000
"""Where Go's decoder gives up."""


class MalformedError(ValueError):
    """The text is not one JSON value; `at` is the offset in bytes."""

    def __init__(self, at: int) -> None:
        super().__init__(f"malformed JSON at byte {at}")
        self.at = at


class LongError(ValueError):
    """The text has more tokens than somebody has the patience for."""


def scan(text: bytes, patience: int = sys.maxsize) -> list[tuple[str | None, bytes]]:
    """The members of the outermost value: `(key, value)` of an object, `(None, item)` of an array, none of a scalar.

    Keys may repeat. `patience` is the most tokens that are looked at.

    Raises:
        MalformedError: `text` is not exactly one JSON value.
        LongError: it has more tokens.
    """
    return list(_Scanner(text, patience).members())


def unquote(token: bytes) -> str:
    """A JSON string as Python text; what is not UTF-8, or half a surrogate pair, becomes U+FFFD, as in Go."""
    text: str = json.loads(readable(token))
    return text


def readable(text: bytes) -> str:
    """JSON as Python can read it: what is not Unicode is U+FFFD already, escaped or not."""
    return _ESCAPE.sub(_whole, text.decode("utf-8", "replace"))


def _whole(escape: re.Match[str]) -> str:
    return "\\ufffd" if escape["half"] else escape[0]


class _Scanner:
    """Walks the tokens once. `_open` are the containers around the present position, outermost first."""

    def __init__(self, text: bytes, patience: int) -> None:
        self._text = text
        self._patience = patience
        self._at = 0
        self._open: list[bytes] = []

    def members(self) -> Iterator[tuple[str | None, bytes]]:
        opening = self._next()
        if opening not in _CLOSES:
            self._scalar(opening)
        elif not self._closes_at_once(opening):
            self._open.append(opening)
            while self._open:
                key = self._key() if opening == b"{" else None
                yield key, self._value()
                self._separator()
        self._end()

    def _value(self) -> bytes:
        """Consume one value, however deep, and return its bytes."""
        depth = len(self._open)
        start = self._skip_blank()
        while True:
            token = self._next()
            if token in _CLOSES:
                if not self._closes_at_once(token):
                    self._enter(token)
                    continue
            else:
                self._scalar(token)
            while len(self._open) > depth and self._separator():
                pass
            if len(self._open) == depth:
                return self._text[start : self._at]
            if self._open[-1] == b"{":
                self._key()

    def _enter(self, opening: bytes) -> None:
        self._open.append(opening)
        if opening == b"{":
            self._key()

    def _separator(self) -> bool:
        """Consume `,` (False: another member follows) or the closer of the innermost container (True: it is left)."""
        token = self._next()
        if token == b",":
            return False
        if token != _CLOSES[self._open.pop()]:
            raise MalformedError(self._at)
        return True

    def _closes_at_once(self, opening: bytes) -> bool:
        if len(self._open) >= MAX_DEPTH:
            raise MalformedError(self._at)
        at = self._skip_blank()
        if self._text[at : at + 1] != _CLOSES[opening]:
            return False
        self._at = at + 1
        return True

    def _key(self) -> str:
        token = self._next()
        if token[:1] != b'"' or self._next() != b":":
            raise MalformedError(self._at)
        return unquote(token)

    def _scalar(self, token: bytes) -> None:
        if token in b"{}[],:":
            raise MalformedError(self._at)

    def _next(self) -> bytes:
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            raise MalformedError(self._at)
        if self._patience == 0:
            raise LongError
        self._patience -= 1
        self._at = match.end()
        return match[1]

    def _skip_blank(self) -> int:
        match = _BLANK.match(self._text, self._at)
        return match.end() if match else self._at

    def _end(self) -> None:
        if self._skip_blank() != len(self._text):
            raise MalformedError(self._at)
