"""What both transports do alike: one POST out, one observation back, whatever the other end does."""

import asyncio
import socket
import time

import pytest

from shadow.upstream.address import parse_address
from tests.upstream.conftest import Connect
from tests.upstream.servers import Script, Wire, answering, ok, serving

JSON = [(b"content-type", b"application/json")]


async def test_sends_one_post_with_the_headers_given_and_a_length(connect: Connect) -> None:
    async with serving(answering(ok(b"{}"))) as server, connect(server.address) as transport:
        await transport.post("/sync?a=b", [*JSON, (b"x-shadow-call", b"c1")], b'{"parent": {}}', 2)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    first, *headers = head.split(b"\r\n")
    assert first == b"POST /sync?a=b HTTP/1.1"
    assert sorted(header.lower() for header in headers) == [
        b"content-length: 14",
        b"content-type: application/json",
        b"host: " + server.address.authority.encode(),
        b"x-shadow-call: c1",
    ]
    assert body == b'{"parent": {}}'


async def test_an_empty_body_has_a_length_too(connect: Connect) -> None:
    async with serving(answering(ok(b"{}"))) as server, connect(server.address) as transport:
        assert (await transport.post("/", JSON, b"", 2)).status == 200
    assert b"content-length: 0\r\n" in server.requests[0].lower()


ANSWERS = {
    "length": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, b"{}"),
    "no reason": (b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n{}", 200, b"{}"),
    "HTTP/1.0 ended by its close": (b"HTTP/1.0 200 OK\r\nServer: BaseHTTP/0.6\r\n\r\n{}", 200, b"{}"),
    "HTTP/1.1 ended by its close": (b"HTTP/1.1 200 OK\r\n\r\n{}", 200, b"{}"),
    "HTTP/1.0 with length": (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, b"{}"),
    "chunked": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\nTrailer: t\r\n\r\n",
        200,
        b"{}",
    ),
    "empty body": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, b""),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
    "304": (b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', 304, b""),
    "redirect is a status": (b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", 302, b""),
    "error with body": (b"HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\noops", 500, b"oops"),
    "interim answers before": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        200,
        b"{}",
    ),
    "compressed stays as it is": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00",
        200,
        b"\x1f\x8b\x08\x00",
    ),
}


@pytest.mark.parametrize(("raw", "status", "body"), ANSWERS.values(), ids=ANSWERS.keys())
@pytest.mark.parametrize("piece", [1 << 20, 1], ids=["at once", "byte by byte"])
async def test_valid_answers(connect: Connect, raw: bytes, status: int, body: bytes, piece: int) -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        for start in range(0, len(raw), piece):
            await wire.say(raw[start : start + piece])
            await asyncio.sleep(0)

    async with serving(script) as server, connect(server.address) as transport:
        observation = await transport.post("/sync", JSON, b"{}", 5)
    assert (observation.status, observation.body, observation.error) == (status, body, None)


async def test_headers_come_in_their_order_in_lower_case(connect: Connect) -> None:
    raw = b'HTTP/1.1 200 OK\r\nETag: "A"\r\nX-Two: 1\r\nx-two: 2\r\nContent-Length: 2\r\n\r\n{}'
    async with serving(answering(raw)) as server, connect(server.address) as transport:
        observation = await transport.post("/sync", JSON, b"{}", 2)
    assert list(observation.headers) == [
        (b"etag", b'"A"'),
        (b"x-two", b"1"),
        (b"x-two", b"2"),
        (b"content-length", b"2"),
    ]


