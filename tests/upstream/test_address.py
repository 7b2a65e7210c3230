"""Where an implementation is."""

import pytest

from shadow.errors import ConfigurationError
from shadow.upstream.address import Address, parse_address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://hook", Address("hook", 80, False, "hook")),
        ("http://hook:80", Address("hook", 80, False, "hook")),
        ("http://Hook.NS.svc:8080/", Address("hook.ns.svc", 8080, False, "hook.ns.svc:8080")),
        ("https://hook", Address("hook", 443, True, "hook")),
        ("https://hook:80", Address("hook", 80, True, "hook:80")),
        ("http://[::1]:8080", Address("::1", 8080, False, "[::1]:8080")),
        ("http://[2001:db8::1]", Address("2001:db8::1", 80, False, "[2001:db8::1]")),
        ("http://hook/base/", Address("hook", 80, False, "hook", "/base")),
    ],
)
def test_parses(url: str, address: Address) -> None:
    assert parse_address(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hook",
        "ftp://hook",
        "http://",
        "http://:80",
        "http://hook:0",
        "http://hook:99999",
        "http://hook:x",
        "http://[::1",
        "http://user:fake-password@hook",
        "http://hook?a=b",
        "http://hook#a",
        "http://ho ok",
        "http://h\u00f6\u00f6k",
    ],
)
def test_refuses_and_does_not_repeat_the_url(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_address(url)
    assert "fake-password" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "path", "target"),
    [
        ("http://hook", "/sync", "/sync"),
        ("http://hook", "sync", "/sync"),
        ("http://hook/base", "/sync", "/base/sync"),
        ("http://hook", "/a b\r\nx", "/a%20b%0D%0Ax"),
        ("http://hook", "/sync?mode=%20x", "/sync?mode=%20x"),
        ("http://hook", "/s\u00fc", "/s%C3%BC"),
    ],
)
def test_targets_are_safe_to_send(url: str, path: str, target: str) -> None:
    assert parse_address(url).target(path) == target
