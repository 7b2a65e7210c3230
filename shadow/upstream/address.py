"""Where an implementation is: the origin of its URL, and the request target of a hook there. Never resolves a name."""

from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

from shadow.errors import ConfigurationError, Problem

_TARGET_SAFE = "/%:@!$&'()*+,;=-._~?"
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed implementation URL. `host` is bare (`::1`); `authority` is what the Host header says (`[::1]:8080`)."""

    host: str
    port: int
    tls: bool
    authority: str
    prefix: str = ""

    def target(self, path: str) -> str:
        """The request target of a hook's path below this address, percent-encoded where it has to be."""
        return quote(f"{self.prefix}/{path.lstrip('/')}", safe=_TARGET_SAFE)

    @property
    def origin(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.authority}"


def parse_address(url: str) -> Address:
    """Read `http://host[:port][/prefix]` or the same with https.

    Raises:
        ConfigurationError: for another scheme, no host, a bad port, or credentials, query or fragment in the URL.
            The message never repeats the URL: it may hold a secret.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise ConfigurationError([Problem("url", "is not a URL")]) from exc
    if fault := _fault(parts, port):
        raise ConfigurationError([Problem("url", fault)])
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    default = _DEFAULT_PORTS[parts.scheme]
    return Address(
        host=host,
        port=port or default,
        tls=parts.scheme == "https",
        authority=shown if port in (None, default) else f"{shown}:{port}",
        prefix=parts.path.rstrip("/"),
    )


def _fault(parts: SplitResult, port: int | None) -> str | None:
    if parts.scheme not in _DEFAULT_PORTS:
        return "must begin with http:// or https://"
    if not parts.hostname or not parts.hostname.isascii() or not parts.hostname.isprintable() or " " in parts.hostname:
        return "must name a host"
    if port == 0:
        return "must name a port from 1 to 65535"
    if parts.username is not None or parts.password is not None:
        return "must not hold credentials; put them into authorization_file"
    if parts.query or parts.fragment:
        return "must have neither query nor fragment"
    return None
