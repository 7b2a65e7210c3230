import pytest
from pydantic import ValidationError

from shadow.config.implementation import Implementation, ShadowWhen
from shadow.terms import Hook, HookVersion

LEAST = {"protocol": "composite", "url": "http://old", "sync": "/sync"}


def implementation(**more):
    return Implementation.model_validate(LEAST | more)


def test_the_other_hooks_speak_the_version_of_sync_unless_told():
    both = implementation(hook_version="v2", customize_version="v1")
    assert both.version(Hook.SYNC) is HookVersion.V2
    assert both.version(Hook.FINALIZE) is HookVersion.V2
    assert both.version(Hook.CUSTOMIZE) is HookVersion.V1


def test_a_hook_without_a_path_is_absent():
    some = implementation(finalize="/finalize")
    assert [some.path(hook) for hook in (Hook.SYNC, Hook.FINALIZE, Hook.CUSTOMIZE)] == ["/sync", "/finalize", None]


@pytest.mark.parametrize(
    ("when", "observed", "expected"),
    [
        ("always", set(), True),
        ("never", {"Secret.v1"}, False),
        ({"observed": ["Secret.v1"]}, {"Secret.v1", "Pod.v1"}, True),
        ({"observed": ["Secret.v1"]}, {"Pod.v1"}, False),
        ({"observed": ["Secret.v1", "Deployment.apps/v1"]}, {"Secret.v1"}, False),
    ],
)
def test_shadow_when_asks_for_every_kind_it_lists(when, observed, expected):
    assert implementation(shadow_when=when).shadow_when.allows(frozenset(observed)) is expected


def test_the_order_of_the_observed_kinds_does_not_count():
    one = implementation(shadow_when={"observed": ["Secret.v1", "Pod.v1"]})
    assert one.shadow_when == ShadowWhen("observed", ("Pod.v1", "Secret.v1"))


@pytest.mark.parametrize(
    "when", ["sometimes", None, {"observed": []}, {"observed": ["Secret"]}, {"observed": "Secret.v1"}, {"seen": []}, 1]
)
def test_another_condition_is_refused(when):
    with pytest.raises(ValidationError):
        implementation(shadow_when=when)


@pytest.mark.parametrize("name", ["Authorization", "authorization", "Proxy-Authorization", "Cookie"])
def test_a_secret_header_is_refused_with_the_remedy_and_not_repeated(name):
    with pytest.raises(ValidationError, match="authorization_file") as caught:
        implementation(headers={name: "Bearer fake-token"})
    assert "fake-token" not in str(caught.value)


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "traceparent", "X-Shadow-Role"])
def test_a_header_that_the_proxy_writes_is_refused(name):
    with pytest.raises(ValidationError, match="writes it itself"):
        implementation(headers={name: "x"})


@pytest.mark.parametrize(
    "headers",
    [{"a b": "x"}, {"": "x"}, {"x": "a\r\nb: c"}, {"x": 1}, {"x": None}, {"X": "1", "x": "2"}, ["x"], "x", None],
)
def test_headers_that_http_does_not_allow_are_refused(headers):
    with pytest.raises(ValidationError):
        implementation(headers=headers)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"revision": "a", "revision_header": "b"}, "both revision"),
        ({"revision_header": "X-My-Token"}, "that of a secret"),
        ({"tls": {"ca_file": "/ca"}}, "https"),
        ({"url": "https://h", "tls": {"cert_file": "/c"}}, "together"),
        ({"url": "https://h", "tls": {"key_file": "/k"}}, "together"),
        ({"shadow_in_flight": 0}, "from 1"),
        ({"shadow_in_flight": 2.0}, "whole number"),
    ],
)
def test_what_contradicts_itself_is_refused(more, message):
    with pytest.raises(ValidationError, match=message):
        implementation(**more)
