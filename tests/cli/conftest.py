"""Fixtures of the commands that talk to a proxy."""

from collections.abc import Iterator

import pytest

from tests.cli.control import Control, serving


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Control]:
    """A scripted control API that the environment points to."""
    for name in ("SHADOW_TOKEN", "SHADOW_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    with serving() as control:
        monkeypatch.setenv("SHADOW_CONTROL", control.url)
        yield control
