"""What is read in one pass is what a close look reads; the odd is left to the close look."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shadow.protocol.answers import Answer, Refusal, read_answer
from shadow.protocol.messages import read_closely
from shadow.protocol.strict import rejection
from shadow.protocol.usual import is_usual_answer, usual_call
from shadow.terms import Hook, Protocol
from tests.protocol.recordings import answered, recordings

LISTS = {Protocol.COMPOSITE: "children", Protocol.DECORATOR: "attachments"}
SYNCS = [each for each in recordings() if each.hook is not Hook.CUSTOMIZE]
ANSWERS = [each for each in answered() if each.hook is not Hook.CUSTOMIZE]
DECORATOR: dict[str, Any] = {
    "controller": {"kind": "DecoratorController"},
    "object": {"metadata": {"name": "a"}},
    "attachments": {"Secret.v1": {"a": {"kind": "Secret"}}},
    "related": {},
    "finalizing": False,
}


def test_every_recorded_call_is_usual_and_read_alike() -> None:
    for each in SYNCS:
        usual = usual_call(each.request_body)
        assert usual is not None, each.name
        assert usual == read_closely(each.request_body, each.hook), each.name


@pytest.mark.parametrize(
    "change",
    [
        {"parent": {"metadata": {}}},
        {"children": {}},
        {"attachments": None},
        {"attachments": {"Secret.v1": None}},
        {"object": None},
        {"object": {"metadata": None}},
        {"finalizing": None},
        {"finalizing": "true"},
        {"related": []},
        {"controller": {"kind": "CompositeController"}},
        {"controller": {"kind": "Controller"}},
        {"controller": None},
    ],
    ids=str,
)
def test_an_odd_call_is_looked_at_closely(change: dict[str, Any]) -> None:
    assert usual_call(json.dumps(DECORATOR).encode()) is not None
    assert usual_call(json.dumps(DECORATOR | change).encode()) is None


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"[]", b"{", b"\xff", b"[" * 10_000], ids=lambda body: body[:9])
def test_what_is_no_call_and_no_answer_is_looked_at_closely(body: bytes) -> None:
    assert usual_call(body) is None
    assert not any(is_usual_answer(body, protocol) for protocol in Protocol)


def test_a_recorded_answer_is_usual_exactly_where_nothing_is_wrong_with_it() -> None:
    for each in ANSWERS:
        body = each.answer_body
        listed = isinstance(each.answer, dict) and isinstance(each.answer.get(LISTS[each.front]), list)
        assert is_usual_answer(body, each.front) == (listed and _fault(body, each.front, each.hook) is None), each.name


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)
items = st.fixed_dictionaries({}, optional={"kind": st.sampled_from(["Secret", "", None, 1]), "metadata": values})
answers = st.fixed_dictionaries(
    {},
    optional={
        "children": values | st.lists(items | values),
        "attachments": values | st.lists(items | values),
        "status": values,
        "labels": values,
        "annotations": values,
        "finalized": values,
        "resyncAfterSeconds": values,
        "other": values,
    },
)


@settings(max_examples=400)
@given(answer=answers, protocol=st.sampled_from(Protocol), cut=st.integers(0, 400))
def test_a_usual_answer_has_no_fault_under_a_close_look(answer: dict[str, Any], protocol: Protocol, cut: int) -> None:
    whole = json.dumps(answer).encode()
    for body in (whole, whole[:cut]):
        if is_usual_answer(body, protocol):
            assert _fault(body, protocol, Hook.SYNC) is None


@settings(max_examples=200)
@given(change=st.dictionaries(st.sampled_from([*DECORATOR, "parent", "children"]), values), cut=st.integers(0, 400))
def test_a_usual_call_is_read_alike_under_a_close_look(change: dict[str, Any], cut: int) -> None:
    whole = json.dumps(DECORATOR | change).encode()
    for body in (whole, whole[:cut]):
        if (usual := usual_call(body)) is not None:
            assert usual == read_closely(body, Hook.SYNC)


def _fault(body: bytes, protocol: Protocol, hook: Hook) -> str | None:
    answer = read_answer(body, protocol, hook)
    if isinstance(answer, Refusal):
        return answer.code
    assert isinstance(answer, Answer)
    return rejection(answer, body, strict=False)


def test_a_repeated_field_counts_as_the_last_one_does() -> None:
    body = b'{"attachments":[{"kind":"A"}],"attachments":[{"kind":""}]}'
    assert not is_usual_answer(body, Protocol.DECORATOR)
    assert _fault(body, Protocol.DECORATOR, Hook.SYNC) is not None
