"""No secret is shown, equal ones stay equal, and nothing makes redaction raise."""

import base64
import copy
import gzip
import json
import re
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.redact import Redactor
from shadow.secretnames import _ENDINGS, _WORDS, nothing_secret, secret_field, secret_name, secret_setting

PLANTED = "fake-planted-value"
ENCODED = base64.b64encode(PLANTED.encode()).decode()
REDACTOR = Redactor(b"key")
LAST = "metacontroller.k8s.io/last-applied-configuration"


def secret(**extra):
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}} | extra


LACKS_ITS_KIND = json.dumps({"data": {"k": ENCODED}})


def packed(text: str, *, zipped: bool = False) -> str:
    data = text.encode()
    return base64.b64encode(gzip.compress(data, mtime=0) if zipped else data).decode()


def leaks(value):
    text = json.dumps(value)
    return PLANTED in text or ENCODED in text


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(secret(data={"k": ENCODED}), id="data"),
        pytest.param(secret(stringData={"k": PLANTED}), id="string-data"),
        pytest.param(secret(data={"k": PLANTED}), id="data-that-is-not-base64"),
        pytest.param(secret(data={"k": [{"deep": PLANTED}]}), id="data-of-a-wrong-type"),
        pytest.param({"kind": "SecretList", "items": [secret(data={"k": ENCODED})]}, id="a-list-of-secrets"),
        pytest.param({"kind": "SecretList", "items": [{"data": {"k": ENCODED}, "stringData": {"k": PLANTED}}]}, id="a"),
        pytest.param({"kind": "List", "items": [{"kind": "SecretList", "items": [{"data": {"k": ENCODED}}]}]}, id="b"),
        pytest.param({"metadata": {"annotations": {LAST: json.dumps(secret(data={"k": ENCODED}))}}}, id="last-applied"),
        pytest.param({"metadata": {"annotations": {LAST: f'{{"data": "{PLANTED}'}}}, id="last-applied-broken"),
        pytest.param(
            {"metadata": {"annotations": {"x/y": json.dumps(secret(stringData={"k": PLANTED}))}}}, id="a-copy-elsewhere"
        ),
        pytest.param({"env": [{"name": "DB_PASSWORD", "value": PLANTED}]}, id="env"),
        pytest.param({"env": [{"value": PLANTED, "name": "MINIO_KEY"}]}, id="env-key"),
        pytest.param({"httpHeaders": [{"name": "Authorization", "value": PLANTED}]}, id="header-list"),
        pytest.param({"headers": {"Authorization": f"Bearer {PLANTED}"}}, id="header-map"),
        pytest.param({"args": [f"--token={PLANTED}"]}, id="argument"),
        pytest.param({"url": f"http://user:{PLANTED}@host/path"}, id="url"),
        pytest.param({"url": f"redis://:{PLANTED}@host"}, id="url-without-user"),
        pytest.param({"text": f"use Bearer {PLANTED} there"}, id="bearer-in-text"),
        pytest.param({"url": f"https://host/?access_token={PLANTED}&x=1"}, id="query"),
        pytest.param({"pem": f"-----BEGIN RSA PRIVATE KEY-----\n{PLANTED}"}, id="pem"),
        pytest.param({"spec": {"auth": {"password": PLANTED}}}, id="password-field"),
        pytest.param({"data": {"MINIO_SECRET_KEY": PLANTED}}, id="variable-in-a-config-map"),
        pytest.param({"env": [{"name": "X_TOKEN", "value": {"odd": [PLANTED]}}]}, id="env-of-a-wrong-type"),
        pytest.param({"data": {"c.json": json.dumps({"password": PLANTED})}}, id="json-in-a-text"),
        pytest.param({"data": {"c.json": f' {json.dumps([secret(data={"k": ENCODED})])}'}}, id="json-list-in-a-text"),
        pytest.param({"x": json.dumps(secret(data={"k": ENCODED})).replace('"Se', '"\\u0053e')}, id="escapes"),
        pytest.param({"data": {"a.yaml": f"x: 1\npassword: {PLANTED}\n"}}, id="yaml-in-a-text"),
        pytest.param({"data": {"s.yaml": f"a: b\nkind: Secret\ndata: {{a: {ENCODED}}}"}}, id="a-secret-as-yaml"),
        pytest.param({"run": f'curl -H "X-Api-Key: {PLANTED}" -H "Authorization: token {PLANTED}"'}, id="header"),
        pytest.param({"credentials": {"user": "u", "pass": PLANTED}}, id="pass"),
        pytest.param({"dbPwd": PLANTED}, id="pwd"),
        pytest.param({"oauth": {"secret": PLANTED}}, id="secret-field"),
        pytest.param({"passwords": {"alice": PLANTED, "bob": [PLANTED]}}, id="held-under-any-name"),
        pytest.param({"tokens": [PLANTED]}, id="a-list-of-tokens"),
        pytest.param({"command": ["curl", "-u", f"me:{PLANTED}"]}, id="log-in-of-curl"),
        pytest.param({"command": ["mysql"], "args": [f"-p{PLANTED}"]}, id="attached-password"),
        pytest.param({"data": {"a.json": f'{{"token": "{PLANTED}", "token": ""}}'}}, id="a-key-twice"),
        pytest.param({"data": {"s": f'{{"kind":"Secret","data":{{"k":"{ENCODED}"}},"data":{{}}}}'}}, id="data-twice"),
        pytest.param({"data": {"s": f"- {{kind: Secret, data: {{a: {ENCODED}}}}}"}}, id="a-secret-in-flow"),
        pytest.param({"data": {"s": f"it: '{json.dumps(secret(data={'k': ENCODED}))}'"}}, id="json-in-yaml"),
        pytest.param({"data": {"a.yaml": f"password: |\n  {PLANTED}\n  {PLANTED}\nx: y"}}, id="block-scalar"),
        pytest.param({"kind": "Secret", "metadata": {"annotations": {LAST: LACKS_ITS_KIND}}}, id="lacks-its-kind"),
        pytest.param({"kind": "Secret", "metadata": {"annotations": {"x/y": LACKS_ITS_KIND}}}, id="elsewhere"),
        pytest.param({"data": {"s": f"kind:\n  Secret\ndata:\n  a: {ENCODED}"}}, id="kind-below"),
        pytest.param({"data": {"config.json": json.dumps({"auths": {"r": {"auth": ENCODED}}})}}, id="docker-auth"),
        pytest.param({"spec": {"password": {"value": PLANTED}}}, id="spelled-out"),
        pytest.param({"params": [{"name": "token", "default": PLANTED}]}, id="default"),
        pytest.param({"env": [{"key": "DB_PASSWORD", "value": PLANTED}]}, id="key-and-value"),
        pytest.param({"spec": {"webhookSecret": PLANTED, "signingKey": PLANTED, "dsn": PLANTED}}, id="fields"),
        pytest.param({"args": ["--password", f"-{PLANTED}"]}, id="value-like-a-flag"),
        pytest.param({"name": "CONFIG", "value": json.dumps({"auth": {"token": PLANTED}})}, id="json-in-a-variable"),
    ],
)  # fmt: skip
def test_a_planted_secret_is_not_shown(item):
    before = copy.deepcopy(item)
    assert leaks(item)
    assert not leaks(REDACTOR.object(item))
    assert not leaks(REDACTOR.answer({"children": [item]}))
    assert not leaks(REDACTOR.answer({"attachments": {"Secret.v1": {"s": item}}, "object": item, "status": item}))
    assert item == before


