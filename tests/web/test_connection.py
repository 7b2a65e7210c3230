"""Both readers of hook calls, ours and uvicorn's, over real sockets; what differs is in the tests of ours alone."""

import asyncio
import contextlib
import random
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from shadow import descriptors
from shadow.config.process import ServerTls
from shadow.config.scalars import Address
from shadow.memory import Memory
from shadow.proxy.calls.call import Reply
from shadow.terms import Hook, Side
from shadow.upstream.base import Headers
from shadow.web import accept, bounded, connection, listen
from shadow.web.bounded import BoundedConnection
from shadow.web.connection import HookConnection
from shadow.web.hooks import HookEndpoint
from shadow.web.incoming import MAX_HEAD_BYTES
from shadow.web.listen import Listener
from tests.upstream.certificates import Certificate, make_certificate

Http = type[asyncio.Protocol]
MAX_BODY = 1000
MOST = 20  # connections, where a test bounds them
HEAD = b"POST /m/sync HTTP/1.1\r\nhost: x\r\n"
CALL = HEAD + b"content-length: 2\r\n\r\n{}"
BOTH = pytest.mark.parametrize("http", [HookConnection, BoundedConnection], ids=["ours", "uvicorn"])


@dataclass
class Dispatcher:
    """Answers with what it was sent; `wait` is set by tests that need a call to take a while."""

    bodies: list[bytes] = field(default_factory=list)
    wait: asyncio.Event | None = None

    async def handle(self, migration: object, hook: Hook, headers: Headers, body: bytes) -> tuple[Reply, str]:
        self.bodies.append(body)
        if self.wait is not None:
            await self.wait.wait()
        if body == b"crash":
            raise RuntimeError("a fault of ours")
        return Reply(200, [(b"x-hook", hook.value.encode())], b"got " + body, Side.OLD, "stage"), "call-1"


@dataclass
class Rules:
    """Who is let in; tests change it while a connection stands."""

    token: str | None
    migrations: Mapping[str, object] = field(default_factory=lambda: {"m": object()})


