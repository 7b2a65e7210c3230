"""What only our own transport promises: strict framing, and nothing left over for the next request."""

import asyncio
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from shadow.upstream.address import parse_address
from tests.upstream.conftest import Connect
from tests.upstream.servers import Wire, answering, ok, serving

AMBIGUOUS = {
    "the same length twice": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "lengths in a list": b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n{}",
    "a length with a sign": b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n{}",
    "a coding before chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "chunked twice": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    ),
    "chunked in HTTP/1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "a folded line": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
    "a bare line feed": b"HTTP/1.1 200 OK\r\nX: a\nContent-Length: 2\r\n\r\n{}",
    "a bare carriage return": b"HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 2\r\n\r\n{}",
    "a NUL": b"HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 2\r\n\r\n{}",
    "a header without colon": b"HTTP/1.1 200 OK\r\nX\r\nContent-Length: 2\r\n\r\n{}",
    "a chunk that ends early": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
    "a chunk's line feed alone": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n",
    "endless trailers": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: " + b"a" * 200_000),
    "endless interim answers": b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000,
    "a status below 100": b"HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/0.9": b"HTTP/0.9 200 OK\r\n\r\n{}",
}


@pytest.mark.parametrize("raw", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
async def test_what_two_readers_could_understand_differently_is_no_answer(connect_ours: Connect, raw: bytes) -> None:
    async with serving(answering(raw)) as server, connect_ours(server.address) as transport:
        observation = await transport.post("/sync", [], b"{}", 5)
    assert (observation.status, observation.error) == (None, "protocol")


@pytest.mark.parametrize("stray", [b"{}", b"H", ok(b'{"children": []}')], ids=["text", "a letter", "an answer"])
@pytest.mark.parametrize("pause", [0.0, 0.05], ids=["at once", "later"])
async def test_bytes_behind_an_answer_never_become_the_next_one(
    connect_ours: Connect, stray: bytes, pause: float
) -> None:
    async def script(wire: Wire) -> None:
        request = await wire.request()
        answer = ok(request[-1:])
        await wire.say(answer if pause else answer + stray)
        await asyncio.sleep(pause)
        if pause:
            await wire.say(stray)
        while True:
            await wire.say(ok((await wire.request())[-1:]))

    async with serving(script) as server, connect_ours(server.address) as transport:
        for number in (b"1", b"2", b"3"):
            assert (await transport.post("/sync", [], number, 5)).body == number
            await asyncio.sleep(2 * pause)
    assert server.connections == 3


async def test_a_close_is_noticed_before_the_loop_tells(connect_ours: Connect) -> None:
    """The loop is busy while the hook closes, and the next call goes out before the loop looks at its sockets."""

    def close_after_each_answer(listener: socket.socket) -> None:
        for _ in range(2):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(ok(b"{}"))

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as threads:
        serving_both = threads.submit(close_after_each_answer, listener)
        async with connect_ours(parse_address(f"http://127.0.0.1:{listener.getsockname()[1]}")) as transport:
            assert (await transport.post("/sync", [], b"{}", 5)).status == 200
            time.sleep(0.05)
            assert (await transport.post("/sync", [], b"{}", 5)).status == 200
        serving_both.result()


async def test_idle_connections_are_closed_by_a_timer(connect_ours: Connect) -> None:
    async with (
        serving(answering(*[ok(b"{}")] * 9)) as server,
        connect_ours(server.address, idle_seconds=0.1) as transport,
    ):
        await asyncio.gather(*(transport.post("/sync", [], b"{}", 5) for _ in range(3)))
        assert server.open == 3
        await asyncio.sleep(0.3)
        assert server.open == 0


async def test_no_more_connections_are_kept_than_allowed(connect_ours: Connect) -> None:
    async with serving(answering(*[ok(b"{}")] * 9)) as server, connect_ours(server.address, max_idle=2) as transport:
        await asyncio.gather(*(transport.post("/sync", [], b"{}", 5) for _ in range(5)))
        await asyncio.sleep(0.05)
        assert server.open == 2


async def test_an_exchange_under_way_outlives_close(connect_ours: Connect) -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        await asyncio.sleep(0.1)
        await wire.say(ok(b"{}"))
        await wire.reader.read()

    async with serving(script) as server, connect_ours(server.address) as transport:
        call = asyncio.ensure_future(transport.post("/sync", [], b"{}", 5))
        await asyncio.sleep(0.05)
        await transport.close()
        assert (await call).status == 200
        await asyncio.sleep(0.05)
        assert server.open == 0


@pytest.mark.parametrize("value", [b"a\r\nx-evil: 1", b"a\nb", b"a\rb"])
async def test_a_header_with_a_line_break_is_never_sent(connect_ours: Connect, value: bytes) -> None:
    async with serving(answering(ok(b"{}"))) as server, connect_ours(server.address) as transport:
        with pytest.raises(ValueError, match="line break"):
            await transport.post("/sync", [(b"x", value)], b"{}", 5)
    assert server.connections == 0


async def test_headers_that_are_sent_again_go_with_the_path_and_the_call_of_now(connect_ours: Connect) -> None:
    same = ((b"x", b"1"),)
    sent = [("/a", same, b"c1"), ("/a", same, b"c2"), ("/b", same, b"c3"), ("/b", ((b"x", b"2"),), b"c4")]
    async with serving(answering(*[ok(b"{}")] * len(sent))) as server, connect_ours(server.address) as transport:
        for path, headers, call in sent:
            assert (await transport.post(path, headers, b"{}", 5, [(b"x-shadow-call", call)])).status == 200
    for request, (path, headers, call) in zip(server.requests, sent, strict=True):
        assert request.startswith(b"POST %b HTTP/1.1\r\n" % path.encode())
        assert b"\r\nx: %b\r\nx-shadow-call: %b\r\n" % (headers[0][1], call) in request
