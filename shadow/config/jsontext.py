"""JSON text as the nodes that YAML text is composed of, so that one builder makes values of both.

For a YAML parser JSON is nearly YAML: it refuses keys beyond 1,024 characters. So what is JSON is read as JSON,
strictly: no comments, no trailing commas, no NaN. Duplicate keys stay for the builder to tell.
"""

import re
from collections.abc import Callable
from json import JSONDecoder
from typing import TypeVar

from ruamel.yaml.error import StreamMark
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORDS = {"true": "bool", "false": "bool", "null": "null"}
_WORD = re.compile("|".join(_WORDS))
_TAG = "tag:yaml.org,2002:"
_STRINGS = JSONDecoder()
_Item = TypeVar("_Item")


def compose(text: str) -> Node | None:
    """The root node; None if the text is no JSON.

    Raises:
        RecursionError: nested too deeply for this process.
    """
    reader = _Reader(text)
    try:
        node = reader.value()
    except ValueError:
        return None
    return node if reader.at_end() else None


class _Reader:
    """Walks through the text once. Every method raises ValueError where JSON does not go on like this."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 0
        self._counted = 0  # up to where lines have been counted

    def at_end(self) -> bool:
        self._skip()
        return self._at == len(self._text)

    def value(self) -> Node:
        self._skip()
        begin = self._mark()
        match self._text[self._at : self._at + 1]:
            case "{":
                return MappingNode(f"{_TAG}map", self._listed("}", self._member), begin, begin)
            case "[":
                return SequenceNode(f"{_TAG}seq", self._listed("]", self.value), begin, begin)
            case '"':
                return self._string(begin)
        return self._plain(begin)

    def _listed(self, end: str, item: Callable[[], _Item]) -> list[_Item]:
        self._at += 1
        if self._took(end):
            return []
        items = [item()]
        while self._took(","):
            items.append(item())
        if not self._took(end):
            raise ValueError(end)
        return items

    def _member(self) -> tuple[Node, Node]:
        self._skip()
        if self._text[self._at : self._at + 1] != '"':
            raise ValueError("key")
        key = self._string(self._mark())
        if not self._took(":"):
            raise ValueError(":")
        return key, self.value()

    def _string(self, begin: StreamMark) -> ScalarNode:
        value, self._at = _STRINGS.raw_decode(self._text, self._at)
        return ScalarNode(f"{_TAG}str", value, begin, begin)

    def _plain(self, begin: StreamMark) -> ScalarNode:
        if word := _WORD.match(self._text, self._at):
            self._at = word.end()
            return ScalarNode(_TAG + _WORDS[word[0]], word[0], begin, begin)
        number = _NUMBER.match(self._text, self._at)
        if number is None:
            raise ValueError("value")
        self._at = number.end()
        return ScalarNode(_TAG + ("float" if number[1] or number[2] else "int"), number[0], begin, begin)

    def _took(self, sign: str) -> bool:
        self._skip()
        taken = self._text.startswith(sign, self._at)
        self._at += taken
        return taken

    def _skip(self) -> None:
        match = _SPACE.match(self._text, self._at)
        assert match is not None, "it matches nothing, too"
        self._at = match.end()

    def _mark(self) -> StreamMark:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return StreamMark("", self._at, self._line, 0)
