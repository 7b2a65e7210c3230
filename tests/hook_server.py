"""A real HTTP server on loopback that does to its caller what a test says, the worst included.

It runs in threads of its own: tests with and without an event loop use it alike, and a hook that hangs holds up
nobody else.

    with HookServer(answer_json({"status": {}, "children": []})) as hook:
        ...                                # call hook.url
        hook.behaviour = hang              # from the next call on
        assert hook.calls[0].json()["finalizing"] is False

A behaviour is any `Callable[[Exchange], None]`; `in_turn(a, b, c)` gives one to each call and stays with the last.
"""

import itertools
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER with zero seconds: close() sends RST instead of FIN."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it came in. Header names are in lower case; `received` is `time.monotonic()` after the body."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int
    received: float

    def json(self) -> Any:
        return json.loads(self.body)


class Exchange:
    """What a behaviour does with the connection of one call. It ends when the behaviour returns."""

    def __init__(self, call: Call, connection: socket.socket, closing: threading.Event) -> None:
        self.call = call
        self.keep_alive = False
        self._socket = connection
        self._closing = closing

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def sleep(self, seconds: float) -> None:
        """Returns early when the server stops."""
        self._closing.wait(seconds)

    def wait_until_hung_up(self) -> None:
        """Returns when the caller closes, or the server stops."""
        while self._socket.recv(65536):
            pass

    def reset(self) -> None:
        """The caller sees `Connection reset by peer`."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.keep_alive = False


Behaviour = Callable[[Exchange], None]


class HookServer:
    """Serves `behaviour` on a free port of 127.0.0.1 until closed; use it as a context manager.

    Args:
        behaviour: What happens to a call; may be replaced while calls are under way.
        one_at_a_time: As the real Kubeflow hooks: the next call waits until the one before is through.

    A request without `Content-Length` gets what those hooks do to it: the connection is closed without a status line
    and `faults` says so.
    """

    def __init__(self, behaviour: Behaviour, *, one_at_a_time: bool = False) -> None:
        self.behaviour = behaviour
        self.calls: list[Call] = []
        self.faults: list[str] = []
        self.most_in_flight = 0
        self._in_flight = 0
        self._changed = threading.Condition()
        self._turn = threading.Semaphore(1 if one_at_a_time else 1_000_000)
        self._closing = threading.Event()
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._start(self._accept)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def in_flight(self) -> int:
        return self._in_flight

    def wait_for_calls(self, count: int, timeout_seconds: float = 30) -> list[Call]:
        """Returns the calls as soon as there are `count`; fails the test otherwise."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.calls) >= count, timeout_seconds):
                raise AssertionError(f"{len(self.calls)} of {count} calls after {timeout_seconds} s")
            return list(self.calls)

    def close(self) -> None:
        """Ends every connection, whatever a behaviour is doing, and waits for the threads."""
        self._closing.set()
        for one in (self._listener, *self._snapshot()):
            shut(one)
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive(), "a behaviour does not end when the server stops"
        self._listener.close()

    def _snapshot(self) -> list[socket.socket]:
        with self._changed:
            return list(self._connections)

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        for number in itertools.count():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._changed:
                self._connections.add(connection)
            if self._closing.is_set():  # close() may have looked before this connection was there
                shut(connection)
            self._start(self._serve, connection, number)

    def _serve(self, connection: socket.socket, number: int) -> None:
        reader = connection.makefile("rb")
        try:
            while (call := self._read(reader, number)) is not None:
                exchange = Exchange(call, connection, self._closing)
                with self._turn, self._counted(call):
                    self.behaviour(exchange)
                if not exchange.keep_alive:
                    return
        except OSError:
            return  # the caller hung up, or the server stops: either way nobody listens any more
        finally:
            reader.close()
            connection.close()
            with self._changed:
                self._connections.discard(connection)

    @contextmanager
    def _counted(self, call: Call) -> Iterator[None]:
        with self._changed:
            self.calls.append(call)
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._in_flight -= 1

    def _read(self, reader: Any, number: int) -> Call | None:
        request = reader.readline().decode("latin-1").split()
        if not request:
            return None
        headers: dict[str, str] = {}
        while line := reader.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        if "content-length" not in headers:
            self.faults.append(f"{' '.join(request)}: no Content-Length")
            return None
        body = reader.read(int(headers["content-length"]))
        return Call(request[0], request[1], headers, body, number, time.monotonic())


