"""The stock client behind the same interface (setting `upstream: httpx`): slower, but nobody here wrote it.

Goes to httpx's transport directly, not through `AsyncClient`: no redirects, cookies, proxies or default headers.
"""

import asyncio
import socket
import ssl
from time import perf_counter

import httpx

from shadow.memory import Memory
from shadow.upstream.address import Address
from shadow.upstream.answer import MAX_HEAD_BYTES, NO_MEMORY, Fault
from shadow.upstream.asyncio_transport import IDLE_SECONDS, MAX_ANSWER_BYTES, connect_fault
from shadow.upstream.base import Headers, Observation
from shadow.upstream.tls import TlsFiles, client_context


class HttpxTransport:
    """Implements `shadow.upstream.base.Transport` for one origin. TLS files are read once."""

    def __init__(
        self,
        address: Address,
        tls: TlsFiles | None = None,
        memory: Memory | None = None,
        *,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self._address = address
        self._memory = memory or Memory()
        self._max_answer_bytes = max_answer_bytes
        self._stock = httpx.AsyncHTTPTransport(
            verify=client_context(tls or TlsFiles()) if address.tls else True,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=IDLE_SECONDS),
        )

    async def post(
        self, path: str, headers: Headers, body: bytes, timeout_seconds: float, own: Headers = ()
    ) -> Observation:
        """`path` is a complete, encoded request target."""
        started = perf_counter()
        request = httpx.Request(
            "POST",
            httpx.URL(self._address.origin).copy_with(raw_path=path.encode("ascii")),
            headers=[(b"host", self._address.authority.encode()), *headers, *own],
            content=body,
        )
        try:
            async with asyncio.timeout(timeout_seconds):
                status, answered, content = await self._exchange(request)
        except TimeoutError:
            return self._failed(Fault("timeout", "no complete answer in time"), started)
        except httpx.TransportError as exc:
            return self._failed(self._fault(exc), started)
        except _AnswerError as exc:
            return self._failed(exc.fault, started)
        return Observation(status, answered, content, perf_counter() - started)

    async def close(self) -> None:
        await self._stock.aclose()

    async def _exchange(self, request: httpx.Request) -> tuple[int, Headers, bytes]:
        response = await self._stock.handle_async_request(request)
        try:
            headers = [(name.lower(), value) for name, value in response.headers.raw]
            version = response.extensions.get("http_version", b"HTTP/1.1")
            if fault := _framing_fault(version, response.status_code, headers):
                raise _AnswerError(Fault("protocol", fault))
            assert isinstance(response.stream, httpx.AsyncByteStream)
            chunks = []
            received, memory = 0, self._memory.allot()
            async for chunk in response.stream:  # as sent: nothing is decompressed
                received += len(chunk)
                if received > self._max_answer_bytes:
                    raise _AnswerError(
                        Fault("too-large", f"the answer is above the limit of {self._max_answer_bytes} bytes")
                    )
                if not memory.take(len(chunk)):
                    raise _AnswerError(Fault("memory", NO_MEMORY))
                chunks.append(chunk)
        finally:
            await response.aclose()
        return response.status_code, headers, b"".join(chunks)

    def _fault(self, exc: httpx.TransportError) -> Fault:
        if isinstance(exc, httpx.ConnectError):
            return connect_fault(_os_error(exc), self._address)
        if isinstance(exc, httpx.NetworkError):
            return Fault("reset", "the connection broke amid the exchange")
        said = str(exc)
        if "without sending complete message body" in said:
            return Fault("truncated", "the connection was closed amid the body")
        if "without sending a response" in said:
            return Fault("no-status-line", "the connection was closed without an answer")
        return Fault("protocol", f"not a valid HTTP answer: {type(exc).__name__}")

    def _failed(self, fault: Fault, started: float) -> Observation:
        return Observation(None, (), b"", perf_counter() - started, fault.code, fault.detail)


class _AnswerError(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.detail)
        self.fault = fault


def _framing_fault(version: bytes, status: int, headers: Headers) -> str | None:
    """What h11 lets pass and two readers could understand differently."""
    lengths = [value for name, value in headers if name == b"content-length"]
    codings = [value for name, value in headers if name == b"transfer-encoding"]
    if version not in (b"HTTP/1.1", b"HTTP/1.0"):
        return f"{version.decode('latin-1')} was not asked for"
    if len(lengths) > 1 or (lengths and codings):
        return "the length of the answer is said twice"
    if codings and [coding.lower() for coding in codings] != [b"chunked"]:
        return "a transfer coding other than a single `chunked`"
    if not 200 <= status <= 599:
        return f"status {status} is no valid answer"
    if sum(len(name) + len(value) + 4 for name, value in headers) > MAX_HEAD_BYTES:
        return f"the answer's headers are above {MAX_HEAD_BYTES} bytes"
    return None


def _os_error(exc: BaseException) -> OSError:
    """The operating system's error beneath httpx's and httpcore's wrappers."""
    beneath: BaseException | None = exc
    while beneath is not None:
        if isinstance(beneath, BaseExceptionGroup):
            beneath = beneath.exceptions[0]
        elif isinstance(beneath, (ssl.SSLError, socket.gaierror, OSError)):
            return beneath
        else:
            beneath = beneath.__cause__ or beneath.__context__
    return ConnectionRefusedError(str(exc))
