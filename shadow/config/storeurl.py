"""Which database a store's URL names, decided at one place; and how such a URL may be shown: without its password."""

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_SQLITE = "sqlite:///"
_POSTGRES = ("postgresql://", "postgres://")
_SECRET = frozenset(("password", "sslpassword"))
HIDDEN = "<redacted>"
PATTERN = "^(sqlite:///|postgres(ql)?://)"
FORMS = "sqlite:///relative.db, sqlite:////absolute/path.db or postgresql://user@host/database"


def sqlite_path(url: str) -> Path | None:
    """The file that a URL names; None for another kind of store."""
    return Path(url.removeprefix(_SQLITE)) if url.startswith(_SQLITE) and len(url) > len(_SQLITE) else None


def is_postgres(url: str) -> bool:
    return url.startswith(_POSTGRES)


def is_store_url(value: object) -> bool:
    """Whether a configuration may hold it."""
    if not isinstance(value, str) or "\0" in value:
        return False
    return is_postgres(value) or re.fullmatch(r"sqlite:///[^?#]+", value) is not None


def shown(url: str) -> str:
    """The URL without what is secret in it."""
    if not is_postgres(url):
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return f"{url.partition('://')[0]}://..."
    login, at, host = parts.netloc.rpartition("@")
    user, colon, _ = login.partition(":")
    options = [(key, HIDDEN if key in _SECRET else value) for key, value in parse_qsl(parts.query)]
    query = parts.query if all(key not in _SECRET for key, _ in options) else urlencode(options, safe="<>/,")
    return urlunsplit((parts.scheme, f"{user}{colon and ':' + HIDDEN}{at}{host}", parts.path, query, ""))


def without_password(text: str, url: str) -> str:
    """A configuration's text without the password of the store's URL that it holds."""
    return text.replace(url, shown(url)) if is_postgres(url) else text