@pytest.mark.parametrize(
    "item",
    [
        {
            "spec": {
                "secretName": "minio",
                "tokenPath": "/x",
                "key": "k",
                "secretKeyRef": {"name": "a", "key": "password"},
            }
        },
        {"env": [{"name": "HOST", "value": "db"}, {"name": "PASSWORD_REF", "valueFrom": {"x": "y"}}]},
        {"url": "http://host:80/path@sha256:abc", "image": "registry:5000/a/b@sha256:abc"},
        {"automountServiceAccountToken": False, "n": 1, "f": 1.5, "none": None, "list": [True]},
        {"metadata": {"annotations": {"note": "{not json", "author": "me"}}},
        {"kind": "ConfigMap", "data": {"viewer.json": '{"spec": 1}', "tags": '[ "b",  "a" ]', "t": "{{ .Values }}"}},
        {"credentials": {"secretName": "minio", "key": "k", "optional": True}, "tokens": {}, "passwords": []},
        {
            "volumes": [{"secret": {"secretName": "s", "defaultMode": 420}}],
            "bypass": "x",
            "serviceAccountToken": {"a": 1},
        },
        {"image": "registry/access-token:1.2", "note": "cannot read the token: permission denied"},
    ],
)
def test_what_is_no_secret_stays_as_it_is(item):
    assert REDACTOR.object(item) == item