FAULTS = {
    "closes without a word": (b"", "no-status-line"),
    "not HTTP": (b'{"children": []}\r\n\r\n', "protocol"),
    "amid the headers": (b"HTTP/1.1 200 OK\r\nContent-Le", None),
    "half a body": (b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"children": []}', "truncated"),
    "half a chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{}", "truncated"),
    "no last chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", "truncated"),
    "two lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "protocol"),
    "length and chunked": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "protocol",
    ),
    "another coding": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n{}", "protocol"),
    "a length that is no number": (b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}", "protocol"),
    "a negative length": (b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}", "protocol"),
    "a chunk length that is no number": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n",
        "protocol",
    ),
    "a space before the colon": (b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n{}", "protocol"),
    "status beyond the range": (b"HTTP/1.1 999 OK\r\nContent-Length: 2\r\n\r\n{}", "protocol"),
    "switches protocols": (b"HTTP/1.1 101 Go\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", "protocol"),
    "HTTP/2": (b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", "protocol"),
    "endless headers": (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 200_000, "protocol"),
}


@pytest.mark.parametrize(("raw", "error"), FAULTS.values(), ids=FAULTS.keys())
async def test_faults_are_observations(connect: Connect, raw: bytes, error: str | None) -> None:
    async with serving(answering(raw)) as server, connect(server.address) as transport:
        observation = await transport.post("/sync", JSON, b"{}", 5)
    assert observation.status is None
    assert observation.body == b""
    assert observation.error == error if error else observation.error in ("truncated", "no-status-line")
    assert observation.detail


async def test_reset_amid_the_answer(connect: Connect) -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.say(b"HTTP/1.1 200 OK\r\n\r\n{}")
        await asyncio.sleep(0.05)
        wire.reset()

    async with serving(script) as server, connect(server.address) as transport:
        observation = await transport.post("/sync", JSON, b"{}", 5)
    assert (observation.status, observation.error) == (None, "reset")


async def test_nobody_listens(connect: Connect) -> None:
    async with serving(answering()) as server:
        address = server.address
    async with connect(address) as transport:
        observation = await transport.post("/sync", JSON, b"{}", 2)
    assert (observation.status, observation.error) == (None, "refused")
    assert observation.detail is not None
    assert str(address.port) in observation.detail


async def test_a_name_that_does_not_exist(connect: Connect) -> None:
    async with connect(parse_address("http://hook.invalid")) as transport:
        observation = await transport.post("/sync", JSON, b"{}", 10)
    assert (observation.status, observation.error) == (None, "unresolved")


async def _silent(wire: Wire) -> None:
    await wire.request()
    await asyncio.sleep(30)


async def _trickling(wire: Wire) -> None:
    await wire.request()
    await wire.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        await wire.say(b" ")
        await asyncio.sleep(0.02)


async def _interim(wire: Wire) -> None:
    await wire.request()
    while True:
        await wire.say(b"HTTP/1.1 100 Continue\r\n\r\n")
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("script", [_silent, _trickling, _interim], ids=["silent", "trickling", "interim answers"])
async def test_the_deadline_covers_the_whole_exchange(connect: Connect, script: Script) -> None:
    async with serving(script) as server, connect(server.address) as transport:
        started = time.monotonic()
        observation = await transport.post("/sync", JSON, b"{}", 0.2)
        took = time.monotonic() - started
    assert observation.timed_out
    assert observation.status is None
    assert 0.19 <= observation.seconds <= took < 1.5


async def test_the_deadline_covers_sending(connect: Connect) -> None:
    """A listener whose backlog takes the connection, but nobody ever reads."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = parse_address(f"http://127.0.0.1:{listener.getsockname()[1]}")
        async with connect(address) as transport:
            observation = await transport.post("/sync", JSON, b"x" * 16_000_000, 0.3)
    assert observation.timed_out


async def test_the_deadline_covers_connecting(connect: Connect) -> None:
    """A listener whose backlog is full: connecting hangs."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = parse_address(f"http://127.0.0.1:{listener.getsockname()[1]}")
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", address.port))
        async with connect(address) as transport:
            observation = await transport.post("/sync", JSON, b"{}", 0.3)
        for filler in fillers:
            filler.close()
    assert observation.timed_out


@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 5000000\r\n", b"Transfer-Encoding: chunked\r\n", b""],
    ids=["announced", "chunked", "until the close"],
)
async def test_an_answer_above_the_limit(connect: Connect, head: bytes) -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.say(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
        for _ in range(50):
            await wire.say(b"186a0\r\n" * (b"chunked" in head) + b" " * 100_000 + b"\r\n" * (b"chunked" in head))

    async with serving(script) as server, connect(server.address, max_answer_bytes=1_000_000) as transport:
        observation = await transport.post("/sync", JSON, b"{}", 5)
    assert (observation.status, observation.error, observation.body) == (None, "too-large", b"")


async def test_large_bodies_both_ways(connect: Connect) -> None:
    body = bytes(range(256)) * 40_000
    async with serving(answering(ok(body))) as server, connect(server.address) as transport:
        observation = await transport.post("/sync", JSON, body, 20)
    assert observation.body == body
    assert server.requests[0].endswith(body)


async def test_an_answer_before_the_request_was_read_stands(connect: Connect) -> None:
    async def script(wire: Wire) -> None:
        await wire.reader.readuntil(b"\r\n\r\n")
        await wire.say(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await wire.reader.read()

    async with serving(script) as server, connect(server.address) as transport:
        observation = await transport.post("/sync", JSON, b"x" * 30_000, 5)
    assert observation.status == 413


async def test_connections_are_kept_and_used_again(connect: Connect) -> None:
    async with serving(answering(*[ok(b"{}")] * 5)) as server, connect(server.address) as transport:
        for _ in range(5):
            assert (await transport.post("/sync", JSON, b"{}", 2)).status == 200
    assert server.connections == 1


async def test_calls_at_once_do_not_wait_for_one_another(connect: Connect) -> None:
    gate = asyncio.Event()
    seen = 0

    async def script(wire: Wire) -> None:
        nonlocal seen
        request = await wire.request()
        seen += 1
        if seen == 20:
            gate.set()
        await gate.wait()
        await wire.say(ok(request.partition(b"\r\n\r\n")[2]))

    async with serving(script) as server, connect(server.address) as transport:
        calls = [transport.post("/sync", JSON, b"%d" % number, 5) for number in range(20)]
        observations = await asyncio.gather(*calls)
    assert [observation.body for observation in observations] == [b"%d" % number for number in range(20)]


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", ok(b"{}", b"Connection: close")],
    ids=["HTTP/1.0", "connection: close"],
)
async def test_a_connection_that_ends_is_not_used_again(connect: Connect, answer: bytes) -> None:
    async with serving(answering(answer, close=False)) as server, connect(server.address) as transport:
        for _ in range(3):
            assert (await transport.post("/sync", JSON, b"{}", 2)).status == 200
    assert server.connections == 3


async def test_a_kept_connection_closed_meanwhile_is_replaced(connect: Connect) -> None:
    async with serving(answering(ok(b"{}"))) as server, connect(server.address) as transport:
        for _ in range(3):
            assert (await transport.post("/sync", JSON, b"{}", 2)).status == 200
            await asyncio.sleep(0.05)
    assert server.connections == 3


async def test_a_request_is_never_sent_twice(connect: Connect) -> None:
    """A kept connection that dies after the request went out: the hook may have acted on it."""

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.say(ok(b"{}"))
        await wire.request()

    async with serving(script) as server, connect(server.address) as transport:
        assert (await transport.post("/sync", JSON, b"1", 2)).status == 200
        observation = await transport.post("/sync", JSON, b"2", 2)
    assert (observation.status, observation.error) == (None, "no-status-line")
    assert [request[-1:] for request in server.requests] == [b"1", b"2"]


async def test_cancelling_a_call_closes_its_connection(connect: Connect) -> None:
    """Else its late answer would be read as the next call's."""

    async def script(wire: Wire) -> None:
        while True:
            request = await wire.request()
            await asyncio.sleep(0.1 if request.endswith(b"slow") else 0)
            await wire.say(ok(request.partition(b"\r\n\r\n")[2]))

    async with serving(script) as server, connect(server.address) as transport:
        slow = asyncio.ensure_future(transport.post("/sync", JSON, b"slow", 5))
        await asyncio.sleep(0.05)
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        observations = [await transport.post("/sync", JSON, b"%d" % number, 5) for number in range(3)]
    assert [observation.body for observation in observations] == [b"0", b"1", b"2"]
    assert server.connections == 2


async def test_ipv6(connect: Connect) -> None:
    async with serving(answering(ok(b"{}")), host="::1") as server, connect(server.address) as transport:
        assert (await transport.post("/sync", JSON, b"{}", 2)).status == 200
    assert b"host: [::1]:" in server.requests[0].lower()
