"""Which names are taken to name a secret: of variables, fields and flags on a command line. Guesses, on purpose."""

import re
from collections.abc import Container, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

_WORDS: Final = (
    "password", "passwort", "passwd", "passphrase", "pwd", "secret", "token", "credential", "apikey", "accesskey",
    "privatekey", "signingkey", "encryptionkey", "masterkey", "connectionstring", "dsn", "authorization", "cookie",
    "requirepass", "bindpw",
)  # fmt: skip
_ENDINGS: Final = (
    "password", "passwort", "passwd", "passphrase", "token", "credential", "apikey", "accesskey", "accesskeyid",
    "secretkey", "secretaccesskey", "privatekey", "signingkey", "encryptionkey", "masterkey", "sessionkey", "sharedkey",
    "accountkey", "storagekey", "hmackey", "authkey", "licensekey", "keydata", "secret", "signature", "authorization",
    "cookie", "connectionstring", "dsn", "bindpw", "passwordhash", "dockercfg", "dockerconfigjson",
    "secretkeybase",
)  # fmt: skip
_ELSEWHERE: Final = ("existingsecret", "pullsecret", "tlssecret", "certsecret", "certificatesecret", "casecret")
"""Such a field holds the name of a Secret."""
_SEPARATORS: Final = str.maketrans("", "", "-_. ")
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*\Z")
_KEY_WORD: Final = re.compile(
    r"(?:^|[-_.])(?i:keys?|auth|creds?|pass|pw|pat)(?:$|[-_.])|[a-z0-9](?:Keys?|Auth|Creds?|Pass)(?:$|[-_.A-Z])"
)

_PASS: Final = re.compile(
    r"(?:(?<!by)(?<!com)(?<!sur)(?<!tres)(?<!over)(?<!under)pass|pwd|(?:^|[-_.])pw)\Z", re.IGNORECASE
)
_HOLDERS: Final = (
    "passwords", "tokens", "credential", "credentials", "creds", "secrets", "apikeys", "accesskeys", "auths",
    "stringdata",
)  # fmt: skip
_REFERENCES: Final = ("name", "namespace", "key", "kind", "apiversion", "group", "ref", "path", "type", "mode")
_SPELLED_OUT: Final = frozenset(
    ("value", "values", "plain", "plaintext", "plainvalue", "literal", "inline", "data", "raw", "text", "default")
)

_FLAG: Final = re.compile(r"--?([A-Za-z][\w.-]*)\Z")
_LONGEST_BUNDLE: Final = 5  # `-sSLf`
_HARMLESS_FLAGS: Final = (
    "file", "path", "dir", "name", "namespace", "ttl", "type", "mode", "url", "expiry", "duration", "length",
)  # fmt: skip
_SHORT_FLAG: Final = "p"
_NO_PASSWORD: Final = re.compile(r"\d{1,5}(?::\d{1,5}){0,2}(?:/\w+)?\Z|[/.$~]")  # a port, a directory, a variable
_WORDS_ON_P: Final = re.compile(
    r"(?:ack|age|ara|arent|art|ass|ath|atch|atterns?|ause|eers?|erf|erm|hase|id|ing|ipe|lace|lain|latform|lug|od|oint|"
    r"olicy|oll|ools?|ort|ost|re|rint|rio|rivate|robe|roc|rod|rofil|rogress|roject|romp|rops?|roto|rov|rox|rune|ub|ull|ush)"
    r"[a-z-]*(?:=.*)?\Z",
)
"""What a long flag that is spelled with one dash (`-path`, `-port=80`) has after its `p`."""
_TAKES_A_DIRECTORY: Final = frozenset(("mkdir", "cp", "read", "install"))
_PASSWORD_BY_A: Final = frozenset(("redis-cli",))
_PASSWORD_BY_P: Final = frozenset(("mysql", "mysqldump", "mysqladmin", "mysqlimport", "mariadb", "mariadb-dump"))
"""To whom what follows this flag at once is a password, whatever it looks like."""
_LOGIN_FLAGS: Final = frozenset(("-u", "-U", "--user", "--proxy-user"))
_LOGIN: Final = re.compile(r"(?!\d+:\d+\Z)[^\s:/]+:[^\s]+\Z")


def values_of_flags(items: Sequence[Any]) -> Container[int]:
    """Where in a command line (`--token`, `VALUE`) an item is the value of a flag that names a secret."""
    found = set()
    for index, (flag, value) in enumerate(pairwise(items), start=1):
        if not isinstance(flag, str) or not isinstance(value, str):
            continue
        is_login = flag in _LOGIN_FLAGS and _LOGIN.match(value)
        if is_login or secret_flag(flag, value, items[max(0, index - 9) : index - 1]):
            found.add(index)
    return found


def _is_flag(value: str, after: str) -> bool:
    """After `--password`, one dash and some letters are rather a value: who spells flags with two dashes goes on so."""
    return _FLAG.match(value) is not None and (
        value.startswith("--") or len(value) <= _LONGEST_BUNDLE or not after.startswith("--")
    )


