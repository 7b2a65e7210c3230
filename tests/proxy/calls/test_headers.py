import datetime as dt
import time
from email.utils import format_datetime

import pytest

from shadow.proxy.calls.headers import answer_headers, incoming_tag, outgoing_tag, retry_after
from shadow.terms import Side
from shadow.upstream.headers import Lines


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"2", b"2"),
        (b"1.5", b"2"),
        (b"0", b"1"),
        (b"-3", b"1"),
        (b"86400", b"86400"),
        (b"86401", b"86400"),
        (b"1e30", b"1"),
        (b"1_0", b"1"),
        (b"9" * 5000, b"86400"),
        (b"9" * 20, b"86400"),
        (b"9223372036854775807", b"86400"),
        (b"+3", b"3"),
        (b"inf", b"1"),
        (b"nan", b"1"),
        (b"soon", b"1"),
        (None, b"1"),
        (b"Wed, 21 Oct 2015 07:28:00 GMT", b"1"),
        (b"Wed, 21 Oct 2015 07:28:00 -0000", b"1"),
        (b"Wednesday, 21-Oct-15 07:28:00 GMT", b"1"),
        (b"Fri, 31 Dec 9999 07:28:00 GMT", b"86400"),
        (b"Fri, 31 Dec 9999 23:28:00 -0500", b"1"),
    ],
)
def test_retry_after_is_always_something_metacontroller_reads(value: bytes | None, expected: bytes):
    assert retry_after(value) == expected


@pytest.mark.parametrize("hours", [0, 2, -7])
def test_a_date_to_come_goes_out_as_metacontroller_reads_dates(hours: int):
    moment = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(hours=12)
    sent = format_datetime(moment.astimezone(dt.timezone(dt.timedelta(hours=hours))))
    headers = ((b"retry-after", sent.encode()),)
    expected = format_datetime(moment, usegmt=True).encode()
    assert answer_headers(headers, Side.OLD, None, altered=False) == ((b"retry-after", expected),)


def test_a_date_that_was_to_come_when_it_was_first_seen_is_not_remembered():
    headers = ((b"retry-after", format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)).encode()),)
    answer_headers(headers, Side.OLD, None, altered=False)
    time.sleep(2)
    assert answer_headers(headers, Side.OLD, None, altered=False) == ((b"retry-after", b"1"),)


@pytest.mark.parametrize("tag", [b'"abc"', b'W/"a.b.c"', b'""'])
def test_a_tag_comes_back_to_the_implementation_it_came_from(tag: bytes):
    out = outgoing_tag(tag, Side.NEW, b"1f2e")
    assert out is not None
    assert incoming_tag(out, Side.NEW, b"1f2e") == tag


@pytest.mark.parametrize(("side", "evidence"), [(Side.OLD, b"1f2e"), (Side.NEW, b"0000")])
def test_a_tag_of_another_namespace_is_not_forwarded(side: Side, evidence: bytes):
    out = outgoing_tag(b'"abc"', Side.NEW, b"1f2e")
    assert out is not None
    assert incoming_tag(out, side, evidence) is None


@pytest.mark.parametrize("tag", [b"abc", b'"abc', b'"a"b"', b"*"])
def test_what_is_no_entity_tag_is_not_passed_on(tag: bytes):
    assert outgoing_tag(tag, Side.OLD, b"1") is None
    assert incoming_tag(tag, Side.OLD, b"1") is None


def test_an_unaltered_answer_keeps_its_end_to_end_headers():
    headers = [(b"server", b"BaseHTTP/0.6"), (b"date", b"now"), (b"connection", b"x-hop"), (b"x-hop", b"1")]
    headers += [(b"content-md5", b"abc"), (b"set-cookie", b"a"), (b"set-cookie", b"b")]
    expected = [(b"server", b"BaseHTTP/0.6"), (b"date", b"now"), (b"content-md5", b"abc")]
    expected += [(b"set-cookie", b"a"), (b"set-cookie", b"b")]
    assert answer_headers(tuple(headers), Side.OLD, b"1", altered=False) == tuple(expected)


def test_an_altered_answer_loses_what_described_the_bytes():
    headers = [(b"content-md5", b"abc"), (b"content-type", b"application/json")]
    assert answer_headers(tuple(headers), Side.OLD, b"1", altered=True) == ((b"content-type", b"application/json"),)


def test_without_a_namespace_no_tag_goes_out():
    assert answer_headers(((b"etag", b'"1"'),), Side.OLD, None, altered=False) == ()
    assert answer_headers(((b"etag", b'"1"'),), Side.OLD, b"1.sync", altered=False) == ((b"etag", b'"old.1.sync.1"'),)


def test_an_implementation_cannot_speak_for_the_proxy():
    assert answer_headers(((b"x-shadow-served", b"new"),), Side.OLD, b"1", altered=False) == ()


def test_a_value_with_control_characters_goes_nowhere():
    assert answer_headers(((b"x-a", b"1\r\nx-b: 2"),), Side.OLD, b"1", altered=False) == ()


def test_the_callers_authorization_and_tag_stay_here():
    headers = [(b"authorization", b"Bearer fake"), (b"if-none-match", b'"x"'), (b"user-agent", b"Go")]
    assert Lines(headers).shown == ((b"user-agent", b"Go"),)
