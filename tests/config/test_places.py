from pathlib import Path

import pytest
from pydantic_core import PydanticCustomError

from shadow.config import places


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://profile-controller-old", "http://profile-controller-old"),
        ("https://host:8443/base/", "https://host:8443/base"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_a_url_loses_only_its_trailing_slash(url, expected):
    assert places.http_url(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h",
        "host",
        "http://",
        "//host",
        "http://h:port",
        "http://h h",
        "http://h:99999",
        "http://[::1",
        "http://h:0",
        "http://a..b",
        "HTTP://h",
        "http://h;x",
        "http://[::1]x",
        5,
        None,
    ],
)
def test_what_is_no_http_url_is_refused(url):
    with pytest.raises(PydanticCustomError):
        places.http_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://u:fake-password@h",
        "http://fake-password@h",
        "http://u:a/fake-password@h",
        "http://h?token=fake-password",
    ],
)
def test_a_secret_in_a_url_is_refused_and_not_repeated(url):
    with pytest.raises(PydanticCustomError) as caught:
        places.http_url(url)
    assert "fake-password" not in caught.value.message()


@pytest.mark.parametrize("path", ["/sync", "/", "/a/b-c.d", "/sync/%20"])
def test_a_path_of_a_hook_begins_with_a_slash(path):
    assert places.url_path(path) == path


@pytest.mark.parametrize("path", ["sync", "", "/a b", "/a?b", "/a#b", "/a\r\nX: y", "/ä", 5, None])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(PydanticCustomError, match="/sync"):
        places.url_path(path)


def test_a_file_is_a_path():
    assert places.file("/etc/token") == Path("/etc/token")


@pytest.mark.parametrize("value", ["", " ", "a\0b", 5, None])
def test_what_is_no_file_is_refused(value):
    with pytest.raises(PydanticCustomError):
        places.file(value)


@pytest.mark.parametrize("path", ["spec.**.image", "status", 'metadata.annotations["a.b/c"]', "c[name=main].x", "a[0]"])
def test_a_field_path_is_kept_as_it_is_written(path):
    assert places.field_path(path) == path


@pytest.mark.parametrize("path", ["data.<namespace>", 'data["logs-<name>"]', "a[name=<uid>]", "<redacted>"])
def test_what_a_report_writes_for_a_word_of_each_parents_own_is_refused_with_a_remedy(path):
    with pytest.raises(PydanticCustomError, match=r"must not hold <\w+>, by which reports mean .*: write \*"):
        places.field_path(path)


@pytest.mark.parametrize("path", ["", "a..b", "a[", 'a["b]', "a b", "a" * 2000, 5])
def test_what_is_no_field_path_is_refused(path):
    with pytest.raises(PydanticCustomError):
        places.field_path(path)