def test_data_and_string_data_of_the_same_value_have_the_same_stand_in():
    redacted = REDACTOR.object(secret(data={"k": ENCODED}, stringData={"k": PLANTED}))
    assert redacted["data"]["k"] == redacted["stringData"]["k"]
    assert redacted["data"]["k"].startswith("<redacted:")
    assert redacted["data"]["k"].endswith(f":{len(PLANTED)}>")


def test_a_stand_in_tells_values_and_keys_apart():
    def of(key, value):
        return Redactor(key).object(secret(stringData={"k": value}))["stringData"]["k"]

    assert of(b"a", "x") == of(b"a", "x")
    assert of(b"a", "x") != of(b"a", "y")
    assert of(b"a", "x") != of(b"b", "x")


@pytest.mark.parametrize(
    "item",
    [
        {"kind": "ConfigMap", "binaryData": {".env": packed(f"PASSWORD={PLANTED}")}},
        {"kind": "ConfigMap", "binaryData": {"token": packed(PLANTED)}},
        {"kind": "ConfigMap", "data": {"k": packed(f"-----BEGIN RSA PRIVATE KEY-----\n{PLANTED}")}},
        {"kind": "ConfigMap", "data": {"k": packed(json.dumps({"password": PLANTED}), zipped=True)}},
        {"kind": "Secret", "metadata": {"annotations": {"x/applied": packed(LACKS_ITS_KIND, zipped=True)}}},
        {"kind": "ConfigMap", "binaryData": {"k": packed("\0" * 2**20 + f" password={PLANTED}", zipped=True)}},
    ],
    ids=["file", "name", "pem", "zipped", "of-a-secret", "too-large"],
)
def test_what_is_packed_is_hidden_whole_where_there_is_a_secret_in_it(item):
    [planted] = [text for part in item.values() for text in leaves(part) if len(text) > 12]
    assert planted not in json.dumps(REDACTOR.object(item))


@pytest.mark.parametrize("text", [packed("---\nCERTIFICATE " * 4), packed('{"a": "some"}', zipped=True), "H4sI" * 9])
def test_what_is_packed_without_a_secret_stays(text):
    for item in ({"data": {"a": text}}, {"binaryData": {"a": text}}):
        assert REDACTOR.object(item) == item


def leaves(value) -> list[str]:
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in leaves(part)]
    return [value]


def test_names_of_keys_and_absent_values_stay_visible():
    assert REDACTOR.object(secret(data={"user": None, "pass": ""}))["data"] == {
        "user": None,
        "pass": REDACTOR.stand_in(""),
    }


def test_what_is_redacted_already_stays_the_same():
    once = REDACTOR.object(secret(data={"k": ENCODED}, stringData={"k": PLANTED}))
    assert REDACTOR.object(once) == once


