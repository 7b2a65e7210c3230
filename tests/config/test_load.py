import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.config.implementation import Implementation
from shadow.config.load import load, locate, parse, read_text
from shadow.config.migration import Migration
from shadow.errors import ConfigurationError


def problems(text):
    with pytest.raises(ConfigurationError) as caught:
        parse(text, "shadow.yaml")
    return [str(problem) for problem in caught.value.problems]


def varied(least, path, value):
    """The least configuration with one value set, as text."""
    place = least
    for step in path[:-1]:
        place = place.setdefault(step, {})
    place[path[-1]] = value
    return json.dumps(least)


M = ("migrations", "kfp")


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ((*M, "canary", "weight"), 101, "migrations.kfp.canary.weight: must be at most 100, not 101"),
        ((*M, "stage"), "offf", "stage: must be off, shadow, canary, live or complete, not 'offf'; did you mean off?"),
        ((*M, "stage"), False, "migrations.kfp.stage: must be off, shadow, canary, live or complete, not False"),
        ((*M, "wieght"), 1, "migrations.kfp.wieght: is no key of the configuration"),
        ((*M, "canary", "wieght"), 1, "kfp.canary.wieght: is no key of the configuration; did you mean weight?"),
        ((*M, "old", "timout"), "1s", "kfp.old.timout: is no key of the configuration; did you mean timeout?"),
        (("server", "max_boddy"), 1, "server.max_boddy: is no key of the configuration; did you mean max_body?"),
        (("sevrer",), {}, "sevrer: is no key of the configuration; did you mean server?"),
        ((*M, "old", "protocol"), "composit", "kfp.old.protocol: must be composite or decorator, not 'composit'"),
        ((*M, "old", "timeout"), "10s", "migrations.kfp.old.timeout: must be below front_timeout (10s)"),
        ((*M, "front_timeout"), "8s", "migrations.kfp.new.timeout: must be below front_timeout (8s)"),
        ((*M, "old", "url"), "http://h?x=fake", "migrations.kfp.old.url: must not have a query"),
        ((*M, "brake"), {}, "migrations.kfp.brake.because: is required"),
        ((*M, "brake"), {"because": " "}, "migrations.kfp.brake.because: must be text that is not blank"),
        ((*M, "brake"), True, "brake: must be a mapping with because, not True; write {because: why} to pull it"),
        ((*M, "ownership"), "dc", "migrations.kfp.ownership: must be a mapping with decorator, not 'dc'"),
        ((*M, "old"), "http://h", "migrations.kfp.old: must be a mapping with protocol, url, sync, not"),
        ((*M, "compare"), {"ignore": {}}, "migrations.kfp.compare.ignore: must be a list, not {}"),
        ((*M, "compare"), {"ignore": [{"path": "a"}]}, "migrations.kfp.compare.ignore[0].because: is required"),
        ((*M, "compare"), {"expect": [{"because": "x"}]}, "kfp.compare.expect[0]: must say what it is about"),
        ((*M, "hold"), ["update"], "migrations.kfp.hold: must be a list out of delete and recreate"),
        ((*M, "canary", "pin"), {"old": ["a/b/c"]}, "migrations.kfp.canary.pin.old[0]: must be a glob"),
        (("server", "control"), "0.0.0.0:9090", "token_file: is required because control listens on 0.0.0.0:9090"),
        (("server", "control"), "0.0.0.0:8080", "server.control: must be another address than hooks"),
        (("server", "tls"), {"cert_file": "/c"}, "server.tls.key_file: is required"),
        (("store",), "mysql://u@h/db", "store: must be sqlite:///"),
        (("telemetry", "otlp_endpoint"), "http://u:fake@h", "telemetry.otlp_endpoint: must not hold credentials"),
        (("telemetry", "otlp_endpoint"), "collector:4318", "must be a URL such as http://otel-collector:4318, not"),
        (("migrations",), {}, "migrations: must name at least one migration"),
        (("migrations",), [], "migrations: must be a mapping, not []"),
    ],
    ids=range(30),
)  # fmt: skip
def test_a_problem_says_where_and_what_and_the_remedy(least, path, value, expected):
    assert any(expected in told for told in problems(varied(least, path, value)))


def test_every_fault_of_a_url_is_told_at_once(least):
    (told,) = problems(varied(least, (*M, "old", "url"), "http://u:fake-password@h:99999?x=1"))
    assert "credentials" in told
    assert "query" in told
    assert "port from 1 to 65535, not 99999" in told
    assert "fake-password" not in told


def test_a_default_that_follows_a_faulty_key_is_no_second_fault(least):
    (told,) = problems(varied(least, (*M, "old", "hook_version"), "v3"))
    assert told.startswith("migrations.kfp.old.hook_version: must be v1 or v2, not 'v3'")


@pytest.mark.parametrize("name", ["livez", "readyz", "metrics", "api", "a/b", "a b", "", "-a", "ä", "x" * 64, ".."])
def test_a_name_that_cannot_be_part_of_an_address_is_refused(least, name):
    least["migrations"] = {name: least["migrations"]["kfp"]}
    (told,) = problems(json.dumps(least))
    assert "must have" in told


