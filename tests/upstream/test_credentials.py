"""The Authorization header of an implementation."""

from pathlib import Path

import pytest

from shadow.errors import ConfigurationError
from shadow.upstream.credentials import LOOK_SECONDS, AuthorizationFile


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_content_is_the_value(tmp_path: Path) -> None:
    file = tmp_path / "authorization"
    file.write_text("Bearer fake-one\n")
    assert AuthorizationFile(file).value() == b"Bearer fake-one"


def test_a_replaced_file_counts_soon(tmp_path: Path) -> None:
    clock = Clock()
    file = tmp_path / "authorization"
    file.write_text("Bearer fake-one")
    authorization = AuthorizationFile(file, clock)
    next_file = tmp_path / "next"
    next_file.write_text("Bearer fake-two")
    next_file.replace(file)
    assert authorization.value() == b"Bearer fake-one"
    clock.now += LOOK_SECONDS
    assert authorization.value() == b"Bearer fake-two"


@pytest.mark.parametrize("content", [None, "", "a\nb"], ids=["gone", "empty", "two lines"])
def test_the_last_good_value_outlives_a_bad_file(tmp_path: Path, content: str | None) -> None:
    clock = Clock()
    file = tmp_path / "authorization"
    file.write_text("Bearer fake-one")
    authorization = AuthorizationFile(file, clock)
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    clock.now += LOOK_SECONDS
    assert authorization.value() == b"Bearer fake-one"
    file.write_text("Bearer fake-three")
    clock.now += LOOK_SECONDS
    assert authorization.value() == b"Bearer fake-three"


@pytest.mark.parametrize("content", [None, "", "fake-a\nfake-b"], ids=["gone", "empty", "two lines"])
def test_a_bad_file_at_the_start_is_an_error_without_its_content(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "authorization"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigurationError, match="authorization_file") as caught:
        AuthorizationFile(file)
    assert "fake-" not in str(caught.value)
