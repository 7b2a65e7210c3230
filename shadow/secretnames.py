"""Which names are taken to name a secret: of variables, fields and flags on a command line. Guesses, on purpose."""

import re
from collections.abc import Container, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

_WORDS: Final = (
    "password", "passwd", "passphrase", "pwd", "secret", "token", "credential", "apikey", "accesskey", "privatekey",
    "signingkey", "encryptionkey", "masterkey", "connectionstring", "dsn", "authorization", "cookie",
)  # fmt: skip
_ENDINGS: Final = (
    "password", "passwd", "passphrase", "token", "credential", "credentials", "apikey", "accesskey", "accesskeyid",
    "secretkey", "secretaccesskey", "privatekey", "clientsecret", "authorization", "cookie", "connectionstring",
)  # fmt: skip
_SEPARATORS: Final = str.maketrans("", "", "-_. ")
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*\Z")
_KEY_WORD: Final = re.compile(
    r"(?:^|[-_.])(?i:keys?|auth|creds?|pass)(?:$|[-_.])|[a-z0-9](?:Keys?|Auth|Creds?|Pass)(?:$|[-_.A-Z])"
)

_FLAG: Final = re.compile(r"--?([A-Za-z][\w.-]*)\Z")
_HARMLESS_FLAGS: Final = (
    "file", "path", "dir", "name", "namespace", "ttl", "type", "mode", "url", "expiry", "duration", "length",
)  # fmt: skip
_SHORT_FLAG: Final = "p"
_PORT: Final = re.compile(r"\d{1,5}\Z")


def values_of_flags(items: Sequence[Any]) -> Container[int]:
    """Where in a command line (`--token`, `VALUE`) an item is the value of a flag that names a secret."""
    found = set()
    for index, (flag, value) in enumerate(pairwise(items), start=1):
        if isinstance(flag, str) and isinstance(value, str) and secret_flag(flag, value) and not _FLAG.match(value):
            found.add(index)
    return found


def secret_flag(flag: str, value: str = "") -> bool:
    """Whether a flag takes a secret: `--token`, `-dbPassword`, or `-p` before anything but a port."""
    match = _FLAG.match(flag)
    if match is None:
        return False
    name = match[1]
    if name == _SHORT_FLAG:
        return bool(value) and not _PORT.match(value)
    return secret_name(name) and not name.lower().translate(_SEPARATORS).endswith(_HARMLESS_FLAGS)


@lru_cache(maxsize=8192)
def secret_name(name: str) -> bool:
    """Whether a variable, header or parameter of this name is taken to hold a secret."""
    flat = name.lower().translate(_SEPARATORS)
    return any(word in flat for word in _WORDS) or _KEY_WORD.search(name) is not None


@lru_cache(maxsize=8192)
def secret_field(name: str) -> bool:
    """A field's name is mostly a word of an API (`secretName`, `key`), so less is enough to be harmless."""
    if _VARIABLE.match(name):
        return secret_name(name)
    return name.lower().translate(_SEPARATORS).endswith(_ENDINGS)


_TELLING: Final = (
    "pwd", "secret", "token", "connectionstring", "dsn", "cookie", "key", "auth", "cred", "pass", "bearer", "basic",
    "digest", "negotiate", "signature", "lastappliedconfiguration", "@", '"p"',
)  # fmt: skip
"""Something of this is in whatever is redacted, once the text is `_FLATTENED` and has no separators."""
_FLATTENED: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz")


def nothing_secret(text: bytes) -> bool:
    """Whether a JSON text plainly holds nothing that names or looks like a secret. In doubt it does.

    Quick, for most objects are plain. What is spelled with escapes, or not in ASCII, takes a closer look.
    """
    if b"\\" in text or not text.isascii():
        return False
    flat = text.translate(_FLATTENED, b"-_. ").decode("ascii")
    return not any(telling in flat for telling in _TELLING)
