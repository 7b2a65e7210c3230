"""Where in free text the value ends that stands behind a name: in YAML or JSON, behind `=`, behind a flag.

Linear in the text: what can go back is bounded.
"""

import re
from collections.abc import Iterator
from typing import Final

from shadow.secretnames import refers

Span = tuple[int, int]

_STAND_IN: Final = r"<redacted:[0-9a-f]{8}:\d{1,12}>"
_QUOTED: Final = re.compile(
    r"(?P<quote>\\{0,8}[\"'])(?P<value>(?:''|\\[\s\S]|[^\\]){0,65536}?)(?P=quote)(?!(?<=')')"  # '' is a quote in YAML
)
_QUOTE: Final = re.compile(r"\\{0,8}[\"']")
_WORD: Final = re.compile(rf"{_STAND_IN}|[^\s&;,\"']+")
_ARGUMENT: Final = re.compile(rf"{_STAND_IN}|[^\s\"']+")
_IN_FLOW: Final = re.compile(rf"{_STAND_IN}|[^,{{}}\[\]\n\"']+")
_FLOW_LIST: Final = re.compile(r"\[([^\[\]]{0,4096})\]")
_LINE: Final = re.compile(r"[^\n]*")
_BLOCK_SCALAR: Final = re.compile(r"(?:[!&][\w!./-]{0,64}[ \t]+){0,2}[|>][-+0-9]{0,3}[ \t]*(?:#[^\n]*)?(?=\n|\Z)")
_LINE_BELOW: Final = re.compile(r"\n([ \t]*)(- +)?([^\n]*)")
_FLOW_MAPPING: Final = re.compile(r"\{([^{}]{0,4096})\}")
_FLOW_MEMBER: Final = re.compile(
    r"\\{0,8}[\"']?(?P<name>[\w./-]{1,128}+)\\{0,8}[\"']?[ \t]*+:[ \t]*+\\{0,8}[\"']?(?P<secret>[^,\"'\n]+)"
)
_MEMBER_BELOW: Final = re.compile(
    r"(?P<indent>[ \t]*+(?:- ++)?)[\"']?(?P<name>[\w./@-]{1,128}+)[\"']?[ \t]*+:(?:[ \t]++|(?=\r?\n|\Z))"
)
_ASSIGNED: Final = re.compile(r"[ \t]*+[\"']?(?P<name>[\w.-]{1,128}+)[\"']?[ \t]*+=[ \t]*+")
_TRIPLE: Final = re.compile(r"(?P<quote>\"\"\"|\'\'\')(?P<value>[\s\S]{0,65536}?)(?P=quote)")  # of TOML
_MEMBER: Final = re.compile(r"[\"']?[\w./-]{1,128}[\"']?[ \t]*:(?:\s|\Z)")


def held(match: re.Match[str]) -> Iterator[Span]:
    """Of `credentials: {alice: ..., bob: ...}`, in a line or in lines below: every value that is no reference."""
    text, at = match.string, match.end()
    if flow := _FLOW_MAPPING.match(text, at):
        members = _FLOW_MEMBER.finditer(text, *flow.span(1))
        yield from (member.span("secret") for member in members if not refers(member["name"]))
        return
    if match["indent"] is None or text[at : _first(_LINE, text, at)[1]].strip():
        return
    end, indent = _first(_LINE, text, at)[1], len(match["indent"])
    while below := _LINE_BELOW.match(text, end):
        blank, _, rest = below.groups()
        if rest.strip() and len(blank) <= indent:
            break
        end = below.end()
        member = _MEMBER_BELOW.match(text, below.start() + 1)
        if member is not None and not refers(member["name"]):
            span = after_colon(member)
            yield span
            end = max(end, _first(_LINE, text, span[1])[1])


def after_colon(match: re.Match[str]) -> Span:
    """Of YAML or JSON: a scalar, also over lines, or a list of such. A mapping has names of its own."""
    text, at = match.string, match.end()
    if quoted := _quoted(text, at):
        return quoted
    if listed := _FLOW_LIST.match(text, at):
        return listed.span(1)
    if text.startswith(("{", "["), at):
        return at, at
    if match["indent"] is None:
        return _first(_IN_FLOW, text, at)
    return _block(text, at, len(match["indent"]))


def _block(text: str, at: int, indent: int) -> Span:
    """The rest of the line, and the lines below that belong to the same value."""
    end = _first(_LINE, text, at)[1]
    is_scalar = _BLOCK_SCALAR.match(text, at) is not None  # then whatever is deeper belongs to it
    start = None if is_scalar or not text[at:end].strip() else at
    while below := _LINE_BELOW.match(text, end):
        blank, dash, rest = below.groups()
        if rest.strip():
            if len(blank) + bool(dash) <= indent or (not is_scalar and _MEMBER.match(rest)):
                break
            start = below.start(3) if start is None else start
        elif not is_scalar:
            break
        end = below.end()
    return (at, at) if start is None else (start, end)


def after_equals(match: re.Match[str]) -> Iterator[Span]:
    """In a file of settings the rest of the line is the value; elsewhere a word is."""
    text, at = match.string, match.end()
    if long := _TRIPLE.match(text, at):
        yield long.span("value")
        return
    yield _quoted(text, at) or _first(_WORD if match["indent"] is None else _LINE, text, at)


def in_section(match: re.Match[str]) -> Iterator[Span]:
    """Of `[credentials]` and lines `alice = ...`: every value up to the next section that is no reference."""
    text, end = match.string, _first(_LINE, match.string, match.end())[1]
    while end < len(text):
        at, end = end + 1, _first(_LINE, text, end + 1)[1]
        if text.startswith("[", at):
            return
        if (member := _ASSIGNED.match(text, at)) and not refers(member["name"]):
            yield _quoted(text, member.end()) or (member.end(), end)


def after_flag(match: re.Match[str]) -> Iterator[Span]:
    yield _quoted(match.string, match.end()) or _first(_ARGUMENT, match.string, match.end())


def _quoted(text: str, at: int) -> Span | None:
    """What is between quotes; everything from a quote that is never closed."""
    if quoted := _QUOTED.match(text, at):
        return quoted.span("value")
    opened = _QUOTE.match(text, at)
    return (opened.end(), len(text)) if opened else None


def _first(pattern: re.Pattern[str], text: str, at: int) -> Span:
    match = pattern.match(text, at)
    return match.span() if match else (at, at)