@pytest.mark.parametrize("name", ["kfp-profile", "KFP_2.5", "a", "x" * 63])
def test_a_name_that_can_is_taken(least, name):
    least["migrations"] = {name: least["migrations"]["kfp"]}
    assert list(parse(json.dumps(least), "f").migrations) == [name]


def test_every_problem_is_told_at_once_in_the_order_of_the_file():
    told = problems("""\
server:
  control: 0.0.0.0:9090
  max_boddy: 16MiB
migrations:
  livez:
    stage: offf
    old: {protocol: composite, url: http://h}
    new: {protocol: decorator, url: http://h, sync: /sync, timeout: 12s}
  kfp:
    canary: {weight: 101}
    front_timeout: 5s
    old: {protocol: composite, url: http://h, sync: /sync, timeout: 4s}
    new: {protocol: decorator, url: http://h, sync: /sync}
""")
    assert [line.partition(":")[0] for line in told] == [
        "server.token_file",
        "server.max_boddy",
        "migrations.livez",
        "migrations.livez.stage",
        "migrations.livez.old.sync",
        "migrations.kfp.canary.weight",
        "migrations.kfp.new.timeout",
    ]
    assert "(line 10)" in told[5]


def test_a_fault_does_not_bring_a_second_one_with_it(least):
    least["server"] = {"control": "0.0.0.0:9090", "token_file": 5}
    least["migrations"]["kfp"] |= {"front_timeout": 20}
    least["migrations"]["kfp"]["old"]["timeout"] = "15s"
    told = problems(json.dumps(least))
    assert [line.partition(":")[0] for line in told] == ["server.token_file", "migrations.kfp.front_timeout"]


@pytest.mark.parametrize("control", ["127.0.0.1:9090", "[::1]:9090", "localhost:9090"])
def test_loopback_needs_no_token(least, control):
    parse(varied(least, ("server", "control"), control), "f")


def test_control_for_everybody_is_fine_with_a_token(least):
    least["server"] = {"control": "0.0.0.0:9090", "token_file": "/etc/token"}
    assert not parse(json.dumps(least), "f").server.control.loopback


def test_two_listeners_may_both_let_the_system_choose(least):
    least["server"] = {"hooks": "127.0.0.1:0", "control": "127.0.0.1:0"}
    assert parse(json.dumps(least), "f").server.hooks.port == 0


@pytest.mark.parametrize("value", [None, 5, "x", [], {"kfp": None}, {"kfp": {"old": 5, "new": []}}])
def test_nonsense_is_refused_and_raises_nothing_else(value):
    assert problems(json.dumps({"migrations": value}))


def test_a_secret_in_the_wrong_place_is_not_repeated(least):
    least["migrations"]["kfp"]["old"]["headers"] = {"Authorization": "Bearer fake-token"}
    assert "fake-token" not in "".join(problems(json.dumps(least)))


def test_a_file_that_is_absent_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"none\.yaml: cannot be read: No such file.*; name the file with"):
        load(tmp_path / "none.yaml")


def test_a_file_that_is_not_text_is_named(tmp_path):
    (tmp_path / "f.yaml").write_bytes(b"a: \xff")
    with pytest.raises(ConfigurationError, match="is not UTF-8"):
        read_text(tmp_path / "f.yaml")


def test_a_file_is_loaded(tmp_path, whole):
    (tmp_path / "f.yaml").write_text(whole)
    assert list(load(tmp_path / "f.yaml").migrations) == ["kfp-profile"]


@pytest.mark.parametrize(
    ("option", "environment", "expected"),
    [
        ("a.yaml", {"SHADOW_CONFIG": "b.yaml"}, "a.yaml"),
        (None, {"SHADOW_CONFIG": "b.yaml"}, "b.yaml"),
        (None, {}, "shadow.yaml"),
    ],
)
def test_the_option_goes_before_the_environment(option, environment, expected):
    assert str(locate(option, environment)) == expected


_WORDS = st.sampled_from(
    [
        "migrations",
        "kfp",
        "old",
        "new",
        "server",
        "canary",
        "pin",
        "compare",
        "ignore",
        "headers",
        "hold",
        "shadow_when",
    ]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS | st.text(max_size=3), inner, max_size=4),
    max_leaves=25,
)


@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%\n \t0.,?~<\\u\ud800\x00", max_size=60))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(ConfigurationError):
        parse(text, "f")


@given(st.dictionaries(_WORDS, _VALUES, max_size=4))
def test_any_value_is_taken_or_refused(value):
    with contextlib.suppress(ConfigurationError):
        parse(json.dumps(value), "f")


@given(_VALUES, st.sampled_from(sorted(Migration.model_fields) + sorted(Implementation.model_fields)))
def test_any_value_of_any_key_is_taken_or_refused(value, key):
    old = {"protocol": "composite", "url": "http://old", "sync": "/sync"}
    migration = {"old": old, "new": dict(old)}
    (migration if key in Migration.model_fields else old)[key] = value
    with contextlib.suppress(ConfigurationError):
        parse(json.dumps({"migrations": {"kfp": migration}}), "f")
