"""Reads hook calls from a connection's bytes: llhttp, and beside it the heads that were read before, byte for byte.

llhttp refuses what two readers could understand differently; beyond that heads are bounded in bytes and bodies by
`server.max_body`. When to answer, and how long to wait for the rest, is the connection's.
"""

from typing import Protocol
from urllib.parse import unquote_to_bytes

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser, parse_url
from httptools.parser.errors import HttpParserInvalidURLError

from shadow.errors import RequestError
from shadow.memory import Allotment
from shadow.upstream.base import Headers
from shadow.upstream.headers import Lines, first
from shadow.web.hooks import Admitted, HookEndpoint, RequestHead

MAX_HEAD_BYTES = 64 * 1024
"""Of everything in a request but its body; llhttp itself has no limit."""

_MOST_HEAD_BYTES = 4096  # of one that is remembered

_NO_UPGRADE = "hooks are called with plain HTTP/1.1"

_CHUNK_OVERHEAD = 8
"""Bytes around each byte of a chunked body: `1\\r\\nx\\r\\n` are five."""


class Incoming:
    """One request as it comes in."""

    __slots__ = (
        "admitted",
        "error",
        "headers",
        "keep_alive",
        "memory",
        "method",
        "parts",
        "read_headers",
        "size",
        "url",
    )

    def __init__(self, memory: Allotment) -> None:
        self.memory = memory  # for its body, until it is answered
        self.url = b""
        self.method = ""
        self.headers: Headers = ()
        self.read_headers: list[tuple[bytes, bytes]] = []
        self.parts: list[bytes] = []
        self.size = 0
        self.admitted: Admitted | None = None
        self.error: RequestError | None = None
        self.keep_alive = False


class Recipient(Protocol):
    """Who is told what was read."""

    def completed(self, incoming: Incoming) -> None:
        """A request is there as a whole."""

    def refuse(self, error: RequestError) -> None:
        """What follows cannot be told apart from the rest of this request: nothing more may be read."""

    def waits_to_go_on(self) -> None:
        """The caller sends its body when told to (`100-continue`)."""


