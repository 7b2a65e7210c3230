"""What Metacontroller accepts as an answer, loose and strict."""

import json
from typing import Any

import pytest

from shadow.protocol.answers import Refusal, read_answer
from shadow.protocol.strict import rejection
from shadow.simulate.decode import Answer, decode, decode_rules
from shadow.simulate.errors import CrashError, HookError
from shadow.terms import Hook, Protocol

CC, DC = Protocol.COMPOSITE, Protocol.DECORATOR
ITEM = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}


def said(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("protocol", "body", "expected"),
    [
        pytest.param(CC, b"null", Answer(), id="null"),
        pytest.param(CC, b"{}", Answer(), id="nothing"),
        pytest.param(CC, said({"children": None, "status": None}), Answer(), id="nulls"),
        pytest.param(CC, said({"attachments": [ITEM]}), Answer(), id="the other list key is unknown, not desired"),
        pytest.param(CC, said({"labels": {"a": True}}), Answer(), id="not a field of this protocol"),
        pytest.param(
            DC, said({"labels": {"a": None, "b": "c"}}), Answer(labels={"a": None, "b": "c"}), id="null label"
        ),
        pytest.param(DC, said({"attachments": [ITEM]}), Answer(desired=(ITEM,)), id="items"),
        pytest.param(CC, b'{"resyncAfterSeconds": -1.5}', Answer(resync_after_seconds=-1.5), id="negative"),
        pytest.param(
            CC, b'{"status":{"a":1},"status":{"b":2}}', Answer(status={"a": 1, "b": 2}), id="maps come together"
        ),
        pytest.param(CC, b'{"status":{"a":1},"status":null}', Answer(), id="null last"),
        pytest.param(CC, b'{"status":null,"status":{"b":2}}', Answer(status={"b": 2}), id="null first"),
        pytest.param(
            CC, b'{"children":[],"children":[{"kind":"A"}]}', Answer(desired=({"kind": "A"},)), id="last list"
        ),
        pytest.param(
            CC, b'{"status":{"n":9223372036854775808}}', Answer(status={"n": 9.223372036854775808e18}), id="big"
        ),
        pytest.param(CC, b'{"status":{"\\ud800":"\\udfffx"}}', Answer(status={"\ufffd": "\ufffdx"}), id="half a pair"),
        pytest.param(CC, b'{"Status":{"a":1}}', Answer(), id="case matters"),
    ],
)
def test_loose_mode_takes_it(protocol: Protocol, body: bytes, expected: Answer) -> None:
    assert decode(body, protocol, strict=False) == expected


@pytest.mark.parametrize("strict", [False, True], ids=["loose", "strict"])
@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"1", b"{} {}", b'{"a": NaN}', b"\xef\xbb\xbf{}", b'{"children": {}}', b'{"children": ["x"]}',
        b'{"children": [{}]}', b'{"children": [{"kind": ""}]}', b'{"status": "ok"}', b'{"resyncAfterSeconds": "5"}',
        b'{"resyncAfterSeconds": true}', b'{"finalized": "true"}', b"[" * 5000, b'{"status": {}',
    ],
)  # fmt: skip
def test_neither_mode_takes_what_does_not_decode(body: bytes, strict: bool) -> None:
    with pytest.raises(HookError):
        decode(body, CC, strict=strict)


@pytest.mark.parametrize(
    ("protocol", "body"),
    [
        pytest.param(CC, b'{"debug": 1}', id="unknown field"),
        pytest.param(CC, b'{"labels": {}}', id="a decorator's field"),
        pytest.param(DC, b'{"children": []}', id="a composite's list"),
        pytest.param(CC, b'{"children":[],"children":[]}', id="twice"),
        pytest.param(CC, b'{"status":{"a":1,"a":1}}', id="twice in status"),
        pytest.param(CC, b'{"status":{"a":[{"b":1,"b":1}]}}', id="twice deep in status"),
        pytest.param(DC, b'{"labels":{"a":"1","a":"1"}}', id="twice in labels"),
    ],
)
def test_strict_mode_refuses_what_loose_mode_takes(protocol: Protocol, body: bytes) -> None:
    decode(body, protocol, strict=False)
    with pytest.raises(HookError, match="strict validation"):
        decode(body, protocol, strict=True)


def test_strict_mode_does_not_look_into_items() -> None:
    body = b'{"children":[{"kind":"A","x":1,"x":2}]}'
    assert decode(body, CC, strict=True).desired == ({"kind": "A", "x": 2},)


def test_a_null_item_is_fatal_to_metacontroller() -> None:
    with pytest.raises(CrashError):
        decode(b'{"children":[null]}', CC, strict=True)


def test_customize_rules_are_objects() -> None:
    assert decode_rules(b'{"relatedResources":[{"a":1}]}', strict=True) == ({"a": 1},)
    assert decode_rules(b"{}", strict=True) == ()
    for body in (b'{"relatedResources":{}}', b'{"relatedResources":[1]}'):
        with pytest.raises(HookError):
            decode_rules(body, strict=False)


OF_CC, OF_DC = "Go struct field CompositeHookResponse.", "Go struct field DecoratorHookResponse."


@pytest.mark.parametrize(
    ("protocol", "body", "message"),
    [
        (CC, '{"children":[{"apiVersion":"a/b/c","kind":"A"}]}', "Object 'Kind' is missing in"),
        (CC, '{"children":[{"kind":5}]}', "Object 'Kind' is missing in"),
        (CC, '{"children":["x"]}', f"cannot unmarshal string into {OF_CC}children of type map[string]interface {{}}"),
        (CC, '{"status":"ok"}', f"cannot unmarshal string into {OF_CC}status of type map[string]interface {{}}"),
        (CC, '{"finalized":"true"}', f"cannot unmarshal string into {OF_CC}finalized of type bool"),
        (DC, '{"labels":{"a":true}}', f"cannot unmarshal bool into {OF_DC}labels of type string"),
        (DC, '{"labels":[]}', f"cannot unmarshal array into {OF_DC}labels of type map[string]*string"),
        (CC, '{"status":{"a":[{"b":1,"b":1}]}}', 'duplicate field "status.a[0].b"'),
        (CC, '{"debug":1,"status":"ok"}', f"cannot unmarshal string into {OF_CC}status"),
    ],
)
def test_it_says_what_metacontroller_says(protocol: Protocol, body: str, message: str) -> None:
    with pytest.raises(HookError) as raised:
        decode(body.encode(), protocol, strict=True)
    assert message in str(raised.value)
    answer = read_answer(body.encode(), protocol, Hook.SYNC)
    assert not isinstance(answer, Refusal)
    foreseen = rejection(answer, body.encode(), strict=True)
    assert foreseen is not None
    assert message.removesuffix(" in") in foreseen


@pytest.mark.parametrize("version", [None, 5, "v1", "apps/v1"])
def test_an_api_version_that_is_none_is_the_api_servers_business(version: Any) -> None:
    item = {"apiVersion": version, "kind": "A"}
    assert decode(said({"children": [item]}), CC, strict=True).desired == (item,)
