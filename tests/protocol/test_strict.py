import json

import pytest

from shadow.protocol.answers import Answer, Refusal, read_answer
from shadow.protocol.strict import rejection
from shadow.protocol.usual import is_usual_answer
from shadow.terms import Hook, Protocol
from tests.protocol.recordings import answered, effects

COMPOSITE, DECORATOR = Protocol


def _case_body(case):
    return (case["answer_raw"] if case["answer_raw"] is not None else json.dumps(case["answer"])).encode()


def _reaches_metacontroller(case):
    if case["status"] != 200:
        return False
    answer = read_answer(_case_body(case), Protocol(case["controller"]), Hook(case["hook"]))
    return not isinstance(answer, Refusal)


def _logged(case):
    """What Metacontroller said of the answer itself, not of what the API server made of it."""
    said = [event["message"] for event in case["events"] if "hook failed" in event["message"]]
    return said[0] if said else None


@pytest.mark.parametrize(
    "case", [case for case in effects() if _reaches_metacontroller(case)], ids=lambda case: f"{case['id']}-{case['op']}"
)
def test_it_foresees_what_a_running_metacontroller_rejected(case):
    protocol, hook, body = Protocol(case["controller"]), Hook(case["hook"]), _case_body(case)
    answer = read_answer(body, protocol, hook)
    assert isinstance(answer, Answer)
    reason = rejection(answer, body, strict=case["unmarshall_mode"] == "strict")
    logged = _logged(case)
    assert (reason is None) == (logged is None)
    if reason is not None and case["metacontroller"] != "2.6.1":
        assert logged is not None
        assert reason.removeprefix("strict validation failed: ").removesuffix(" a list item") in logged


def _rejection(body, protocol=COMPOSITE, *, strict):
    answer = read_answer(body.encode(), protocol, Hook.SYNC)
    assert isinstance(answer, Answer)
    return rejection(answer, body.encode(), strict=strict)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    ("body", "protocol"),
    [
        ('{"status":"ok"}', COMPOSITE),
        ('{"status":[]}', DECORATOR),
        ('{"children":{}}', COMPOSITE),
        ('{"children":"none"}', COMPOSITE),
        ('{"children":["x"]}', COMPOSITE),
        ('{"children":[[]]}', COMPOSITE),
        ('{"children":[{}]}', COMPOSITE),
        ('{"children":[{"kind":""}]}', COMPOSITE),
        ('{"children":[{"kind":5}]}', COMPOSITE),
        ('{"children":[{"apiVersion":"a/b/c","kind":"A"}]}', COMPOSITE),
        ('{"attachments":[{"kind":"A"},{"apiVersion":"a//b","kind":"A"}]}', DECORATOR),
        (r'{"children":[{"apiVersion":"a\/b\/c","kind":"A","x":"\ud800"}]}', COMPOSITE),
        ('{"children":[{"kind":"A"},{"kind":null}]}', COMPOSITE),
        ('{"resyncAfterSeconds":"5"}', COMPOSITE),
        ('{"finalized":"true"}', DECORATOR),
        ('{"finalized":1}', COMPOSITE),
        ('{"labels":[]}', DECORATOR),
        ('{"labels":{"a":true}}', DECORATOR),
        ('{"annotations":{"a":{}}}', DECORATOR),
    ],
)
def test_wrong_types_are_rejected_in_both_modes(body, protocol, strict):
    assert _rejection(body, protocol, strict=strict) is not None


@pytest.mark.parametrize(
    ("body", "protocol"),
    [
        ('{"status":null,"children":null,"resyncAfterSeconds":null,"finalized":null}', COMPOSITE),
        ('{"labels":{"a":null},"annotations":null,"attachments":[]}', DECORATOR),
        ('{"children":[{"kind":"A","metadata":{"name":5},"x":{"a":1,"a":2}}]}', COMPOSITE),
        ('{"children":[{"kind":"A","x":"\\ud800"}]}', COMPOSITE),
        ('{"children":[{"kind":"A","apiVersion":"a/b"},{"kind":"A","apiVersion":5},{"kind":"A"}]}', COMPOSITE),
        ('{"status":{"a":[{"b":1},{"b":1}]},"resyncAfterSeconds":-0.5}', COMPOSITE),
        ('{"status":{"n":' + "1" * 308 + ',"m":1e-999,"hex":"0e1234"}}', COMPOSITE),
        ('{"status":' + '{"a":' * 1500 + "1" + "}" * 1500 + "}", COMPOSITE),
    ],
    ids=["nulls", "null-values", "inside-items", "surrogate", "api-versions", "lists", "long-number", "deep"],
)
def test_strict_mode_takes_these(body, protocol):
    assert _rejection(body, protocol, strict=True) is None


