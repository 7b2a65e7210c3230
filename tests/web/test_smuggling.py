"""What two readers of HTTP could understand differently is refused, and nothing that follows it is taken for a call.

On the way in by both of our readers, on the way out by the one that reads implementations' answers.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from shadow.web.bounded import BoundedConnection
from shadow.web.connection import HookConnection
from tests.hook_server import HookServer, answer_json, raw
from tests.proxy.bodies import answer, config_map, observed, request
from tests.proxy.running import running
from tests.web.test_connection import Http, serving

BOTH = pytest.mark.parametrize("http", [HookConnection, BoundedConnection], ids=["ours", "uvicorn"])
INNER = b"POST /m/finalize HTTP/1.1\r\nhost: x\r\ncontent-length: 7\r\n\r\nhidden!"
"""What a front that reads otherwise would take for a body."""


def call(*lines: bytes, body: bytes = b"", start: bytes = b"POST /m/sync HTTP/1.1") -> bytes:
    return b"\r\n".join([start, b"host: x", *lines, b"", body])


LENGTH = b"content-length: %d" % len(INNER)
CHUNKED = b"transfer-encoding: chunked"
SHAPES = {
    "two lengths": call(b"content-length: 0", LENGTH, body=INNER),
    "a list of lengths": call(b"content-length: 0, %d" % len(INNER), body=INNER),
    "length and coding": call(LENGTH, CHUNKED, body=b"0\r\n\r\n" + INNER),
    "coding and length": call(CHUNKED, LENGTH, body=b"0\r\n\r\n" + INNER),
    "a coding that is none": call(b"transfer-encoding: xchunked", LENGTH, body=INNER),
    "a coding that nobody undoes": call(b"transfer-encoding: gzip, chunked", body=b"0\r\n\r\n" + INNER),
    "a second coding": call(b"transfer-encoding: gzip", CHUNKED, body=b"0\r\n\r\n" + INNER),
    "two hosts": call(b"host: y", LENGTH, body=INNER),
    "no host": call(LENGTH, body=INNER).replace(b"host: x\r\n", b"", 1),
    "chunked is not last": call(b"transfer-encoding: chunked, identity", body=b"0\r\n\r\n" + INNER),
    "a signed length": call(b"content-length: +%d" % len(INNER), body=INNER),
    "a negative length": call(b"content-length: -1", body=INNER),
    "a hexadecimal length": call(b"content-length: 0x10", body=INNER),
    "a length beyond all bounds": call(b"content-length: 99999999999999999999999", body=INNER),
    "a folded line": call(b"x: a", b" " + LENGTH, body=INNER),
    "a folded coding": call(b"transfer-encoding:", b" chunked", LENGTH, body=INNER),
    "a blank before the colon": call(b"content-length : %d" % len(INNER), body=INNER),
    "a bare carriage return in a value": call(b"x: a\rcontent-length: 0", LENGTH, body=INNER),
    "a bare carriage return ends the line": call(LENGTH, body=INNER).replace(b"host: x\r\n", b"host: x\r"),
    "a null in a value": call(b"x: a\0b", LENGTH, body=INNER),
    "a null in a name": call(b"content-length\0: 0", LENGTH, body=INNER),
    "a chunk of no size": call(CHUNKED, body=b"\r\n" + INNER + b"\r\n0\r\n\r\n"),
    "a chunk of another size": call(CHUNKED, body=b"3\r\n" + INNER + b"\r\n0\r\n\r\n"),
    "a signed chunk": call(CHUNKED, body=b"+%x\r\n" % len(INNER) + INNER + b"\r\n0\r\n\r\n"),
    "a chunk beyond all bounds": call(CHUNKED, body=b"fffffffffffffffff\r\n" + INNER),
    "no version": call(LENGTH, body=INNER, start=b"POST /m/sync"),
    "two targets": call(LENGTH, body=INNER, start=b"POST /m/sync /m/finalize HTTP/1.1"),
}


@BOTH
@pytest.mark.parametrize("sent", SHAPES.values(), ids=SHAPES)
async def test_no_call_is_made_of_a_request_that_can_be_read_in_two_ways(http: Http, sent: bytes):
    async with serving(http) as server:
        answered = await server.raw(sent)
        assert [body for body in server.dispatcher.bodies if b"hidden" in body] == []
    assert not answered.startswith(b"HTTP/1.1 200 ")
    assert answered.count(b"HTTP/1.1 ") <= 1


@BOTH
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/m/../m/sync", 404),
        ("/m/%2e%2e/sync", 404),
        ("/../../etc/passwd", 404),
        ("//m/sync", 200),
        ("/m%2fsync", 200),
        ("/m/sync/", 404),
        ("/m/sync%00", 404),
        ("/m/sync;x=y", 404),
        ("/M/sync", 404),
    ],
)
async def test_a_path_is_a_name_and_a_hook_and_nothing_else(http: Http, path: str, status: int):
    async with serving(http) as server:
        answered = await server.raw(call(b"content-length: 2", body=b"{}", start=f"POST {path} HTTP/1.1".encode()))
    assert answered.startswith(b"HTTP/1.1 %d " % status)


ANSWER = b'{"attachments": []}'
HEADS = {
    "a bare carriage return": b"x-a: b\rset-cookie: fake=1\r\ncontent-length: 19\r\n",
    "a bare line feed": b"x-a: b\nset-cookie: fake=1\r\ncontent-length: 19\r\n",
    "a null": b"x-a: b\0c\r\ncontent-length: 19\r\n",
    "a folded line": b"x-a: b\r\n set-cookie: fake=1\r\ncontent-length: 19\r\n",
    "two lengths": b"content-length: 19\r\ncontent-length: 5\r\n",
    "length and coding": b"content-length: 19\r\ntransfer-encoding: chunked\r\n",
    "another coding": b"transfer-encoding: gzip, chunked\r\n",
    "a blank in a name": b"x a: b\r\ncontent-length: 19\r\n",
}


@pytest.mark.parametrize("http", ["asyncio", "uvicorn"])
async def test_no_answer_puts_a_header_or_an_answer_of_its_own_into_ours(
    tmp_path: Path, hook_server: Callable[..., HookServer], http: str
):
    old, new = hook_server(raw(b"")), hook_server(answer_json(answer(config_map("one"))))
    async with running(tmp_path, old, new, {"server": {"http": http}}) as proxy:
        for name, lines in HEADS.items():
            old.behaviour = raw(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n" + ANSWER + b"HTTP/1.1 200 OK\r\n\r\n")
            answered = await proxy.call(request(observed(config_map("one"))))
            assert (name, answered.status_code) == (name, 502)
            assert "set-cookie" not in answered.headers
        failed = (await proxy.settled())["comparisons"]["failed"]
    assert failed == len(HEADS)