def test_the_last_applied_configuration_stays_readable_where_it_can_be_read():
    item = {"metadata": {"annotations": {LAST: json.dumps(secret(data={"k": ENCODED}))}}}
    inner = json.loads(REDACTOR.object(item)["metadata"]["annotations"][LAST])
    assert inner == REDACTOR.object(secret(data={"k": ENCODED}))


@pytest.mark.parametrize(
    ("path", "item"),
    [
        ("spec.hidden", {"spec": {"hidden": PLANTED}}),
        ("spec.hidden", {"spec": {"hidden": {"deep": [PLANTED]}}}),
        ("spec.*.hidden", {"spec": {"a": {"hidden": PLANTED}}}),
        ("**.hidden", {"a": [{"b": {"hidden": PLANTED}}]}),
        ("items[name=a].v", {"items": [{"name": "a", "v": PLANTED}]}),
        ("items[0].v", {"items": [{"name": "a", "v": PLANTED}]}),
        ('metadata.annotations["a.b/c"]', {"metadata": {"annotations": {"a.b/c": PLANTED}}}),
    ],
)
def test_configured_paths_are_hidden(path, item):
    assert not leaks(Redactor(b"key", [path]).object(item))
    assert not leaks(Redactor(b"key", [path]).answer({"children": [item]}))
    assert leaks(REDACTOR.object(item))


@pytest.mark.parametrize("path", ["status.ticket", "parent.status.ticket"])
def test_configured_paths_reach_the_parents_status(path):
    assert not leaks(Redactor(b"key", [path]).answer({"status": {"ticket": PLANTED}, "attachments": []}))


def test_only_what_a_path_names_is_hidden():
    redacted = Redactor(b"key", ["items[name=a].v"]).object(
        {"items": [{"name": "b", "v": "seen"}, {"name": "a", "v": 1}]}
    )
    assert redacted["items"][0] == {"name": "b", "v": "seen"}
    assert redacted["items"][1]["v"] == REDACTOR.stand_in("1")


def test_a_path_that_cannot_be_read_is_refused():
    with pytest.raises(ValueError, match="character"):
        Redactor(b"key", ["spec..x"])


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.builds(object),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=3)
        | st.fixed_dictionaries({"kind": st.just("Secret"), "data": inner})
        | st.fixed_dictionaries({"name": st.just("TOKEN"), "value": inner})
    ),
)


@given(odd)
def test_nothing_makes_redaction_raise(value):
    redactor = Redactor(b"key", ["a.*", "**.b"])
    redactor.object(value)
    redactor.answer(value)
    redactor.answer({"children": value, "status": value, "attachments": {"x": value}})


@given(st.text())
def test_text_is_total_and_settled_after_one_pass(text):
    once = REDACTOR.text(text)
    assert REDACTOR.text(once) == once


def test_depth_does_not_make_redaction_raise():
    value: Any = {"kind": "Secret", "data": {"k": ENCODED}}
    for _ in range(5000):
        value = {"k": [value]}
    redacted = REDACTOR.object(value)
    for _ in range(5000):
        redacted = redacted["k"][0]
    assert not leaks(redacted)


def test_hostile_text_takes_no_quadratic_time():
    start = time.perf_counter()
    for text in ("kind" + "\n-" * 200_000, "{" * 200_000, "[" * 200_000 + '"Secret"', '{"a":' * 100_000):
        REDACTOR.object({"x": text})
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize(
    "name", ["DB_PASSWORD", "token", "apiKey", "API_KEY", "X-Auth", "aws.secret", "KEY", "signKey", "PGPASS"]
)
def test_names_that_hold_secrets(name):
    assert secret_name(name)


@pytest.mark.parametrize("name", ["HOST", "KEYCLOAK_URL", "MONKEY", "name", "author", "PORT", "BYPASS"])
def test_names_that_do_not(name):
    assert not secret_name(name)


@pytest.mark.parametrize("name", [*_ENDINGS, "webhookSecret", "Token", "db.password", "MINIO_KEY", "client-key-data"])
def test_a_name_that_is_enough_for_a_field_is_enough_everywhere(name):
    assert secret_field(name)
    assert secret_setting(name)
    assert secret_name(name)


