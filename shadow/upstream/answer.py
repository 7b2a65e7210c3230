"""Reads one HTTP/1.x answer from the bytes as they come, and decides whether it is complete and valid.

Does no I/O. llhttp, which parses, refuses what two readers could understand differently: two lengths, a length beside
a transfer coding, folded lines, bare CR or LF, spaces around names. Beyond that we refuse any transfer coding but a
single `chunked`, one in HTTP/1.0, other versions, upgrades, and status codes outside 200 to 599. A head that is byte
for byte one that was read before is not read again.
"""

from typing import NamedTuple

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from shadow.memory import Memory
from shadow.recent import Recent
from shadow.upstream.base import Headers
from shadow.upstream.headers import Lines

MAX_HEAD_BYTES = 64 * 1024
"""Of everything in an answer but its body: headers, interim answers, trailers. llhttp itself has no limit."""

_CHUNK_OVERHEAD = 8
"""Bytes around each byte of a chunked body: `1\\r\\nx\\r\\n` are five."""


NO_MEMORY = "there is no memory for the answer beside what all calls hold (server.in_flight)"


class Fault(NamedTuple):
    """Why there is no valid answer: an error code of `Observation`, and a sentence."""

    code: str
    detail: str


class AnswerHead(NamedTuple):
    """A head that llhttp has read: of an answer with a length, behind which the connection is kept."""

    status: int
    headers: Headers
    length: int


Heads = Recent[bytes, AnswerHead]

_MOST_HEADS = 64
_MOST_HEAD_BYTES = 4096  # of one that is remembered


def no_heads() -> Heads:
    """An empty memory, for the answers of one server."""
    return Recent(_MOST_HEADS)


