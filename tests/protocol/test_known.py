"""Requests that were read before: the very same bytes are taken for what they were, and nothing else is."""

import json
from dataclasses import replace

import pytest

from shadow.errors import RequestError
from shadow.protocol.adapt import adapt_answer
from shadow.protocol.dialect import Alterations, Dialect
from shadow.protocol.known import KnownRequests
from shadow.protocol.messages import read_request
from shadow.protocol.shown import adapt_request
from shadow.terms import Hook, HookVersion, Protocol


def call(name: str = "a", filling: int = 0) -> bytes:
    metadata = {"name": name, "uid": f"uid-{name}", "annotations": {"filling": "x" * filling}}
    parent = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    return json.dumps({"object": parent, "attachments": {}, "related": {}, "finalizing": False}).encode()


ANSWER = b'{"attachments": []}'


def test_the_same_bytes_are_read_once() -> None:
    known = KnownRequests()
    assert known.read(call(), Hook.SYNC) is known.read(bytes(bytearray(call())), Hook.SYNC)
    assert known.read(call(), Hook.SYNC) is not known.read(call(), Hook.FINALIZE)


def test_bytes_that_look_alike_are_read_anew() -> None:
    known, one = KnownRequests(), call("a", filling=500)
    for at in range(len(one) - 500, len(one) - 20):
        if one[at : at + 1] == b"x":
            other = one[:at] + b"y" + one[at + 1 :]
            assert known.read(one, Hook.SYNC).body == one
            assert known.read(other, Hook.SYNC).body == other
            assert known.read(other, Hook.SYNC).parent == read_request(other, Hook.SYNC).parent


def test_what_cannot_be_read_is_told_each_time() -> None:
    known = KnownRequests()
    for _ in range(2):
        with pytest.raises(RequestError):
            known.read(b"{", Hook.SYNC)


def test_what_is_kept_is_bounded_by_bytes() -> None:
    known = KnownRequests(most_bytes=100_000)
    first = known.read(call("first"), Hook.SYNC)
    large = call("large", filling=10_000)
    assert known.read(large, Hook.SYNC) is not known.read(large, Hook.SYNC)
    assert known.read(call("first"), Hook.SYNC) is first
    for number in range(30):
        known.read(call(f"p{number}"), Hook.SYNC)
    assert known.read(call("first"), Hook.SYNC) is not first


DIALECT, VERSION, PLAIN = Dialect(Protocol.DECORATOR), HookVersion.V1, Alterations()


def test_an_answer_is_judged_once_for_the_same_request() -> None:
    request = read_request(call(), Hook.SYNC)
    judged = adapt_answer(request, ANSWER, DIALECT, VERSION, PLAIN)
    assert adapt_answer(request, bytes(bytearray(ANSWER)), DIALECT, VERSION, PLAIN) is judged


@pytest.mark.parametrize(
    ("body", "dialect", "alterations", "refused"),
    [
        (b'{"children": []}', DIALECT, PLAIN, True),
        (b"{}", DIALECT, PLAIN, True),
        (ANSWER, Dialect(Protocol.COMPOSITE), PLAIN, True),
        (ANSWER, DIALECT, replace(PLAIN, status="drop"), False),
    ],
    ids=["other list", "empty", "other protocol", "altered"],
)
def test_another_answer_or_setting_is_judged_anew(
    body: bytes, dialect: Dialect, alterations: Alterations, refused: bool
) -> None:
    request = read_request(call(), Hook.SYNC)
    adapt_answer(request, ANSWER, DIALECT, VERSION, PLAIN)
    judged = adapt_answer(request, body, dialect, VERSION, alterations)
    assert judged == adapt_answer(read_request(call(), Hook.SYNC), body, dialect, VERSION, alterations)
    assert (judged.refusal is not None) is refused


def test_of_a_requests_answers_two_are_kept() -> None:
    request = read_request(call(), Hook.SYNC)
    for number in range(9):
        body = b'{"attachments": [], "n": %d}' % number
        judged = adapt_answer(request, body, DIALECT, VERSION, PLAIN)
        assert judged.body == body
    adapt_answer(request, ANSWER + b" " * 3_000_000, DIALECT, VERSION, PLAIN)  # longer than any that is kept
    assert [known[3] for known in request.judged] == [b'{"attachments": [], "n": 7}', b'{"attachments": [], "n": 8}']


def test_what_was_made_of_a_request_counts_as_its_bytes() -> None:
    known = KnownRequests(most_bytes=100_000)
    first, second = (known.read(call(name), Hook.SYNC) for name in ("first", "second"))
    composite = Dialect(Protocol.COMPOSITE)
    for length in (30_000, 20_000, 10_000, 30_000):  # two of them at a time
        adapt_answer(first, ANSWER + b" " * length, DIALECT, VERSION, PLAIN)
    assert known.read(call("second"), Hook.SYNC) is second
    adapt_answer(second, b'{"children": [], "status": {}}' + b" " * 60_000, composite, VERSION, PLAIN)
    assert known.read(call("second"), Hook.SYNC) is second
    assert known.read(call("first"), Hook.SYNC) is not first, "the answers of both are more than there is room for"
    adapt_answer(first, ANSWER + b" " * 90_000, DIALECT, VERSION, PLAIN)
    assert known.read(call("second"), Hook.SYNC) is second, "what is forgotten grows without being counted"


def test_a_request_is_translated_once() -> None:
    request, composite = read_request(call(), Hook.SYNC), Dialect(Protocol.COMPOSITE)
    shown = adapt_request(request, composite, VERSION)
    assert adapt_request(request, composite, VERSION) is shown
    assert adapt_request(request, composite, VERSION, b'{"kind": "CompositeController"}') != shown