@pytest.mark.parametrize(
    ("body", "protocol", "told"),
    [
        ('{"status":{},"debug":1}', COMPOSITE, 'unknown field "debug"'),
        ('{"children":[],"labels":{}}', COMPOSITE, 'unknown field "labels"'),
        ('{"status":{},"status":{}}', COMPOSITE, 'duplicate field "status"'),
        ('{"status":{"a":{"b":1,"b":2}}}', COMPOSITE, 'duplicate field "status.a.b"'),
        ('{"status":{"a":[{},{"b":1,"b":2}]}}', COMPOSITE, 'duplicate field "status.a[1].b"'),
        ('{"labels":{"a":"1","a":"2"}}', DECORATOR, 'duplicate field "labels.a"'),
        ('{"status":{"a":1,"a":2},"x":1}', DECORATOR, '[duplicate field "status.a", unknown field "x"]'),
        ('{"x":1,"x":2,"status":{}}', COMPOSITE, 'unknown field "x"'),
        (
            '{"status":{"b":{"c":1,"c":2},"a":1,"a":{"z":1,"z":2}}}',
            COMPOSITE,
            '[duplicate field "status.b.c", duplicate field "status.a", duplicate field "status.a.z"]',
        ),
        ('{"status":{"a":1,"a":2,"a":3}}', COMPOSITE, 'duplicate field "status.a"'),
    ],
)
def test_strict_mode_rejects_unknown_and_repeated_fields(body, protocol, told):
    assert _rejection(body, protocol, strict=True) == f"strict validation failed: {told}"
    assert _rejection(body, protocol, strict=False) is None


@pytest.mark.parametrize("number", ["1e999", "-1E+400", "1.5e309", "1" * 310, "1" * 5000], ids=lambda text: text[:9])
@pytest.mark.parametrize(
    "place", ['"status":{"a":[%s]}', '"children":[{"kind":"A","x":%s}]', '"resyncAfterSeconds":%s']
)
def test_a_number_that_no_float64_holds_is_rejected_wherever_it_stands(place, number):
    field = f"Go struct field CompositeHookResponse.{json.loads('{' + place % 1 + '}').popitem()[0]} of type float64"
    body = "{" + place % number + "}"
    assert _rejection(body, COMPOSITE, strict=False) == f"json: cannot unmarshal number {number} into {field}"
    assert not is_usual_answer(body.encode(), COMPOSITE)


@pytest.mark.parametrize(
    ("body", "protocol", "told"),
    [
        ('{"children":[{"kind":1}],"children":[]}', COMPOSITE, "Object 'Kind' is missing in a list item"),
        ('{"children":"x","children":[]}', COMPOSITE, "json: cannot unmarshal string into"),
        ('{"status":[],"status":{}}', COMPOSITE, "json: cannot unmarshal array into"),
        ('{"labels":{"b":1,"b":"1"}}', DECORATOR, "json: cannot unmarshal number into"),
    ],
)
def test_what_a_repeated_key_replaces_is_read_too(body, protocol, told):
    assert _rejection(body, protocol, strict=False).startswith(told)


def test_an_object_at_fault_is_told_before_a_field():
    body = '{"finalized":0,"children":[{"kind":""}]}'
    assert "'Kind' is missing" in _rejection(body, COMPOSITE, strict=False)


def test_a_number_in_a_field_that_nobody_knows_is_skipped():
    assert _rejection('{"children":[],"other":1e999}', COMPOSITE, strict=False) is None


@pytest.mark.parametrize("each", answered(), ids=lambda each: each.name)
def test_no_recorded_answer_of_a_real_hook_is_rejected(each):
    answer = read_answer(each.answer_body, each.front, each.hook)
    assert isinstance(answer, Answer)
    assert rejection(answer, each.answer_body, strict=True) is None