def secret_flag(flag: str, value: str, before: Sequence[Any]) -> bool:
    """Whether a flag takes a secret: `--token`, `-dbPassword`, or `-p` before what may be a password.

    Args:
        before: words that precede it: `mkdir -p` takes a directory, `redis-cli -a` a password.
    """
    match = _FLAG.match(flag)
    if match is None or _is_flag(value, flag):
        return False
    if match[1] == "a":
        return _has_command(before, _PASSWORD_BY_A)
    if match[1] == _SHORT_FLAG:
        return not _NO_PASSWORD.match(value) and not any(word in _TAKES_A_DIRECTORY for word in before)
    return secret_setting(match[1])


def attached_password(value: str, before: Sequence[Any]) -> bool:
    """Whether what follows `-p` without a blank may be a password: no port, and no other word of a flag.

    Args:
        before: words that precede it: to `mysql` it is one, whatever it looks like.
    """
    if _has_command(before, _PASSWORD_BY_P):
        return True
    return not _NO_PASSWORD.match(value) and not _WORDS_ON_P.match(value)


def _has_command(words: Sequence[Any], commands: Container[str]) -> bool:
    return any(isinstance(word, str) and word.rpartition("/")[2] in commands for word in words)


@lru_cache(maxsize=8192)
def secret_name(name: str) -> bool:
    """Whether a variable, header or parameter of this name is taken to hold a secret."""
    flat = _flat(name)
    return any(word in flat for word in _WORDS) or bool(_KEY_WORD.search(name)) or secret_field(name)


@lru_cache(maxsize=8192)
def secret_setting(name: str) -> bool:
    """Whether what is assigned to this name is a secret, and not where to find one (`--token-file`).

    So it is between the two others: what is a secret for `secret_field` is one here, and what is one here is one for
    `secret_name`.
    """
    return secret_field(name) or (secret_name(name) and not _flat(name).endswith(_HARMLESS_FLAGS))


@lru_cache(maxsize=8192)
def secret_field(name: str) -> bool:
    """A field's name is mostly a word of an API (`secretName`, `key`), so what counts is its end."""
    flat = _flat(name).removesuffix("s")
    if _VARIABLE.match(name) and (any(word in flat for word in _WORDS) or _KEY_WORD.search(name)):
        return True
    if _PASS.search(name):
        return True
    return flat.endswith(_ENDINGS) and not flat.endswith(_ELSEWHERE)


def spelled_out(name: str, below: str) -> bool:
    """Whether a field within a mapping holds the secret that the mapping is named after: `password: {value: ...}`."""
    return below.lower() in _SPELLED_OUT and secret_field(name)


def _flat(name: str) -> str:
    return name.lower().translate(_SEPARATORS)


@lru_cache(maxsize=8192)
def holds_secrets(name: str) -> bool:
    """Whether a mapping under this name holds secrets under names of anybody's choice: `passwords: {alice: ...}`."""
    return _flat(name).endswith(_HOLDERS)


@lru_cache(maxsize=8192)
def refers(name: str) -> bool:
    """Whether a field of such a mapping says where a secret is, rather than what: `credentials: {secretName: ...}`."""
    return _flat(name).endswith(_REFERENCES)


_TELLING: Final = (
    "pw", "secret", "token", "connectionstring", "dsn", "cookie", "key", "auth", "cred", "pass", "bearer", "basic",
    "digest", "negotiate", "signature", "lastappliedconfiguration", "identified", "@", "rediscli", "dockercfg",
    "dockerconfigjson", "hooksslackcom", "stringdata",
)  # fmt: skip
"""Something of this is in whatever is redacted, once the text is `_FLATTENED` and has no separators, ..."""
_SPELLED: Final = tuple(
    map(
        re.compile,
        (
            rb"-(?:(?<=[\"' ]-)(?:-?p|[uU]|-user)|(?<=glpat-))",
            rb":(?:\d{4,5}|\*):",  # as in .pgpass
            rb"_(?<=gh[oprsu]_|hub_)",
            rb"\.eyJ",
            rb"=(?<=sig=)",
            rb"_PAT(?![A-Za-z0-9])",
            rb"\$(?:apr1|2[abxy]|[156])\$",  # of htpasswd
            rb"\"(?:H4sI|LS0t|eyJ|ewo|YXBp|binaryData\")",
        ),
    )
)
"""... or of this as it is spelled. Each begins with the one character of it that is quickly looked for."""
_FLATTENED: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz")


def nothing_secret(text: bytes) -> bool:
    """Whether a JSON text plainly holds nothing that names or looks like a secret. In doubt it does.

    Quick, for most objects are plain. What is spelled with escapes, or not in ASCII, takes a closer look.
    """
    if b"\\" in text or not text.isascii():
        return False
    for spelled in _SPELLED:
        if spelled.search(text):
            return False
    flat = text.translate(_FLATTENED, b"-_. ").decode("ascii")
    for telling in _TELLING:  # noqa: SIM110 - twice as quick as a generator, and all that is shown comes by here
        if telling in flat:
            return False
    return True
