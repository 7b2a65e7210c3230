"""Where in free text secrets stand: settings as YAML, JSON, ini or dotenv, command lines, headers, URLs, SQL.

Says places, never what is put there. Which names are those of secrets is `shadow.secretnames`' to say, which forms need
none `shadow.secretforms`'. Linear in the
text: what can go back is bounded, and what a secret covers is not looked at again.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from shadow.secretforms import FORMS
from shadow.secretnames import (
    attached_password,
    holds_secrets,
    refers,
    secret_field,
    secret_flag,
    secret_name,
    secret_setting,
)

Span = tuple[int, int]

_COMPOUND: Final = re.compile(r"[:=\s\"'<]|\A-p|\.eyJ|gh[oprsu]_|glpat-")
"""Without any of these a text is one word, and nothing in it can say that the rest is a secret."""

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
_TRIPLE: Final = re.compile(r"(?P<quote>\"\"\"|\'\'\')(?P<value>[\s\S]{0,65536}?)(?P=quote)")  # of TOML
_MEMBER: Final = re.compile(r"[\"']?[\w./-]{1,128}[\"']?[ \t]*:(?:\s|\Z)")


class _Setting(NamedTuple):
    """A name and what goes before its value; where that is, or the values are, if the name is that of a secret."""

    needs: str
    pattern: re.Pattern[str]
    is_secret: Callable[[re.Match[str]], bool]
    values: Callable[[re.Match[str]], Iterable[Span]]


def spans(text: str) -> list[Span]:
    """Where secrets are, in their order; none overlaps another or is empty."""
    if not _COMPOUND.search(text):
        return []
    found: list[Span] = []
    for start, end in sorted(_all(text)):
        if found and start < found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        elif start < end:
            found.append((start, end))
    return found


def _all(text: str) -> Iterator[Span]:
    for needs, pattern in FORMS:
        if needs in text:
            yield from (match.span("secret") for match in pattern.finditer(text))
    for setting in _SETTINGS:
        if setting.needs in text:
            yield from _of_settings(text, setting)


def _of_settings(text: str, setting: _Setting) -> Iterator[Span]:
    at = 0
    while (match := setting.pattern.search(text, at)) is not None:
        at = match.end()
        if setting.is_secret(match):
            for span in setting.values(match):
                yield span
                at = max(at, span[1])


def _named(match: re.Match[str]) -> Iterator[Span]:
    if holds_secrets(match["name"]):
        yield from _held(match)
    if secret_field(match["name"]):
        yield _after_colon(match)


def _held(match: re.Match[str]) -> Iterator[Span]:
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
            span = _after_colon(member)
            yield span
            end = max(end, _first(_LINE, text, span[1])[1])


def _after_colon(match: re.Match[str]) -> Span:
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


def _after_equals(match: re.Match[str]) -> Iterator[Span]:
    """In a file of settings the rest of the line is the value; elsewhere a word is."""
    text, at = match.string, match.end()
    if long := _TRIPLE.match(text, at):
        yield long.span("value")
        return
    yield _quoted(text, at) or _first(_WORD if match["indent"] is None else _LINE, text, at)


def _after_flag(match: re.Match[str]) -> Iterator[Span]:
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


def _secret_flag(match: re.Match[str]) -> bool:
    return secret_flag(match["name"], match["first"], _words_before(match))


def _words_before(match: re.Match[str]) -> list[str]:
    return re.split(r"[\s\"']+", match.string[max(0, match.start() - 64) : match.start()])


_SETTINGS: Final = (
    _Setting(
        ":",
        re.compile(
            r"(?:^(?P<indent>[ \t]*+(?:- ++){0,8})[\"']?|\\{0,8}[\"']|[{,\[][ \t]*+)(?P<name>[\w.-]{1,128}+)"
            r"(?:\\{0,8}[\"'][ \t]*+:[ \t]*+|[ \t]*+:(?:[ \t\r]++|(?=[\n\"'])))",
            re.MULTILINE,
        ),
        lambda match: secret_field(match["name"]) or holds_secrets(match["name"]),
        _named,
    ),
    _Setting(
        "value",  # of YAML or an attribute: `name: DB_PASSWORD, value: ...`
        re.compile(
            r"(?:^|[\s\"'{,-])(?:name|key)\\{0,8}[\"']?[ \t]*+[:=][ \t]*+\\{0,8}[\"']?(?P<name>[\w.-]{1,128}+)"
            r"\\{0,8}[\"']?[ \t\r]*+,?[ \t\r]*+(?:\n(?P<indent>[ \t]*+))?\\{0,8}[\"']?"
            r"value\\{0,8}[\"']?[ \t]*+[:=][ \t]*+",
            re.MULTILINE,
        ),
        lambda match: secret_name(match["name"]),
        lambda match: (_after_colon(match),),
    ),
    _Setting(
        "</value>",  # of Hadoop and Hive
        re.compile(
            r"<name>\s*+(?P<name>[\w.-]{1,128}+)\s*+</name>\s*+<value>\s*+"
            r"(?P<secret><!\[CDATA\[[\s\S]{0,65536}?\]\]>|[^<]+)(?=</value>)"
        ),
        lambda match: secret_name(match["name"]),
        lambda match: (match.span("secret"),),
    ),
    _Setting(
        "=",
        re.compile(
            r"(?:^(?P<indent>[ \t]*+)(?:export[ \t]++)?|(?<![\w.-]))(?P<about>[\"']?)(?P<name>[\w.-]++)(?P=about)\]?"
            r"[ \t]*+:?=(?!=)[ \t]*+(?:\\\r?\n[ \t]*+)?",
            re.MULTILINE,
        ),
        lambda match: secret_setting(match["name"]),
        _after_equals,
    ),
    _Setting(
        "-",
        re.compile(r"(?<![^\s\"'])(?P<name>--?[A-Za-z][\w.-]*+)[\"']?(?:[ \t]++(?:\\\n[ \t]*+)?)(?=(?P<first>\S++))"),
        _secret_flag,
        _after_flag,
    ),
    _Setting(
        "-p",
        re.compile(r"(?<![^\s\"'])-p(?P<first>[^\s\"'-][^\s\"']*+)"),
        lambda match: attached_password(match["first"], _words_before(match)),
        lambda match: (match.span("first"),),
    ),
    _Setting(
        "</",
        re.compile(
            r"<(?:[\w.-]{1,64}:)?(?P<name>[\w.-]{1,128})(?:\s[^<>]{0,512})?>\s*+"
            r"(?P<secret><!\[CDATA\[[\s\S]{0,65536}?\]\]>|[^<]+)(?=</)"
        ),
        lambda match: secret_field(match["name"]),
        lambda match: (match.span("secret"),),
    ),
    _Setting(
        " ",
        re.compile(r"^[ \t]*+(?P<name>[A-Za-z]\w{0,64})[ \t]++(?=\S)", re.MULTILINE),
        lambda match: match["name"].lower() in ("requirepass", "masterauth", "bindpw"),  # of redis.conf, ldap.conf
        _after_flag,
    ),
    _Setting(
        " ",  # of shells, a Dockerfile, nginx; and properties
        re.compile(
            r"^[ \t]*+(?:(?:setenv|setx|ENV|proxy_set_header)[ \t]++(?P<name>[\w.-]{1,128}+)[ \t]++(?=\S)"
            r"|(?P<dotted>\w[\w-]{0,64}\.[\w.-]{1,64}+)[ \t]++(?=\S++[ \t\r]*$))",
            re.MULTILINE,
        ),
        lambda match: secret_setting(match["name"] or match["dotted"]),
        _after_flag,
    ),
    _Setting(
        ":-",  # what a shell takes where a variable is not set
        re.compile(r"\$\{(?P<name>\w{1,128}+):-(?P<secret>[^{}\s]{1,1024})\}"),
        lambda match: secret_setting(match["name"]),
        lambda match: (match.span("secret"),),
    ),
)