@pytest.mark.parametrize(
    "name", ["secretName", "existingSecret", "imagePullSecrets", "key", "topologyKey", "publicKey"]
)
def test_fields_that_only_tell_where(name):
    assert not secret_field(name)


FLAGS = [
    (["--token", "fake-1"], [1]),
    (["serve", "--db-password", "fake-1", "--verbose"], [2]),
    (["-dbPassword", "fake-1"], [1]),
    (["mysql", "-p", "fake-1"], [2]),
    (["--api-key", "fake-1", "--auth", "fake-2"], [1, 3]),
    (["--client-secret", "-fake=1"], [1]),
    (["docker", "-p", "8080"], []),
    (["--token", "--verbose"], []),
    (["--token-file", "/var/run/token"], []),
    (["--secret-name", "mine"], []),
    (["--output", "json"], []),
    (["--token"], []),
    (["mkdir", "-p", "data"], []),
    (["x", "-p", "80:8080/tcp", "-p", "/data"], []),
    (["x", "-u", "me:fake-1"], [2]),
    (["x", "--user", "1000:1000", "-u", "me"], []),
    (["--token", 5], []),
    (["token", "plain"], []),
]


@pytest.mark.parametrize(("items", "hidden"), FLAGS, ids=lambda value: " ".join(map(str, value)))
@pytest.mark.parametrize("field", ["args", "command"])
def test_the_item_after_a_flag_that_names_a_secret_is_hidden(items, hidden, field):
    found = Redactor(b"fake-key").object({"spec": {"containers": [{field: items}]}})["spec"]["containers"][0][field]
    assert [index for index, item in enumerate(found) if str(item).startswith("<redacted:")] == hidden
    assert [item for index, item in enumerate(found) if index not in hidden] == [
        item for index, item in enumerate(items) if index not in hidden
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("login --token fake-1 --verbose", "login --token <> --verbose"),
        ("login --password 'fake 1'; echo", "login --password '<>'; echo"),
        ("login --token-file /a --output json", "login --token-file /a --output json"),
        ("a - b", "a - b"),
    ],
)
def test_a_command_line_in_one_text_hides_the_values_of_such_flags(text, shown):
    assert re.sub(r"<redacted:[^>]*>", "<>", Redactor(b"fake-key").text(text)) == shown


_PIECES = st.sampled_from(
    [
        "pass", "word", "PASS", "-", "_", ".", " ", "=", "to", "ken", "Key", "key", "api", "se", "cret", "Secret",
        "--", "-p", "://", "u:p@h", "bearer ", "Basic ", "digest\t", "signature", "a", "Z", "7", "\u017f", "\u212a",
        "auth", "dsn",
        "{", '"', "\\", LAST, "cookie", "pwd", "connection", "string", "abcdef", "PRIVATE KEY-----", "\n",
    ]
)  # fmt: skip
_TEXTS = st.lists(_PIECES, max_size=6).map("".join) | st.sampled_from(["kind", "name", "value", "data"])
_OBJECTS = st.recursive(
    _TEXTS | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=8,
)


@given(_OBJECTS)
def test_what_is_told_plain_at_a_glance_is_so_under_a_closer_look(value):
    if nothing_secret(msgspec.json.encode(value)):
        assert Redactor(b"key", ["nowhere"]).object(value) == value


@pytest.mark.parametrize("word", [*_WORDS, *_ENDINGS])
def test_every_word_that_names_a_secret_takes_the_closer_look(word):
    assert not nothing_secret(json.dumps({"-".join(word).upper(): "x"}).encode())


def test_a_number_in_a_secret_place_is_hidden():
    assert "12345678" not in json.dumps(REDACTOR.object({"password": 12345678987654, "port": 8080}))
    assert REDACTOR.object({"port": 8080, "token": True}) == {"port": 8080, "token": True}
