"""Which forms of text tell a secret by themselves, whatever it is called: URLs, headers, log-ins, SQL, tokens."""

import re
from typing import Final


def _in_prose(word: str) -> re.Pattern[str]:
    """What follows the word and looks like nothing else: with a digit, a small and a capital letter."""
    has = "".join(rf"(?=[^\s\"'`]{{0,256}}[{kind}])" for kind in ("0-9", "a-z", "A-Z"))
    return re.compile(rf"\b{word} (?:is |was )?[\"'`]?(?P<secret>{has}[^\s\"'`,;]{{8,256}})")


FORMS: Final = (
    (
        "://",  # with a slash in it only if it is no port and a path
        re.compile(
            r"://(?P<secret>[^\s/?#:@\"'<>]{0,256}:(?!\d{1,5}(?:[/?#\s]|\Z))[^\s\"'<>,;]{1,512}|[^\s/?#\"'<>]{1,2048})@"
        ),
    ),
    (
        ":",
        re.compile(
            r"\b(?:(?:proxy-)?authorization|cookie|x-(?:api-key|auth[\w-]{0,32}))[ \t]*:[ \t]*(?P<secret>[^\n\"']+)",
            re.IGNORECASE,
        ),
    ),
    (
        " ",
        re.compile(
            r"\b(?:bearer|basic|digest|negotiate)\s{1,16}(?P<secret>[A-Za-z0-9._~+/=:-]{6,})", re.IGNORECASE
        ),
    ),
    (
        ":",  # curl -u user:password, but no `--user 1000:1000`
        re.compile(
            r"(?<![^\s\"'])(?:-[uU]|--(?:proxy-)?user)(?:[ \t]{1,16}|=)?[\"']?(?!\d+:\d+(?!\S))"
            r"[^\s:\"'/]{1,256}:(?P<secret>[^\s\"']+)"
        ),
    ),
    (
        " ",  # SQL
        re.compile(
            r"\b(?:identified[ \t]{1,16}(?:with[ \t]{1,16}\S{1,64}[ \t]{1,16})?(?:by|as)(?:[ \t]{1,16}password)?"
            r"|password)(?:[ \t]{1,16}for[ \t]{1,16}[^\s=]{1,256})?"
            r"(?:[ \t]{0,16}=[ \t]{0,16}|[ \t]{1,16})(?:password\()?"
            r"(?P<quote>['\"])(?P<secret>[^'\"\n]+)(?P=quote)",
            re.IGNORECASE,
        ),
    ),
    (
        "password",  # .netrc
        re.compile(
            r"\b(?:machine\s{1,16}\S{1,256}|default(?=\s{1,16}login))(?:\s{1,16}(?:login|account)\s{1,16}\S{1,256}){0,2}"
            r"\s{1,16}password\s{1,16}(?P<secret>\S+)"
        ),
    ),
    (
        "@",  # of Go's drivers
        re.compile(r"[\w.-]{1,128}:(?P<secret>[^\s\"'@/]{1,256})@(?:tcp|tcp6|udp|unix)\("),
    ),
    (
        "pass:",  # openssl -passin pass:...
        re.compile(r"(?<![^\s\"'=])pass:(?P<secret>[^\s\"']+)"),
    ),
    (
        "$",  # of htpasswd
        re.compile(r"\$(?:apr1|2[abxy]|[156])\$(?P<secret>[\w./$]{8,256})"),
    ),
    (
        "jdbc:oracle:",
        re.compile(r"jdbc:oracle:\w{1,16}:[^/\s@]{1,256}/(?P<secret>[^@\s\"']{1,512})@"),
    ),
    (
        "define(",  # PHP
        re.compile(
            r"\bdefine\(\s{0,16}['\"]\w{0,64}(?:pass|pw|secret|token|key)\w{0,64}['\"]\s{0,16},\s{0,16}"
            r"(?P<quote>['\"])(?P<secret>[^'\"\n]+)(?P=quote)",
            re.IGNORECASE,
        ),
    ),
    (
        "hooks.slack.com/",  # who knows the address may write
        re.compile(r"\bhooks\.slack\.com/\w{1,32}/(?P<secret>[\w/]+)"),
    ),
    (
        "sig=",  # of a link that is signed
        re.compile(r"[?&]sig=(?P<secret>[^\s&\"']+)"),
    ),
    (
        ".eyJ",  # a token of its own: JWT
        re.compile(r"\beyJ[\w-]{4,}\.eyJ(?P<secret>[\w-]{2,}\.[\w-]+)"),
    ),
    ("_", re.compile(r"\bgh[oprsu]_(?P<secret>[A-Za-z0-9]{16,255})\b")),  # of GitHub
    ("github_pat_", re.compile(r"\bgithub_pat_(?P<secret>\w{16,255})")),
    ("glpat-", re.compile(r"\bglpat-(?P<secret>[\w-]{16,255})")),  # of GitLab
    ("password ", _in_prose("password")),
    ("token ", _in_prose("token")),
    (
        ":",  # .pgpass
        re.compile(
            r"^(?=[^:\s]{0,256}[g-zG-Z.*/])[^:\s]{1,256}:(?:\d{4,5}|\*):"
            r"[^:\s]{1,128}:[^:\s]{1,128}:(?P<secret>\S+)[ \t\r]*$",
            re.MULTILINE,
        ),
    ),
)  # fmt: skip
"""A text that has to be in there, and the pattern; its `secret` is one."""
