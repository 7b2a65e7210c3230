"""A look-alike passes for the secret: same type and length, equal where equal, and nothing else is touched."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.compare.golang import compact_json
from shadow.compare.merge import merge
from shadow.disguise import Disguise
from shadow.jsontext import MalformedError
from tests.proxy.bodies import LA
from tests.test_redact import ENCODED, PLANTED, leaks, secret

DISGUISE = Disguise(b"key")
KUBECTL = "kubectl.kubernetes.io/last-applied-configuration"


def encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()


def data_of(value: str) -> str:
    disguised: str = DISGUISE.object(secret(data={"k": value}))["data"]["k"]
    return disguised


def messaged(item: object) -> Any:
    return json.loads(DISGUISE.message(json.dumps({"attachments": [item]}).encode()))["attachments"][0]


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(secret(data={"k": ENCODED}), id="data"),
        pytest.param(secret(stringData={"k": PLANTED}), id="string-data"),
        pytest.param(secret(data={"k": PLANTED}), id="data-that-is-not-base64"),
        pytest.param(secret(data={"k": [{"deep": PLANTED}]}), id="data-of-a-wrong-type"),
        pytest.param({"metadata": {"annotations": {LA: json.dumps(secret(data={"k": ENCODED}))}}}, id="last-applied"),
        pytest.param(
            {"metadata": {"annotations": {KUBECTL: json.dumps(secret(stringData={"k": PLANTED})) + "\n"}}}, id="kubectl"
        ),
        pytest.param({"metadata": {"annotations": {LA: f'{{"data": "{PLANTED}'}}}, id="last-applied-broken"),
        pytest.param({"env": [{"name": "DB_PASSWORD", "value": PLANTED}]}, id="env"),
        pytest.param({"env": [{"name": "X_TOKEN", "value": {"odd": [PLANTED]}}]}, id="env-of-a-wrong-type"),
        pytest.param({"args": ["--token", PLANTED]}, id="argument"),
        pytest.param({"url": f"http://user:{PLANTED}@host/path"}, id="url"),
        pytest.param({"pem": f"-----BEGIN RSA PRIVATE KEY-----\n{PLANTED}"}, id="pem"),
        pytest.param({"data": {"MINIO_SECRET_KEY": PLANTED}}, id="variable-in-a-config-map"),
    ],
)
def test_a_planted_secret_is_not_shown(item):
    assert leaks(item)
    assert not leaks(messaged(item))
    assert not leaks(json.loads(DISGUISE.message(json.dumps(item).encode())))
    assert not leaks(DISGUISE.exported({"kind": "List", "items": [item]}))


def test_a_secret_under_a_key_that_comes_twice_is_not_shown():
    twice = f'{{"attachments": [{{"kind": "Secret", "data": {{"k": "{ENCODED}"}}, "data": {{"k": "eA=="}}}}]}}'
    assert ENCODED not in DISGUISE.message(twice.encode()).decode()


@given(st.binary(min_size=8, max_size=200))
def test_base64_stays_base64_of_the_same_length(value):
    disguised = base64.b64decode(data_of(encoded(value)), validate=True)
    assert len(disguised) == len(value)
    assert disguised != value


@pytest.mark.parametrize("value", [b"\xff\x00" * 20, b"\x1f\x8b\x08" + b"\x80" * 9], ids=["bytes", "gzip"])
def test_binary_stays_binary(value):
    with pytest.raises(UnicodeDecodeError):
        base64.b64decode(data_of(encoded(value))).decode()


@pytest.mark.parametrize("value", ["a", "abc", "1234567"])
def test_a_short_value_does_not_tell_its_length(value):
    assert len(base64.b64decode(data_of(encoded(value.encode())))) == 8
    assert len(DISGUISE.stand_in(value)) == 8


@pytest.mark.parametrize("value", ["not base64!", "abc", "Zm9", "Zm9v\n"])
def test_what_is_no_base64_does_not_become_any(value):
    with pytest.raises(ValueError, match=r"base64|[Pp]adding"):
        base64.b64decode(data_of(value), validate=True)


@pytest.mark.parametrize("value", ["Zm9vYmE=", "Zm9vYg==", "+/+/Zm9vYmE="])
def test_a_text_that_is_base64_stays_that_where_it_is_padded(value):
    disguised = DISGUISE.stand_in(value)
    assert len(disguised) == len(value)
    assert encoded(base64.b64decode(disguised, validate=True)) == disguised


def test_equal_stays_equal_and_different_stays_different():
    values = [f"fake-{number}" for number in range(3000)] + [str(number) for number in range(3000)]
    assert len({DISGUISE.stand_in(value) for value in values}) == len(values)
    assert [DISGUISE.stand_in(value) for value in values] == [Disguise(b"key").stand_in(value) for value in values]
    assert DISGUISE.stand_in("fake-1") != Disguise(b"another").stand_in("fake-1")


def test_data_and_string_data_of_one_value_agree():
    disguised = DISGUISE.object(secret(data={"k": ENCODED}, stringData={"k": PLANTED}))
    assert base64.b64decode(disguised["data"]["k"]).decode() == disguised["stringData"]["k"]


@pytest.mark.parametrize(
    ("value", "kind"), [(12345678, int), (7, int), (-3, int), (1.5, float), (True, bool), (None, type(None))]
)
def test_a_value_keeps_its_type(value, kind):
    disguised = Disguise(b"key", ["spec.hidden"]).object({"spec": {"hidden": value}})["spec"]["hidden"]
    assert type(disguised) is kind
    assert (disguised == value) is (kind in (bool, type(None)))


def as_go_reads(number: float) -> float:
    """An integer of 64 bits is exact, any other number a float."""
    return number if isinstance(number, int) and -(2**63) <= number < 2**63 else float(number)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0), (1, 2), (1, 1), (1.5, 2.5), (1.5, 1.5), (-7, 7), (1.0, 1.5), (0, 0.0), (0, 1), (10**14, 1e14),
        (2**53, 2**53 + 1), (2**63, 2**63 + 1), (2**63, 2**64), (2**63 - 1, 2**63), (10**30, 10**30 + 1),
    ],
)  # fmt: skip
def test_two_numbers_differ_by_kind_and_value_as_they_did(one, other):
    def said(*numbers):
        first, second = map(as_go_reads, numbers)
        return type(first), type(second), first == second, numbers[0] == numbers[1]

    assert said(*map(DISGUISE.stand_in_for_other, (one, other))) == said(one, other)


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_again_as_what_it_is(value):
    disguised = DISGUISE.stand_in_for_other(value)
    assert type(disguised) is type(value)
    assert json.loads(json.dumps(disguised)) == disguised
    assert disguised != value or value == 0


def test_an_empty_value_stays_empty():
    item = secret(data={"k": ""}, stringData={"k": ""})
    assert DISGUISE.object(item) == item


def test_what_is_no_secret_keeps_its_bytes():
    text = b'{"attachments":[{"a":1.0,"b":1e3,"c":"\\u00e9<","d":{}}],"status":null}'
    assert DISGUISE.message(text) == text
    assert DISGUISE.message(b'{\n  "status": {\r\n}}\n') == b'{   "status": {  }}'


@pytest.mark.parametrize("body", [b"", b"\xff{}", b"<html>", b"[" * 5000 + b"]" * 5000])
def test_what_nobody_can_read_is_not_passed_on(body):
    with pytest.raises(MalformedError):
        DISGUISE.message(body)


def test_the_last_applied_configuration_is_the_disguised_object_as_metacontroller_spells_it():
    desired = secret(data={"k": ENCODED}, note="<a>&1.50", size=[1.5, 10**20, True])
    observed = desired | {"metadata": {"name": "s", "annotations": {LA: compact_json(desired)}}}
    disguised = messaged(observed)
    assert disguised["metadata"]["annotations"][LA] == compact_json(messaged(desired))


@pytest.mark.parametrize(
    ("applied", "desired"),
    [
        ({"a": "fake-one", "b": "fake-two"}, {"a": "fake-one", "b": "fake-two"}),
        ({"a": "fake-one", "b": "fake-two"}, {"a": "fake-new"}),
        ({"a": "fake-one"}, {"a": "fake-one", "c": "fake-one"}),
    ],
    ids=["same", "changed-and-removed", "added"],
)
def test_a_merge_of_disguised_objects_is_the_disguised_merge(applied, desired):
    def of(values, **more):
        return secret(data={key: encoded(value.encode()) for key, value in values.items()}, **more)

    observed = of(applied | {"kept": "fake-kept"}, immutable=False)
    sides = observed, of(applied), of(desired)
    assert merge(*(DISGUISE.object(side) for side in sides)) == DISGUISE.object(merge(*sides))


@pytest.mark.parametrize("kind", ["SecretList", "List"])
def test_items_of_a_typed_list_need_not_say_their_kind(kind):
    item = {"metadata": {"name": "s"}, "data": {"k": base64.b64encode(b"fake-planted-value").decode()}}
    items = [item] if kind == "SecretList" else [{"kind": "SecretList", "items": [item]}]
    shown = Disguise(b"k" * 16).exported({"kind": kind, "items": items})
    assert item["data"]["k"] not in json.dumps(shown)
    assert '"name": "s"' in json.dumps(shown)
