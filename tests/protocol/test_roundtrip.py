"""Composite -> decorator -> composite is the identity for whatever both can say."""

import json

from hypothesis import given
from hypothesis import strategies as st

from shadow.protocol.adapt import adapt_answer
from shadow.protocol.dialect import Alterations, Dialect, Ownership
from shadow.protocol.messages import read_request
from shadow.protocol.shown import adapt_request
from shadow.terms import Hook, HookVersion, Protocol
from tests.protocol.recordings import LIST, call, envelope

COMPOSITE, DECORATOR = Protocol
V1 = HookVersion.V1

numbers = st.sampled_from(["0", "1", "1.0", "1e3", "-0.0", "1E+2", "9223372036854775808", "0.10"])
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(
    lambda text: json.dumps(text, ensure_ascii=len(text) % 2 == 0)
)
scalars = numbers | texts | st.sampled_from(["null", "true", "false", '"\\ud83d"', '"\\/"'])
keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
blanks = st.sampled_from(["", " ", "\n", "\t "])


def _objects(inner):
    return st.tuples(st.dictionaries(keys, inner, max_size=4), blanks).map(
        lambda pair: "{" + ",".join(f"{json.dumps(key)}{pair[1]}:{value}" for key, value in pair[0].items()) + "}"
    )


def _arrays(inner):
    return st.tuples(st.lists(inner, max_size=4), blanks).map(lambda pair: f"[{pair[1]}" + ",".join(pair[0]) + "]")


values = st.recursive(scalars, lambda inner: _objects(inner) | _arrays(inner), max_leaves=12)
items = values.map(lambda value: f'{{"kind": "ConfigMap","x":{value} }}')


@given(_objects(values), st.lists(items, max_size=4), numbers)
def test_an_answer_there_and_back_is_the_same_bytes(status, listed, resync):
    text = f'{{"status":{status},"LIST":[{",".join(listed)}],"resyncAfterSeconds":{resync}}}'
    composite, decorator = (text.replace("LIST", LIST[protocol]).encode() for protocol in Protocol)
    there = adapt_answer(call(DECORATOR), composite, Dialect(COMPOSITE), V1, Alterations())
    assert there.refusal is None
    assert there.body == decorator
    back = adapt_answer(call(COMPOSITE), there.body, Dialect(DECORATOR), V1, Alterations())
    assert back.refusal is None
    assert back.body == composite


@given(values, st.sampled_from(list(Hook)))
def test_a_call_there_and_back_is_the_same_bytes(value, hook):
    body = json.dumps(envelope(COMPOSITE, hook), separators=(",", ":"))
    body = body[:-1] + f',"future":{value}}}'
    request = read_request(body.encode(), hook)
    there = read_request(adapt_request(request, Dialect(DECORATOR), V1).body, hook)
    assert there.front is DECORATOR
    back = adapt_request(there, Dialect(COMPOSITE), V1, bytes(request.controller))
    assert back.body == request.body


SEED = b'{"status":{"a":[1]},"LIST":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}],"finalized":false}'
snippets = st.sampled_from(
    [
        b"null",
        b"{}",
        b"[]",
        b'"',
        b",",
        b":",
        b"1",
        b"[",
        b"}",
        b'"LIST":',
        b'"labels":{"a":"b"},',
        b"\xff",
        rb'"\ud800"',
    ]
)
edits = st.lists(st.tuples(st.integers(0, len(SEED)), st.integers(0, 30), snippets), max_size=4)


@given(edits, st.sampled_from(list(Protocol)), st.sampled_from(list(Protocol)), st.booleans())
def test_whatever_an_implementation_says_nothing_raises_and_no_other_list_key_goes_out(edited, front, protocol, owned):
    body = SEED
    for at, length, snippet in edited:
        body = body[:at] + snippet + body[at + length :]
    body = body.replace(b"LIST", LIST[protocol].encode())
    alterations = Alterations(ownership=Ownership("dc", generate_selector=True) if owned else None)
    adapted = adapt_answer(call(front), body, Dialect(protocol), V1, alterations)
    assert isinstance(adapted.identities(), list)
    if adapted.refusal is None:
        served = json.loads(adapted.body.decode("utf-8", "replace"))
        assert LIST[Protocol.COMPOSITE if front is DECORATOR else DECORATOR] not in served
        assert None not in (served.get(LIST[front]) or [])