class AnswerReader:
    """The answer to one request at a time; `reset` makes it ready for the next one on the same connection.

    After `feed` or `end` returned True the exchange is over: `fault` says why it failed, or is None and `status`,
    `headers` and `body` are the answer. `reusable` tells whether the connection may carry another request.
    """

    __slots__ = (
        "_announced",
        "_chunks",
        "_codings",
        "_head",
        "_heads",
        "_in_body",
        "_left",
        "_max_body_bytes",
        "_memory",
        "_parser",
        "_raw",
        "_read_headers",
        "_received",
        "done",
        "fault",
        "headers",
        "reusable",
        "status",
    )

    def __init__(self, max_body_bytes: int, heads: Heads | None = None, memory: Memory | None = None) -> None:
        """`heads`: what all connections to one server remember together; `memory`: None is without bound."""
        self._max_body_bytes = max_body_bytes
        self._heads = no_heads() if heads is None else heads
        self._memory = (memory or Memory()).allot()
        self._parser = HttpResponseParser(self)
        self.reset()

    def reset(self) -> None:
        self.status = 0
        self.headers: Headers = ()
        self._read_headers: list[tuple[bytes, bytes]] = []
        self.fault: Fault | None = None
        self.done = False
        self.reusable = False
        self.let_go()
        self._codings: list[bytes] = []
        self._announced = -1
        self._raw = 0
        self._received = 0
        self._in_body = False
        self._head = b""  # as it came, if it came in one piece
        self._left = 0  # bytes of the body still to come, under a head that was known

    def let_go(self) -> None:
        """Of the body: somebody else has it now."""
        self._chunks: list[bytes] = []
        self._memory.end()

    @property
    def body(self) -> bytes:
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)

    def feed(self, data: bytes) -> bool:
        """Take what came in; True when the exchange is over."""
        if self._left:
            return self._take(data)
        if not self._raw:
            end = data.find(b"\r\n\r\n") + 4
            head = data[:end] if 4 <= end <= _MOST_HEAD_BYTES else b""
            if (known := self._heads.get(head)) is not None:
                self.status, self.headers, self._left = known
                self._announced, self._raw, self._in_body = self._left, end, True
                return self._take(data[end:])
            self._head = head
        return self._read(data)

    def _take(self, data: bytes) -> bool:
        """More of the body under a head that was known. Bytes behind it: nothing more is believed of the connection."""
        body = data if len(data) <= self._left else data[: self._left]
        self._received += len(body)
        self._left -= len(body)
        self._keep(body)
        if not self._left:
            self.done = True
            self.reusable = body is data and self.fault is None
        return self.done

    def _read(self, data: bytes) -> bool:
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self.fail("protocol", "the answer switches protocols")
        except HttpParserError as exc:
            # Bytes behind a complete answer: it stands, but nothing more is believed of this connection.
            self.reusable = False
            self.fail("protocol", f"not a valid HTTP answer: {exc}")
        self._raw += len(data)
        if self._raw - self._received > MAX_HEAD_BYTES + _CHUNK_OVERHEAD * self._received:
            self.fail("protocol", f"the answer's headers are above {MAX_HEAD_BYTES} bytes")
        # All that came is this head and the length it announced: no interim answer, no chunks.
        if self.reusable and self._head and self._raw == len(self._head) + self._announced > len(self._head):
            self._heads.keep(self._head, AnswerHead(self.status, self.headers, self._announced))
        return self.done

    def end(self) -> bool:
        """The other end closed in good order. Always True: the exchange is over.

        Without any length the close is what ends a body (HTTP/1.0 hooks do that). A body cut short there is not seen
        here, but the beginning of a JSON object is no JSON object, so it is refused by whoever reads it.
        """
        if self.done:
            return True
        if self._in_body and self._announced < 0 and not self._codings:
            self.done = True
        elif self._in_body:
            self.fail("truncated", f"the connection was closed after {self._received} bytes of the body")
        elif self.status or self._read_headers:
            self.fail("truncated", "the connection was closed amid the headers")
        else:
            self.fail("no-status-line", "the connection was closed without an answer")
        return True

    def _keep(self, data: bytes) -> None:
        if self._memory.take(len(data)):
            self._chunks.append(data)
        else:
            self.fail("memory", NO_MEMORY)
            self.let_go()

    def fail(self, code: str, detail: str) -> None:
        """End the exchange without a valid answer, unless it is over already."""
        if not self.done:
            self.done = True
            self.fault = Fault(code, detail)

    # --- llhttp's callbacks; whatever follows the end of the exchange is passed over ----------------------------

    def on_message_begin(self) -> None:
        if self.done:
            self.reusable = False  # an answer to nothing
            return
        self.headers = ()
        self._read_headers = []
        self._codings = []
        self._announced = -1

    def on_status(self, _reason: bytes) -> None:
        if not self.done:
            self.status = self._parser.get_status_code()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.done or self._in_body:  # trailers are not for us
            return
        name = name.lower()
        self._read_headers.append((name, value))
        if name == b"content-length":
            self._announced = int(value)
        elif name == b"transfer-encoding":
            self._codings.append(value.lower())

    def on_headers_complete(self) -> None:
        if self.done:
            return
        self.status = self._parser.get_status_code()
        self.headers = Lines(self._read_headers)
        version = self._parser.get_http_version()
        if version not in ("1.1", "1.0"):
            self.fail("protocol", f"HTTP/{version} was not asked for")
        elif not 100 <= self.status <= 599 or self.status == 101:
            self.fail("protocol", f"status {self.status} is no valid answer")
        elif self._codings and (self._codings != [b"chunked"] or version == "1.0"):
            self.fail("protocol", "a transfer coding other than a single `chunked`")
        elif self._announced > self._max_body_bytes:
            self.fail("too-large", f"{self._announced} bytes announced, the limit is {self._max_body_bytes}")
        else:
            self._in_body = self.status >= 200

    def on_body(self, data: bytes) -> None:
        if self.done:
            return
        self._received += len(data)
        if self._received > self._max_body_bytes:
            self.fail("too-large", f"the answer is above the limit of {self._max_body_bytes} bytes")
            self.let_go()
        else:
            self._keep(data)

    def on_message_complete(self) -> None:
        if not self.done and self.status >= 200:  # 100, 102, 103 precede the answer
            self.done = True
            self.reusable = self._parser.should_keep_alive()
