"""Where in free text secrets stand: settings as YAML, JSON, ini or dotenv, command lines, headers, URLs, SQL.

Says places, never what is put there. Which names are those of secrets is `shadow.secretnames`' to say, which forms need
none `shadow.secretforms`', and where a value ends `shadow.secretvalues`'. Linear in the text: what can go back is
bounded, and what a secret covers is not looked at again.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from shadow.secretforms import FORMS
from shadow.secretnames import (
    attached_password,
    holds_secrets,
    secret_field,
    secret_flag,
    secret_name,
    secret_setting,
)
from shadow.secretvalues import Span, after_colon, after_equals, after_flag, held, in_section

_COMPOUND: Final = re.compile(r"[:=\s\"'<]|\A-p|\.eyJ|gh[oprsu]_|github_pat_|glpat-")
"""Without any of these a text is one word, and nothing in it can say that the rest is a secret."""


class _Setting(NamedTuple):
    """A name and what goes before its value; where that is, or the values are, if the name is that of a secret."""

    needs: str
    pattern: re.Pattern[str]
    is_secret: Callable[[re.Match[str]], bool]
    values: Callable[[re.Match[str]], Iterable[Span]]


def replaced(text: str, stand_in: Callable[[str], str]) -> str:
    """The text with this in the place of each secret."""
    pieces, at = [], 0
    for start, end in spans(text):
        pieces += [text[at:start], stand_in(text[start:end])]
        at = end
    return "".join([*pieces, text[at:]]) if pieces else text


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
        yield from held(match)
    if secret_field(match["name"]):
        yield after_colon(match)


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
        lambda match: (after_colon(match),),
    ),
    _Setting(
        "value",  # the other way round
        re.compile(
            r"(?:^|[\s\"'{,-])value\\{0,8}[\"']?[ \t]*+[:=][ \t]*+(?:\\{0,8}[\"'])?(?P<secret>[^\s\"',\\]{1,512}+)"
            r"\\{0,8}[\"']?[ \t\r]*+,?[ \t\r]*+(?:\n[ \t]*+)?\\{0,8}[\"']?"
            r"(?:name|key)\\{0,8}[\"']?[ \t]*+[:=][ \t]*+\\{0,8}[\"']?(?P<name>[\w.-]{1,128}+)",
            re.MULTILINE,
        ),
        lambda match: secret_name(match["name"]),
        lambda match: (match.span("secret"),),
    ),
    _Setting(
        "[",  # a section of ini or TOML that holds secrets under names of anybody's choice
        re.compile(r"^\[{1,2}[ \t]*+(?P<name>[\w.-]{1,128}+)[ \t]*+\]{1,2}[ \t\r]*$", re.MULTILINE),
        lambda match: holds_secrets(match["name"]),
        in_section,
    ),
    _Setting(
        "</",  # <entry key="db.password">...</entry>, and Spring's <property name="password"><value>...
        re.compile(
            r"<[\w.:-]{1,64}[^<>]{0,256}?\b(?:name|key)=[\"'](?P<name>[\w.-]{1,128}+)[\"'][^<>]{0,256}>\s*+"
            r"(?:<value>\s*+)?(?P<secret><!\[CDATA\[[\s\S]{0,65536}?\]\]>|[^<]+)(?=</)"
        ),
        lambda match: secret_name(match["name"]),
        lambda match: (match.span("secret"),),
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
        after_equals,
    ),
    _Setting(
        "-",
        re.compile(r"(?<![^\s\"'])(?P<name>--?[A-Za-z][\w.-]*+)[\"']?(?:[ \t]++(?:\\\n[ \t]*+)?)(?=(?P<first>\S++))"),
        _secret_flag,
        after_flag,
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
        after_flag,
    ),
    _Setting(
        " ",  # of shells, a Dockerfile, nginx; and properties
        re.compile(
            r"^[ \t]*+(?:(?:setenv|setx|ENV|proxy_set_header)[ \t]++(?P<name>[\w.-]{1,128}+)[ \t]++(?=\S)"
            r"|(?P<dotted>\w[\w-]{0,64}\.[\w.-]{1,64}+)[ \t]++(?=\S++[ \t\r]*$))",
            re.MULTILINE,
        ),
        lambda match: secret_setting(match["name"] or match["dotted"]),
        after_flag,
    ),
    _Setting(
        ":-",  # what a shell takes where a variable is not set
        re.compile(r"\$\{(?P<name>\w{1,128}+):-(?P<secret>[^{}\s]{1,1024})\}"),
        lambda match: secret_setting(match["name"]),
        lambda match: (match.span("secret"),),
    ),
)