def shut(one: socket.socket) -> None:
    """Wakes whoever reads from or accepts on it; closing alone would not."""
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # not connected any more


# --- answers as they should be -------------------------------------------------------------------------------------


def answer(
    body: bytes, status: int = 200, headers: Iterable[tuple[str, str]] = (), delay_seconds: float = 0
) -> Behaviour:
    """A complete HTTP/1.1 answer with Content-Length; the connection stays open."""

    def behave(exchange: Exchange) -> None:
        exchange.sleep(delay_seconds)
        exchange.send(head(status, [("Content-Length", str(len(body))), *headers]) + body)
        exchange.keep_alive = True

    return behave


def answer_json(value: Any, status: int = 200, delay_seconds: float = 0) -> Behaviour:
    return answer(json.dumps(value).encode(), status, [("Content-Type", "application/json")], delay_seconds)


def computed(function: Callable[[Call], Any]) -> Behaviour:
    """Answers the JSON that `function` makes of the call: a hook in one line."""
    return lambda exchange: answer_json(function(exchange.call))(exchange)


def http10(body: bytes, status: int = 200) -> Behaviour:
    """As Python's BaseHTTPRequestHandler: HTTP/1.0, no Content-Length, the end of the connection ends the body."""
    return raw(head(status, [("Content-Type", "application/json")], version="1.0") + body)


def chunked(*pieces: bytes, every_seconds: float = 0) -> Behaviour:
    """`Transfer-Encoding: chunked`, one chunk a piece."""

    def behave(exchange: Exchange) -> None:
        exchange.send(head(200, [("Transfer-Encoding", "chunked")]))
        for piece in pieces:
            exchange.send(b"%x\r\n%b\r\n" % (len(piece), piece))
            exchange.sleep(every_seconds)
        exchange.send(b"0\r\n\r\n")
        exchange.keep_alive = True

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """The first call gets the first behaviour, and so on; the last one stays."""
    numbers = itertools.count()

    def behave(exchange: Exchange) -> None:
        behaviours[min(next(numbers), len(behaviours) - 1)](exchange)

    return behave


# --- and as they should not be -------------------------------------------------------------------------------------


def hang(exchange: Exchange) -> None:
    """Takes the request and never says a word."""
    exchange.wait_until_hung_up()


def close(exchange: Exchange) -> None:
    """Closes without a status line, as the real hooks do on any exception."""


def reset(exchange: Exchange) -> None:
    """Takes the request, then resets the connection."""
    exchange.reset()


def raw(data: bytes) -> Behaviour:
    """Sends these very bytes, HTTP or not, and closes."""
    return lambda exchange: exchange.send(data)


def redirect(location: str, status: int = 307) -> Behaviour:
    return answer(b"", status, [("Location", location)])


def half(body: bytes, *, then: Behaviour = close) -> Behaviour:
    """Announces the whole body, sends half of it, and then closes, resets or hangs."""

    def behave(exchange: Exchange) -> None:
        exchange.send(head(200, [("Content-Length", str(len(body)))]) + body[: len(body) // 2])
        then(exchange)

    return behave


def drip(body: bytes, *, every_seconds: float = 0.05, piece_bytes: int = 1) -> Behaviour:
    """A valid answer, `piece_bytes` at a time: never silent for long, and yet too slow."""

    def behave(exchange: Exchange) -> None:
        data = head(200, [("Content-Length", str(len(body)))]) + body
        for start in range(0, len(data), piece_bytes):
            exchange.send(data[start : start + piece_bytes])
            exchange.sleep(every_seconds)

    return behave


def huge(size_bytes: int, *, announced: bool = True) -> Behaviour:
    """`size_bytes` of JSON (one long string), with Content-Length or ended by the connection's end."""

    def behave(exchange: Exchange) -> None:
        exchange.send(head(200, [("Content-Length", str(size_bytes))] if announced else []) + b'"')
        left = size_bytes - 2
        while left:
            piece = min(left, 1 << 16)
            exchange.send(b"x" * piece)
            left -= piece
        exchange.send(b'"')

    return behave


def head(status: int, headers: Iterable[tuple[str, str]], version: str = "1.1") -> bytes:
    """Status line and headers, up to and with the empty line."""
    lines = [f"HTTP/{version} {status} Whatever", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


@contextmanager
def refusing_url() -> Iterator[str]:
    """A URL at which every connection is refused: the port is taken, and nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
