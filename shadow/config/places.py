"""How places are spelled: files, URLs, paths of hooks, fields of an object. What may be secret is never repeated."""

import re
from pathlib import Path
from typing import Annotated

from shadow.config.base import Spelled, fault, shown
from shadow.config.scalars import text
from shadow.fieldpath import parse

_LABEL = r"[A-Za-z0-9_-]{1,63}"  # an underscore is no host name, but Docker's and some clusters' DNS has it
_URL = re.compile(
    rf"https?://(?:\[[0-9A-Fa-f:.]+\]|{_LABEL}(?:\.{_LABEL})*\.?)(?::(?P<port>[0-9]{{1,5}}))?(?:/[\x21-\x7e]*)?"
)


def file(value: object) -> Path:
    """The path of a file; a relative one is taken from where the process started."""
    result = text(value)
    if "\0" in result:
        raise fault("must be a path without a NUL byte")
    return Path(result)


def http_url(value: object) -> str:
    """`http://host[:port][/prefix]`, given back without a trailing slash. What is secret is never repeated."""
    return _url(value, "http://profile-controller-old:8080", "put them into a file and name it in authorization_file")


def collector_url(value: object) -> str:
    """The same, where no credentials can be given at all."""
    return _url(value, "http://otel-collector:4318", "OTEL_EXPORTER_OTLP_HEADERS in the environment takes a header")


def _url(value: object, example: str, instead_of_credentials: str) -> str:
    """Every fault of it at once."""
    url, faults = text(value), []
    if "@" in url:  # anywhere: a password may hold a slash
        faults.append(f"must not hold credentials; {instead_of_credentials}")
    if "?" in url or "#" in url:
        faults.append("must not have a query or a fragment")
    scheme, separator, rest = re.split(r"[?#]", url)[0].partition("://")
    match = _URL.fullmatch(scheme + separator + rest.rpartition("@")[2])
    if match is None:
        faults.append(f"must be a URL such as {example}" + ("" if "@" in url else f", not {shown(value)}"))
    elif not 0 < int(match["port"] or 80) < 65536:
        faults.append(f"must have a port from 1 to 65535, not {match['port']}")
    if faults:
        raise fault("; ".join(faults))
    return url.rstrip("/")


def url_path(value: object) -> str:
    """The path of one hook: `/sync`."""
    if not isinstance(value, str) or not re.fullmatch(r"/[\x21-\x7e]*", value) or re.search(r"[?#]", value):
        raise fault(f"must be a path such as /sync, without query, not {shown(value)}")
    return value


_STAND_IN = re.compile(r"<(?:namespace|name|uid|redacted)>")


def refuse_stand_in(pattern: str) -> None:
    """What reports write for the words of each parent's own matches nothing."""
    found = _STAND_IN.search(pattern)
    if found is not None:
        remedy = "write * there, or [logs-*] for a part of a field's name"
        raise fault(f"must not hold {found[0]}, by which reports mean a word of each parent's own: {remedy}")


def field_path(value: object) -> str:
    """`spec.template.spec.containers[name=main].image`; `["a.b/c"]` quotes a segment."""
    path = text(value)
    refuse_stand_in(path)
    try:
        steps = parse(path)
    except ValueError as error:
        raise fault(f"must be a field path: {error}") from None
    if not steps or len(path) > 1024:
        raise fault("must be a field path of at most 1024 characters")
    return path


File = Annotated[Path, Spelled(file, str, {"type": "string", "minLength": 1})]
Url = Annotated[str, Spelled(http_url, str, {"type": "string", "pattern": "^https?://[^?#@]+$"})]
CollectorUrl = Annotated[str, Spelled(collector_url, str, {"type": "string", "pattern": "^https?://[^?#@]+$"})]
UrlPath = Annotated[str, Spelled(url_path, str, {"type": "string", "pattern": "^/[^?#]*$"})]
FieldPath = Annotated[str, Spelled(field_path, str, {"type": "string", "minLength": 1})]