class RequestReader:
    """Of one connection. Its methods named `on_` are llhttp's callbacks."""

    def __init__(self, endpoint: HookEndpoint, recipient: Recipient) -> None:
        self.partial = False
        """Whether a request has begun that is not complete."""
        self._endpoint = endpoint
        self._recipient = recipient
        self._parser = HttpRequestParser(self)
        self._incoming = Incoming(endpoint.memory.allot())
        self._raw = 0  # bytes since the request began, its body's among them
        self._head = b""  # of the request that is being read, if it came in one piece
        self._left = 0  # bytes of its body still to come, under a head that was known

    def feed(self, data: bytes) -> None:
        self._raw += len(data)
        if self._left:
            self._take(data)
        elif self.partial or not self._begins_as_before(data):
            self._read(data)

    def _begins_as_before(self, data: bytes) -> bool:
        """Whether a request begins with a head that llhttp has read before, byte for byte: it is not read again."""
        end = data.find(b"\r\n\r\n") + 4
        self._head = data[:end] if 4 <= end <= _MOST_HEAD_BYTES else b""
        known = self._endpoint.known_head(self._head)
        if known is None:
            return False
        incoming = self._incoming
        incoming.method, incoming.headers, self._left, incoming.admitted = known
        self.partial = True
        self._take(data[end:])
        return True

    def _take(self, data: bytes) -> None:
        """More of the body under a head that was known, and perhaps the beginning of the next request."""
        body, rest = (data, b"") if len(data) <= self._left else (data[: self._left], data[self._left :])
        self._left -= len(body)
        self.on_body(body)
        if not self._left:
            self._completed(keep_alive=True)
        if rest:
            self._raw = len(rest)
            self._read(rest)

    def _read(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._recipient.refuse(RequestError(400, "upgrade", _NO_UPGRADE))
        except HttpParserError as exc:
            self._recipient.refuse(RequestError(400, "not-http", f"not a valid HTTP request: {exc}"))
        if self._raw - self._incoming.size > MAX_HEAD_BYTES + _CHUNK_OVERHEAD * self._incoming.size:
            self._recipient.refuse(RequestError(431, "head-too-large", f"the head is above {MAX_HEAD_BYTES} bytes"))

    def on_message_begin(self) -> None:
        self.partial = True

    def on_url(self, url: bytes) -> None:
        self._incoming.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._incoming.read_headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        incoming = self._incoming
        incoming.method = self._parser.get_method().decode("ascii")
        incoming.headers = Lines(incoming.read_headers)
        try:
            require_head(self._parser.get_http_version(), incoming.headers)
        except RequestError as exc:
            incoming.error = exc
            self._recipient.refuse(exc)  # where its body ends is anybody's guess
        else:
            self._admit(incoming)
        if self._parser.should_upgrade():  # llhttp takes the body for the other protocol's: it would be missing
            incoming.error = RequestError(400, "upgrade", _NO_UPGRADE)
        expected = first(incoming.headers, b"expect")
        if expected is not None:
            self._head = b""  # there is more to such a head than to read it
            if expected.lower() == b"100-continue":
                self._expected(incoming)

    def on_body(self, data: bytes) -> None:
        incoming = self._incoming
        incoming.size += len(data)
        if incoming.size > self._endpoint.max_body and incoming.error is None:
            incoming.error = self._endpoint.too_large(f"more than {self._endpoint.max_body} bytes")
        elif incoming.error is None and not incoming.memory.take(len(data)):
            incoming.error = self._endpoint.overloaded()
        if incoming.error is None:
            incoming.parts.append(data)
        elif incoming.parts:
            incoming.parts.clear()
            incoming.memory.end()
        if incoming.error is not None and incoming.size > 2 * self._endpoint.max_body:
            self._recipient.refuse(incoming.error)  # what was refused is read to its end, but not without end

    def on_message_complete(self) -> None:
        incoming, keep_alive = self._incoming, self._parser.should_keep_alive()
        # All that came is this head and the length it announced: no chunks, and nothing of the next request.
        alone = self._raw == len(self._head) + incoming.size > len(self._head)
        if keep_alive and self._head and alone and incoming.admitted is not None and incoming.error is None:
            known = RequestHead(incoming.method, incoming.headers, incoming.size, incoming.admitted)
            self._endpoint.keep_head(self._head, known)
        self._completed(keep_alive=keep_alive)

    def _admit(self, incoming: Incoming) -> None:
        try:
            incoming.admitted = self._endpoint.admit(incoming.method, _path(incoming.url), incoming.headers)
        except RequestError as exc:
            incoming.error = exc

    def _expected(self, incoming: Incoming) -> None:
        if incoming.error is not None:
            self._recipient.refuse(incoming.error)
        else:
            self._recipient.waits_to_go_on()

    def _completed(self, *, keep_alive: bool) -> None:
        incoming, self._incoming = self._incoming, Incoming(self._endpoint.memory.allot())
        incoming.keep_alive = keep_alive
        self._raw, self._head, self.partial = 0, b"", False
        self._recipient.completed(incoming)


def require_head(version: str, headers: Headers) -> None:
    """
    Raises:
        RequestError: for what llhttp takes as well and another reader would not: HTTP 0.9, whose body is anybody's
            guess; a coding that nobody undoes (RFC 9112, 6.1); another number of hosts than one (3.2).
    """
    if version not in ("1.1", "1.0"):
        raise RequestError(505, "version", f"HTTP/{version} is not spoken here")
    codings = [value.strip().lower() for name, value in headers if name == b"transfer-encoding"]
    if codings and codings != [b"chunked"]:
        raise RequestError(501, "coding", "of transfer codings only `chunked` is understood")
    hosts = sum(name == b"host" for name, _ in headers)
    if hosts > 1 or (version == "1.1" and not hosts):
        raise RequestError(400, "host", f"a request names its host once, and this one {hosts} times")


def _path(url: bytes) -> str:
    """The path of a request target, of its absolute form too; percent-encoding undone."""
    try:
        path = parse_url(url).path
    except HttpParserInvalidURLError:
        raise RequestError(400, "not-http", "the request target is no URL") from None
    return unquote_to_bytes(path or b"/").decode("utf-8", "replace")
