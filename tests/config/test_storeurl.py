from pathlib import Path

import pytest

from shadow.config.load import parse
from shadow.config.storeurl import is_store_url, shown, sqlite_path, without_password
from shadow.errors import ConfigurationError

SIDES = "{protocol: decorator, url: http://a, sync: /s}"
FILE = f"migrations: {{m: {{old: {SIDES}, new: {SIDES}}}}}\nstore: "


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///shadow.db", Path("shadow.db")),
        ("sqlite:////var/lib/shadow.db", Path("/var/lib/shadow.db")),
        ("sqlite:///", None),
        ("postgresql://shadow@host/db", None),
    ],
)
def test_a_file_is_named_by_three_slashes_and_its_path(url, path) -> None:
    assert sqlite_path(url) == path


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("sqlite:///shadow.db", True),
        ("postgresql://shadow@host/db", True),
        ("postgres://shadow@host/db?sslmode=verify-full", True),
        ("postgresql://", True),  # all of it from the environment, as libpq has it
        ("mysql://host/db", False),
        ("sqlite:///a\0b", False),
        (7, False),
    ],
)
def test_what_a_configuration_may_hold(url, taken) -> None:
    assert is_store_url(url) is taken


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("sqlite:///shadow.db", "sqlite:///shadow.db"),
        ("postgresql://shadow@host/db", "postgresql://shadow@host/db"),
        ("postgresql://shadow:fake-password@host:5432/db", "postgresql://shadow:<redacted>@host:5432/db"),
        ("postgresql://shadow:fake@password@host/db", "postgresql://shadow:<redacted>@host/db"),
        ("postgresql://host/db?password=fake-password&sslmode=require", "postgresql://host/db?password=<redacted>&sslmode=require"),
        ("postgresql://[fake-password", "postgresql://..."),
    ],
)  # fmt: skip
def test_a_password_is_never_shown(url, told) -> None:
    assert shown(url) == told


def test_a_configuration_is_kept_without_the_password() -> None:
    url = "postgresql://shadow:fake-password@host/db"
    assert without_password(f"a: 1\nstore: {url}\n", url) == "a: 1\nstore: postgresql://shadow:<redacted>@host/db\n"


def test_what_is_written_of_a_configuration_has_no_password() -> None:
    configuration = parse(FILE + "postgresql://u:fake-password@host/db\nredaction: {key_file: /key}\n", "shadow.yaml")
    assert configuration.store == "postgresql://u:fake-password@host/db"
    assert "fake-password" not in configuration.model_dump_json()


def test_replicas_need_one_redaction_key() -> None:
    with pytest.raises(ConfigurationError, match=r"redaction\.key_file: is required with PostgreSQL"):
        parse(FILE + "postgresql://u@host/db\n", "shadow.yaml")