@dataclass
class Serving:
    """A listener in this process."""

    listener: Listener
    dispatcher: Dispatcher
    rules: Rules

    @property
    def port(self) -> int:
        return int(self.listener.address.rpartition(":")[2])

    async def raw(self, *sent: bytes, end: bool = False) -> bytes:
        """Everything that comes back until the other end closes, or nothing more comes for a while."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        got = b""
        try:
            for part in sent:
                writer.write(part)
                await asyncio.sleep(0.01 if len(sent) > 1 else 0)
            if end:
                writer.write_eof()
            while more := await asyncio.wait_for(reader.read(65536), 0.12):
                got += more
        except (TimeoutError, ConnectionError):
            return got
        finally:
            writer.close()
        return got + b"(closed)"


@asynccontextmanager
async def serving(
    http: Http, token: str | None = None, tls: ServerTls | None = None, name: str = "hooks"
) -> AsyncIterator[Serving]:
    dispatcher = Dispatcher()
    rules = Rules(token)
    endpoint = HookEndpoint(dispatcher, lambda: rules.migrations, lambda: rules.token, MAX_BODY, Memory())  # type: ignore[arg-type, return-value]
    listener = Listener(name, endpoint, Address("127.0.0.1", 0), tls, 2.0, http)
    task = asyncio.create_task(listener.run_until_told())
    while not listener.started:
        await asyncio.sleep(0.005)
    try:
        yield Serving(listener, dispatcher, rules)
    finally:
        listener.stop()
        await task


@BOTH
async def test_a_call_is_answered_and_the_connection_stays(http: Http) -> None:
    async with serving(http) as server:
        answered = await server.raw(CALL, CALL)
        assert server.dispatcher.bodies == [b"{}", b"{}"]
    head = b"HTTP/1.1 200 OK\r\nx-hook: sync\r\nx-shadow-served: old\r\ncontent-length: 6\r\nx-shadow-call: call-1\r\n"
    assert answered == (head + b"\r\ngot {}") * 2


@BOTH
@pytest.mark.parametrize(
    "cut",
    [
        lambda call: [call[at : at + 1] for at in range(len(call))],
        lambda call: [call[: len(HEAD) - 3], call[len(HEAD) - 3 :]],
        lambda call: [HEAD + b"transfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"],
        lambda call: [call.replace(b"POST /m/", b"POST http://x/m/")],
        lambda call: [call.replace(b"/m/sync", b"/%6d/sync?timeout=5")],
    ],
    ids=["byte by byte", "in two", "chunked", "absolute", "encoded"],
)
async def test_however_it_comes(http: Http, cut: Callable[[bytes], list[bytes]]) -> None:
    async with serving(http) as server:
        assert (await server.raw(*cut(CALL))).endswith(b"got {}")
        assert server.dispatcher.bodies == [b"{}"]


@BOTH
async def test_a_head_that_came_before_is_admitted_as_things_are_now(http: Http) -> None:
    async with serving(http) as server:
        assert (await server.raw(CALL, CALL)).count(b"200 OK") == 2
        server.rules.token = "fake-token"
        assert b"HTTP/1.1 401 " in await server.raw(CALL, CALL)
        server.rules.token, server.rules.migrations = None, {}
        assert b"HTTP/1.1 404 " in await server.raw(CALL, CALL)
        server.rules.migrations = {"m": object()}
        assert (await server.raw(CALL, CALL)).count(b"200 OK") == 2
    assert len(server.dispatcher.bodies) == 4


@BOTH
async def test_a_head_that_came_before_is_taken_for_what_it_was(http: Http) -> None:
    other = CALL.replace(b"/sync", b"/finalize")
    cut = len(CALL) - 1
    sent = [
        CALL,
        CALL,
        CALL[:cut],
        CALL[cut:] + other,
        other,
        CALL + other + CALL[:9],
        CALL[9:],
        CALL.replace(b"m/", b"n/"),
    ]
    async with serving(http) as server:
        answered = await server.raw(*sent)
        assert server.dispatcher.bodies == [b"{}"] * 8
    hooks = [part.split(b"\r\n")[0] for part in answered.split(b"x-hook: ")[1:]]
    assert hooks == [b"sync", b"sync", b"sync", b"finalize", b"finalize", b"sync", b"finalize", b"sync"]
    assert answered.count(b"HTTP/1.1 404 ") == 1


@BOTH
async def test_pipelined_calls_are_answered_in_their_order(http: Http) -> None:
    calls = b"".join(CALL.replace(b"{}", b"%02d" % number) for number in range(40))
    async with serving(http) as server:
        answered = await server.raw(calls)
    assert [part[:2] for part in answered.split(b"got ")[1:]] == [b"%02d" % number for number in range(40)]


@BOTH
@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (CALL.replace(b"/m/", b"/other/"), 404, b"no-such-migration"),
        (CALL.replace(b"sync", b"nope"), 404, b"no-such-hook"),
        (b"GET /m/sync HTTP/1.1\r\nhost: x\r\n\r\n", 405, b"method"),
        (HEAD + b"content-length: 1001\r\n\r\n" + b"x" * 1001, 413, b"too-large"),
        (HEAD + b"transfer-encoding: chunked\r\n\r\n3ea\r\n" + b"x" * 1002 + b"\r\n0\r\n\r\n", 413, b"too-large"),
    ],
    ids=["migration", "hook", "method", "announced", "chunked"],
)
async def test_what_is_no_call_is_told_so(http: Http, sent: bytes, status: int, code: bytes) -> None:
    async with serving(http) as server:
        answered = await server.raw(sent)
        assert server.dispatcher.bodies == []
    assert answered.startswith(b"HTTP/1.1 %d " % status)
    assert b'"code": "%b"' % code in answered


@BOTH
async def test_the_token_is_asked_for(http: Http) -> None:
    async with serving(http, token="fake-token") as server:
        for address in (b"/m/sync", b"/other/sync", b"/m/other"):  # what there is cannot be tried out without it
            assert (await server.raw(CALL.replace(b"/m/sync", address))).startswith(b"HTTP/1.1 401 ")
        given = CALL.replace(b"host: x", b"host: x\r\nAuthorization: Bearer fake-token")
        assert (await server.raw(given)).startswith(b"HTTP/1.1 200 ")
        assert server.dispatcher.bodies == [b"{}"]


@BOTH
@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        CALL.replace(b"content-length: 2", b"content-length: 2\r\ncontent-length: 3"),
        CALL.replace(b"content-length: 2", b"content-length: 2\r\ntransfer-encoding: chunked"),
        CALL.replace(b"content-length: 2", b"content-length: two"),
        CALL.replace(b"host: x", b"host : x"),
        CALL.replace(b"host: x", b"host: x\r\n folded: y"),
    ],
    ids=["tls", "two lengths", "length and coding", "length", "space", "folded"],
)
async def test_what_two_readers_could_understand_differently_is_no_request(http: Http, sent: bytes) -> None:
    async with serving(http) as server:
        answered = await server.raw(sent)
        assert server.dispatcher.bodies == []
    assert answered.startswith(b"HTTP/1.1 400 ")
    assert answered.endswith(b"(closed)")


@BOTH
@pytest.mark.parametrize(
    "sent",
    [CALL.replace(b"1.1", b"1.0"), CALL.replace(b"host: x", b"host: x\r\nconnection: close")],
    ids=["1.0", "close"],
)
async def test_the_connection_is_closed_where_the_caller_wants_it(http: Http, sent: bytes) -> None:
    async with serving(http) as server:
        assert (await server.raw(sent)).endswith(b"got {}(closed)")


@BOTH
async def test_a_caller_that_asks_first_is_told_to_go_on(http: Http) -> None:
    async with serving(http) as server:
        answered = await server.raw(CALL[:-2].replace(b"host: x", b"host: x\r\nexpect: 100-continue"), b"{}")
    assert answered.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


@BOTH
@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
async def test_a_call_that_asks_for_another_protocol_is_not_made_without_its_body(http: Http, protocol: bytes) -> None:
    async with serving(http) as server:
        asked = b"host: x\r\nconnection: upgrade\r\nupgrade: " + protocol
        answered = await server.raw(CALL.replace(b"host: x", asked))
        assert server.dispatcher.bodies == []
    assert answered.startswith(b"HTTP/1.1 400 ")
    assert answered.endswith(b"(closed)")
    assert (b"plain HTTP/1.1" in answered) is (http is HookConnection)


@BOTH
@pytest.mark.parametrize(("length", "status"), [(b"2", 200), (b"1001", 413)])
async def test_zeros_before_a_length_count_nothing(http: Http, length: bytes, status: int) -> None:
    sent = HEAD + b"content-length: " + b"0" * 6000 + length + b"\r\n\r\n" + b"x" * int(length)
    async with serving(http) as server:
        assert (await server.raw(sent)).startswith(b"HTTP/1.1 %d " % status)


@BOTH
async def test_half_a_request_is_no_call(http: Http) -> None:
    async with serving(http) as server:
        await server.raw(CALL[:-1], end=True)
        await asyncio.sleep(0.05)
        assert server.dispatcher.bodies == []


@BOTH
async def test_what_is_in_flight_is_answered_at_the_end(http: Http) -> None:
    async with serving(http) as server:
        server.dispatcher.wait = asyncio.Event()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(CALL)
        while not server.dispatcher.bodies:
            await asyncio.sleep(0.005)
        server.listener.stop()
        await asyncio.sleep(0.2)
        server.dispatcher.wait.set()
        assert (await reader.read()).endswith(b"got {}")
        writer.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"), "server")


def speaking(made: Certificate) -> ServerTls:
    return ServerTls.model_validate({"cert_file": str(made.cert_file), "key_file": str(made.key_file)})


@BOTH
async def test_over_tls(http: Http, made: Certificate) -> None:
    async with serving(http, tls=speaking(made)) as server:
        context = ssl.create_default_context(cafile=str(made.cert_file))
        async with httpx.AsyncClient(verify=context) as client:
            response = await client.post(f"https://localhost:{server.port}/m/sync", content=b"x" * 900)
    assert response.content == b"got " + b"x" * 900


_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # how a handshake begins; 505 bytes are missing


@BOTH
@pytest.mark.parametrize("sent", [b"", _HELLO], ids=["nothing", "half a handshake"])
async def test_who_never_ends_a_handshake_keeps_nobody_out(
    http: Http, sent: bytes, made: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(descriptors, "most", lambda: 2 * MOST)
    context = ssl.create_default_context(cafile=str(made.cert_file))
    async with serving(http, tls=speaking(made)) as server, httpx.AsyncClient(verify=context) as client:
        url = f"https://localhost:{server.port}/m/sync"
        assert (await client.post(url, content=b"1")).content == b"got 1"
        waiting = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(5 * MOST)]
        for _, writer in waiting:
            writer.write(sent)
        await asyncio.sleep(0.1)
        hung_up_on = sum(reader.at_eof() or reader.exception() is not None for reader, _ in waiting)
        assert hung_up_on >= len(waiting) - MOST
        assert (await client.post(url, content=b"2")).content == b"got 2"  # on the connection that it had
        async with httpx.AsyncClient(verify=context) as another:
            assert (await another.post(url, content=b"3")).content == b"got 3"
        for _, writer in waiting:
            writer.close()


@BOTH
async def test_a_handshake_has_its_time(http: Http, made: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accept, "HANDSHAKE_SECONDS", 0.05)
    async with serving(http, tls=speaking(made)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(_HELLO)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


@BOTH
@pytest.mark.parametrize("sent", [b"P", HEAD, CALL[:-1], CALL + HEAD], ids=["a byte", "head", "body", "the next one"])
async def test_who_does_not_get_on_is_hung_up_on(http: Http, sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (connection, bounded):
        monkeypatch.setattr(module, "REQUEST_SECONDS", 0.05)
    async with serving(http) as server:
        answered = await server.raw(sent)
        assert server.dispatcher.bodies == ([b"{}"] if sent.startswith(CALL) else [])
    assert answered.endswith(b"(closed)")
    assert (b"HTTP/1.1 408 " in answered) is (http is HookConnection)


@BOTH
async def test_a_head_is_bounded(http: Http) -> None:
    async with serving(http) as server:
        answered = await server.raw(HEAD + b"x: " + b"y" * (MAX_HEAD_BYTES + 1))
        assert server.dispatcher.bodies == []
    assert answered.startswith(b"HTTP/1.1 431 ") is (http is HookConnection)
    assert answered.endswith(b"(closed)")


@BOTH
async def test_connections_are_bounded(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptors, "most", lambda: 4)
    async with serving(http) as server:
        server.dispatcher.wait = asyncio.Event()
        calling = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(2)]
        for _, writer in calling:
            writer.write(CALL)
        while len(server.dispatcher.bodies) < len(calling):
            await asyncio.sleep(0.005)
        assert await server.raw(CALL) in (b"", b"(closed)")
        server.dispatcher.wait.set()
        for reader, writer in calling:
            assert (await reader.readuntil(b"got {}")).startswith(b"HTTP/1.1 200 ")
            writer.close()
        await asyncio.sleep(0.05)
        assert (await server.raw(CALL)).endswith(b"got {}")


@BOTH
@pytest.mark.parametrize("sent", [b"", HEAD], ids=["silent", "half a head"])
async def test_who_asks_nothing_keeps_nobody_out(http: Http, sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptors, "most", lambda: 8)
    async with serving(http) as server:
        asking, to_it = await asyncio.open_connection("127.0.0.1", server.port)
        to_it.write(CALL)
        await asking.readuntil(b"got {}")
        waiting = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(3)]
        for _, writer in waiting:
            writer.write(sent)
        await asyncio.sleep(0.05)
        assert (await server.raw(CALL)).endswith(b"got {}")
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(waiting[0][0].read(1), 5) == b""  # the oldest went
        to_it.write(CALL)
        await asking.readuntil(b"got {}")  # who had asked stayed
        for _, writer in (*waiting, (asking, to_it)):
            writer.close()


@pytest.mark.parametrize("sent", [b"", b"GET /x HTTP/1.1\r\nhost: x\r\n\r\n"], ids=["silent", "idle"])
async def test_nobody_keeps_whoever_pulls_the_brake_out(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptors, "most", lambda: 16)
    async with serving(BoundedConnection, name="control") as server:
        waiting = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(6)]
        for _, writer in waiting:
            writer.write(sent)
        await asyncio.sleep(0.05)
        assert (await server.raw(CALL)).endswith(b"got {}")
        for _, writer in waiting:
            writer.close()


async def test_the_control_address_waits_for_a_first_byte_no_longer_than_for_a_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(listen._SILENT_SECONDS, "control", 0.05)
    async with serving(BoundedConnection, name="control") as server:
        assert await server.raw() == b"(closed)"


# --- ours alone ------------------------------------------------------------------------------------------------


async def test_a_body_that_was_refused_is_not_read_without_end() -> None:
    async with serving(HookConnection) as server:
        answered = await server.raw(HEAD + b"content-length: 9000\r\n\r\n" + b"x" * 3000)
    assert answered.startswith(b"HTTP/1.1 413 ")
    assert answered.endswith(b"(closed)")


async def test_a_request_that_has_begun_is_not_cut_as_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listen, "_KEEP_ALIVE_SECONDS", 0.1)
    async with serving(HookConnection) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(CALL[:-1])
        await asyncio.sleep(0.25)
        writer.write(CALL[-1:])
        assert (await reader.read()).endswith(b"got {}")  # and closed once it is idle
        writer.close()


async def test_a_fault_of_ours_is_an_error_and_the_connection_stays(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(HookConnection) as server:
        answered = await server.raw(CALL.replace(b"2\r\n\r\n{}", b"5\r\n\r\ncrash"), CALL)
    assert answered.startswith(b"HTTP/1.1 500 ")
    assert answered.endswith(b"got {}")
    assert "a fault of ours" in caplog.text


async def test_a_head_request_gets_no_body() -> None:
    async with serving(HookConnection) as server:
        answered = await server.raw(b"HEAD /m/sync HTTP/1.1\r\nhost: x\r\n\r\n", CALL)
    assert b"\r\n\r\nHTTP/1.1 200 OK" in answered


async def test_damaged_requests_never_become_calls_of_their_own() -> None:
    """Whatever comes in: each call that is made has a body that was sent, and the server goes on serving."""
    luck = random.Random(7)
    async with serving(HookConnection) as server:
        for _ in range(60):
            damaged = bytearray(CALL)
            for _ in range(luck.randint(1, 4)):
                damaged[luck.randrange(len(HEAD))] = luck.randrange(256)
            cut = luck.randrange(len(damaged))
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(bytes(damaged[:cut]))
            writer.write(bytes(damaged[cut:]))
            writer.write_eof()
            answered = await asyncio.wait_for(reader.read(), 5)
            assert answered == b"" or answered.startswith(b"HTTP/1.1 ")
            writer.close()
        assert set(server.dispatcher.bodies) <= {b"{}"}
        assert (await server.raw(CALL)).endswith(b"got {}")
