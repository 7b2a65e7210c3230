"""How a place within an object is written and matched: `spec.containers[name=main].env[0]`, `*` one step, `**` many.

Within quotes a `*` is itself: `hosts["*"]` is one field, `[sidecar.istio.io/*]` is every one of that form. One grammar
for differences, rules and redaction. Matching is by states, never by backtracking: a pattern of p steps against a path
of n takes at most p times n moves, whatever either of them holds.
"""

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

_PLAIN = re.compile(r"[A-Za-z0-9_-]+\Z")
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9_./:-]+\Z")
_TOKEN = re.compile(
    r"""(?P<quoted>\[(?P<text>"(?:[^"\\]|\\.)*")\])
      | \[(?P<field>[A-Za-z0-9_-]+)=(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<value>[^\]"]*))\]
      | \[(?P<index>[0-9]+)\]
      | \[(?P<form>[A-Za-z0-9_./:-]*\*[A-Za-z0-9_./:*-]*)\]
      | (?P<name>[A-Za-z0-9_*-]+)""",
    re.VERBOSE,
)


class Item(NamedTuple):
    """An item of a list, by the field and value that tell it from the others."""

    key: str
    value: str


Step = str | int | Item
"""A field's name, an index, or an item of a list that is merged by key."""

Steps = tuple[Step, ...]
States = frozenset[int]
"""How many steps of a pattern may have been taken at a place; see `Pattern.begin`."""


def render(path: Iterable[Step]) -> str:
    """`metadata.labels["a.b/c"]`: the text that reports show and `parse` reads."""
    text = "".join(rendered(step) for step in path)
    return text.removeprefix(".")


def rendered(step: Step) -> str:
    """One step as it follows others: `.name`, `["a.b/c"]`, `[name=main]`, `[0]`."""
    if isinstance(step, Item):
        return f"[{step.key}={step.value if _PLAIN_VALUE.match(step.value) else json.dumps(step.value)}]"
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _PLAIN.match(step) else f"[{json.dumps(step)}]"


@lru_cache(maxsize=4096)  # one cause shows the same path in every namespace
def parse(text: str) -> Steps:
    """The steps of a path.

    Raises:
        ValueError: saying at which character it cannot be read.
    """
    return tuple(_steps(text))


def _steps(text: str) -> Iterator[Step]:
    return map(_step, _tokens(text))


def _tokens(text: str) -> Iterator[re.Match[str]]:
    at = 0
    while at < len(text):
        if at and text[at] == ".":
            at += 1
        elif at and text[at] != "[":
            raise ValueError(f"character {at + 1} of {text!r}: expected `.` or `[`")
        token = _TOKEN.match(text, at)
        if token is None:
            raise ValueError(f'character {at + 1} of {text!r}: expected a field, [key=value], [0] or ["quoted.field"]')
        yield token
        at = token.end()


def _step(token: re.Match[str]) -> Step:
    if token["text"] is not None:
        return str(json.loads(token["text"], strict=False))
    if token["field"] is not None:
        return Item(token["field"], token["value"] if token["string"] is None else json.loads(token["string"]))
    if token["index"] is not None:
        return int(token["index"])
    return token["name"] or token["form"]


def glob(pattern: str, text: str) -> bool:
    """Whether `text` is of the form, in which `*` stands for any characters. At most p times n comparisons."""
    return _glob(pattern, text) if "*" in pattern else pattern == text


@lru_cache(maxsize=4096)
def _glob(pattern: str, text: str) -> bool:
    at = place = resume = 0
    star = -1
    while at < len(text):
        if place < len(pattern) and pattern[place] == "*":
            star, place, resume = place, place + 1, at
        elif place < len(pattern) and pattern[place] == text[at]:
            place, at = place + 1, at + 1
        elif star >= 0:  # let the last star take one character more
            resume += 1
            place, at = star + 1, resume
        else:
            return False
    return not pattern[place:].strip("*")


class _Wanted(NamedTuple):
    """A step of a pattern: the very step, or where `form` says so any of its form."""

    step: Step
    form: bool

    @classmethod
    def read(cls, token: re.Match[str]) -> "_Wanted":
        """Of a token."""
        text = token["name"] or token["form"] or token["value"] or ""  # what stands in quotes is none of these
        return cls(_step(token), "*" in text)

    @property
    def many(self) -> bool:
        return self.form and self.step == "**"


class Pattern:
    """A path with wildcards. It covers a place and everything below that place.

    Raises:
        ValueError: for a text that is no path.
    """

    __slots__ = ("_steps", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._steps = tuple(map(_Wanted.read, _tokens(text)))

    def begin(self) -> States:
        """The states before the first step."""
        return self._closed({0})

    def step(self, states: States, step: Step) -> States:
        """The states after one more step; empty once the pattern can cover nothing below."""
        following: set[int] = set()
        for state in states:
            if state == len(self._steps) or self._steps[state].many:
                following.add(state)
            elif _fits(self._steps[state], step):
                following.add(state + 1)
        return self._closed(following)

    def covered(self, states: States) -> bool:
        """Whether the place with these states is covered."""
        return len(self._steps) in states

    def covers(self, path: Steps) -> bool:
        """Whether the whole path lies at or below what the pattern names."""
        return _covers(self, path)

    def _closed(self, states: set[int]) -> States:
        reached = set(states)
        for state in states:
            at = state
            while at < len(self._steps) and self._steps[at].many:
                at += 1
                reached.add(at)
        return frozenset(reached)


@lru_cache(maxsize=4096)
def _covers(pattern: Pattern, path: Steps) -> bool:
    states = pattern.begin()
    for step in path:
        if pattern.covered(states):
            return True
        states = pattern.step(states, step)
        if not states:
            return False
    return pattern.covered(states)


@lru_cache(maxsize=65536)
def _fits(wanted: _Wanted, step: Step) -> bool:
    match wanted.step, step:
        case "*", _ if wanted.form:
            return True
        case str(form), str(name) if wanted.form:
            return glob(form, name)
        case Item(key, form), Item(other, value) if wanted.form:
            return key == other and glob(form, value)
    return wanted.step == step
