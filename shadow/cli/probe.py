"""Tries the way to each implementation, hop by hop: name, TCP, TLS, HTTP. No hook is called: it asks with `HEAD`.

That HTTP is spoken is all it looks for: a hook that knows only POST answers 501, and that is fine.
"""

import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

from shadow.config.implementation import Implementation
from shadow.config.model import Configuration
from shadow.terms import Side
from shadow.upstream.address import Address, parse_address
from shadow.upstream.tls import TlsFiles, client_context

PATIENCE_SECONDS = 5.0
"""For each hop."""

Ask = Callable[[HTTPConnection, Address, Implementation], str]
"""Says something over an open connection and returns what came back, in words; raises BlockedError, or as HTTP does."""


class BlockedError(Exception):
    """HTTP is spoken, and the way ends at a later hop."""

    def __init__(self, hop: str, what: str) -> None:
        super().__init__(what)
        self.hop = hop


@dataclass(frozen=True, slots=True)
class Probe:
    """How far one implementation could be reached.

    `blocked` names the hop: name, tcp, tls, http, and with a recorded call hook and answer; None if all are open.
    `what` is an error, or what came back.
    """

    implementation: str
    origin: str
    blocked: str | None
    what: str

    def __str__(self) -> str:
        state = "can be reached" if self.blocked is None else f"is blocked at {self.blocked}"
        return f"{self.implementation}: {self.origin} {state}: {self.what}"


def probes(configuration: Configuration, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[Probe]:
    """Both implementations of each migration, one after the other."""
    for name, migration in configuration.migrations.items():
        for side in Side:
            yield probe(f"migrations.{name}.{side.value}", migration.implementation(side), patience_seconds)


def head(connection: HTTPConnection, address: Address, settings: Implementation) -> str:
    """Ask for nothing: whatever status comes back, HTTP is spoken."""
    headers = {"Host": address.authority, "Connection": "close", "Content-Length": "0"}
    connection.request("HEAD", address.target(settings.sync), headers=headers)
    status = connection.getresponse().status
    return f"it speaks HTTP ({status} to HEAD {settings.sync}; no hook was called)"


def probe(name: str, settings: Implementation, patience_seconds: float, ask: Ask = head) -> Probe:
    """One implementation. What is found is data: nothing is raised for what the other end does."""
    address = parse_address(settings.url)
    hop = "name"
    try:
        socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        hop = "tcp"
        with socket.create_connection((address.host, address.port), patience_seconds) as plain:
            hop = "tls" if address.tls else "http"
            with _secured(plain, address, settings) as secured:
                hop = "http"
                connection = HTTPConnection(address.host, address.port)
                connection.sock = secured
                what = ask(connection, address, settings)
    except (OSError, HTTPException) as exc:
        return Probe(name, address.origin, hop, _reason(exc))
    except BlockedError as exc:
        return Probe(name, address.origin, exc.hop, str(exc))
    return Probe(name, address.origin, None, what)


def connected(connection: HTTPConnection) -> socket.socket:
    """The socket of a connection that is open."""
    assert isinstance(connection.sock, socket.socket)
    return connection.sock


def _secured(plain: socket.socket, address: Address, settings: Implementation) -> socket.socket:
    if not address.tls:
        return plain
    files = settings.tls
    context = client_context(TlsFiles(files.ca_file, files.cert_file, files.key_file) if files else TlsFiles())
    return context.wrap_socket(plain, server_hostname=address.host)


def _reason(exc: Exception) -> str:
    if isinstance(exc, TimeoutError):
        return "no answer in time"
    if isinstance(exc, ssl.SSLCertVerificationError):
        return exc.verify_message
    return (exc.strerror if isinstance(exc, OSError) else None) or str(exc) or type(exc).__name__
