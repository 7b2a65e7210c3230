"""The reader of answers, without a network: how bytes are cut must not matter, and nothing may raise."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from shadow.memory import Memory
from shadow.upstream.answer import AnswerReader, Heads, no_heads

LIMIT = 1000

_LINES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 200 OK\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\n",
        b"Content-Length: 2\r\n",
        b"content-length: 3\r\n",
        b"Content-Length: 5000\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"ETag: x\r\n",
        b" folded\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"2\r\n",
        b"{}",
        b"0\r\n",
        b"\x00",
    ]
)
almost_http = st.lists(_LINES | st.binary(max_size=3), max_size=12).map(b"".join)


def read(pieces: list[bytes], heads: Heads | None = None) -> AnswerReader:
    """What a connection makes of the pieces, followed by an orderly close."""
    reader = AnswerReader(LIMIT, heads)
    for piece in pieces:
        if reader.feed(piece):
            break
    reader.end()
    return reader


@given(raw=almost_http, cuts=st.lists(st.integers(0, 200), max_size=6))
def test_cuts_do_not_matter(raw: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(raw), *(cut for cut in cuts if cut < len(raw))})
    pieces = [raw[start:end] for start, end in itertools.pairwise(places)]
    whole, cut = read([raw]), read(pieces)
    assert (whole.fault is None) == (cut.fault is None)
    if whole.fault is None:
        assert (whole.status, whole.headers, whole.body) == (cut.status, cut.headers, cut.body)


@given(raw=almost_http, other=almost_http, cut=st.integers(0, 60))
def test_a_head_that_was_read_before_is_taken_for_what_it_was(raw: bytes, other: bytes, cut: int) -> None:
    heads, fresh = no_heads(), read([raw])
    for pieces in ([raw], [other], [raw], [raw[:cut], raw[cut:]]):
        known = read(pieces, heads)
        if pieces != [other]:
            assert (known.fault is None) == (fresh.fault is None)
            if fresh.fault is None:
                assert (known.status, tuple(known.headers), known.body) == (
                    fresh.status,
                    tuple(fresh.headers),
                    fresh.body,
                )


def test_bytes_behind_an_answer_under_a_known_head_end_the_connection() -> None:
    reader = AnswerReader(LIMIT)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    for sent, reusable in ((answer, True), (answer, True), (answer + b"HTTP", False)):
        reader.reset()
        assert reader.feed(sent)
        assert (reader.status, reader.body, reader.fault, reader.reusable) == (200, b"{}", None, reusable)


@given(raw=almost_http)
def test_every_input_ends_in_an_answer_or_a_fault(raw: bytes) -> None:
    reader = read([raw])
    assert reader.done
    if reader.fault is None:
        assert 200 <= reader.status <= 599
        assert len(reader.body) <= LIMIT
        lengths = [value for name, value in reader.headers if name == b"content-length"]
        codings = [value for name, value in reader.headers if name == b"transfer-encoding"]
        assert len(lengths) + len(codings) <= 1
        if lengths and reader.status not in (204, 304):
            assert len(reader.body) == int(lengths[0])


@given(body=st.binary(max_size=LIMIT), status=st.integers(200, 599).filter(lambda status: status not in (204, 304)))
def test_what_was_written_is_read(body: bytes, status: int) -> None:
    reader = read([b"HTTP/1.1 %d X\r\nContent-Length: %d\r\nA: b\r\n\r\n" % (status, len(body)), body])
    assert reader.fault is None
    assert (reader.status, reader.body, reader.reusable) == (status, body, True)
    assert (b"a", b"b") in reader.headers


def test_a_reader_is_used_for_one_answer_after_the_other() -> None:
    reader = AnswerReader(LIMIT)
    for number in range(3):
        reader.reset()
        assert reader.feed(b"HTTP/1.1 20%d X\r\nX-N: %d\r\nContent-Length: 1\r\n\r\n%d" % (number, number, number))
        assert (reader.status, reader.body, reader.fault) == (200 + number, b"%d" % number, None)
        assert reader.headers[0] == (b"x-n", b"%d" % number)


def test_an_answer_that_memory_has_no_room_for_is_none_and_holds_none() -> None:
    memory = Memory(10)
    first, second = (AnswerReader(LIMIT, memory=memory) for _ in range(2))
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n"
    assert first.feed(head + b"123456")
    assert second.feed(head + b"123456")
    assert (first.fault, second.fault and second.fault.code, memory.held) == (None, "memory", 6)
    first.let_go()
    assert memory.held == 0
