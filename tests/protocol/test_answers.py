from typing import Any

import pytest

from shadow.protocol.answers import Answer, Refusal, read_answer, refuse
from shadow.terms import Hook, Protocol
from tests.protocol.recordings import LIST, answered, call, config_map

COMPOSITE, DECORATOR = Protocol
OBSERVED = {"ConfigMap.v1": {"a": config_map("a", namespace="ns")}}
NOTHING: dict[str, Any] = {"ConfigMap.v1": {}, "Secret.v1": {}}


def _code(body, protocol, hook=Hook.SYNC):
    answer = read_answer(body, protocol, hook)
    return answer.code if isinstance(answer, Refusal) else None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "unreadable"),
        (b"nope", "unreadable"),
        (b"<html>", "unreadable"),
        (b'{"OWN":[', "unreadable"),
        (b'{"OWN":[]} x', "unreadable"),
        (b'{"OWN":[],"resyncAfterSeconds":NaN}', "unreadable"),
        (b'\xef\xbb\xbf{"OWN":[]}', "unreadable"),
        (b"7", "unreadable"),
        (b"[]", "not-an-object"),
        (b'"OWN"', "not-an-object"),
        (b"true", "not-an-object"),
        (b"null", "null"),
        (b" null\n", "null"),
        (b"{}", "no-known-key"),
        (b'{"debug":1}', "no-known-key"),
        (b'{"Own":[]}', "no-known-key"),
        (b'{"relatedResources":[]}', "no-known-key"),
        (b'{"OTHER":[]}', "other-list-key"),
        (b'{"status":{},"OTHER":[]}', "other-list-key"),
        (b'{"OTHER":null,"status":{}}', "other-list-key"),
        (b'{"OTHER":[],"OWN":[]}', "both-list-keys"),
        (b'{"OTHER":null,"OWN":[]}', "both-list-keys"),
        (b'{"OWN":[null]}', "null-item"),
        (b'{"OWN":[{"kind":"A"}, null ]}', "null-item"),
    ],
    ids=lambda value: value.decode("latin-1") if isinstance(value, bytes) else value,
)
@pytest.mark.parametrize("protocol", Protocol)
@pytest.mark.parametrize("hook", [Hook.SYNC, Hook.FINALIZE])
def test_what_could_delete_everything_or_crash_is_refused(body, code, protocol, hook):
    own, other = LIST[protocol], LIST[COMPOSITE if protocol is DECORATOR else DECORATOR]
    assert _code(body.replace(b"OWN", own.encode()).replace(b"OTHER", other.encode()), protocol, hook) == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"relatedResources":[]}', None),
        (b'{"relatedResources":null}', None),
        (b"{}", "no-known-key"),
        (b"null", "null"),
        (b'{"children":[]}', "no-known-key"),
        (b'{"relatedResources":[null]}', "null-item"),
    ],
)
@pytest.mark.parametrize("protocol", Protocol)
def test_a_customize_answer_needs_its_own_list(body, code, protocol):
    assert _code(body, protocol, Hook.CUSTOMIZE) == code


@pytest.mark.parametrize("protocol", Protocol)
@pytest.mark.parametrize(
    ("rest", "code"),
    [
        ('"status":{}', "missing-list"),
        ('"LIST":null', "missing-list"),
        ('"LIST":[],"LIST":null', "missing-list"),
        ('"finalized":true', "missing-list"),
        ('"LIST":[]', None),
        ('"LIST":null,"LIST":[]', None),
        ('"LIST":{}', None),
    ],
)
def test_a_sync_answer_without_a_list_is_refused_while_something_is_observed(protocol, rest, code):
    answer = read_answer(f"{{{rest}}}".replace("LIST", LIST[protocol]).encode(), protocol, Hook.SYNC)
    assert isinstance(answer, Answer)
    refusal = refuse(answer, call(protocol, observed=OBSERVED), missing_list_passes=False)
    assert (refusal and refusal.code) == code
    assert refuse(answer, call(protocol, observed=NOTHING), missing_list_passes=False) is None
    assert refuse(answer, call(protocol, observed=OBSERVED), missing_list_passes=True) is None


@pytest.mark.parametrize("protocol", Protocol)
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"finalized":true}', None),
        ('{"finalized":true,"LIST":null}', None),
        ('{"finalized":false}', "missing-list"),
        ('{"finalized":null}', "missing-list"),
        ('{"finalized":true,"finalized":null}', "missing-list"),
        ('{"finalized":false,"LIST":null}', "missing-list"),
        ('{"finalized":false,"LIST":[]}', None),
        ('{"status":{}}', "missing-list"),
    ],
)
def test_a_finalize_answer_needs_no_list_only_where_it_lets_the_parent_go(protocol, body, code):
    answer = read_answer(body.replace("LIST", LIST[protocol]).encode(), protocol, Hook.FINALIZE)
    assert isinstance(answer, Answer)
    refusal = refuse(answer, call(protocol, Hook.FINALIZE, observed=OBSERVED), missing_list_passes=False)
    assert (refusal and refusal.code) == code


def test_one_answer_may_list_in_a_dialect_of_whichever_front():
    answer = read_answer(b'{"attachments":[{"kind":"A"}]}', DECORATOR, Hook.SYNC)
    assert isinstance(answer, Answer)
    request = call(COMPOSITE, observed=OBSERVED)
    assert refuse(answer, request, missing_list_passes=False) is None


@pytest.mark.parametrize("odd", [rb'"\ud800"', b"[" * 2000 + b"]" * 2000], ids=["surrogate", "deep"])
def test_what_the_fast_decoder_refuses_is_judged_as_well(odd):
    assert _code(b'{"children":[null],"x":' + odd + b"}", COMPOSITE) == "null-item"
    answer = read_answer(b'{"children":[{"kind":"A","x":' + odd + b"}]}", COMPOSITE, Hook.SYNC)
    assert isinstance(answer, Answer)
    assert answer.items is not None
    assert odd in bytes(answer.items[0])


@pytest.mark.parametrize("each", answered(), ids=lambda each: each.name)
def test_no_recorded_answer_of_a_real_hook_is_refused(each):
    answer = read_answer(each.answer_body, each.front, each.hook)
    assert isinstance(answer, Answer)
    items = each.answer.get(answer.list_key)
    assert (answer.items is None) is (items is None)
    assert len(answer.items or ()) == len(items or ())
    assert answer.finalized is each.answer.get("finalized", False)
