from pathlib import Path

import pytest

from shadow.errors import StoreError
from shadow.store import open_store
from tests.store.records import NOON


def test_three_slashes_are_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store("sqlite:///shadow.db")
    store.open(NOON)
    store.close()
    assert (tmp_path / "shadow.db").is_file()


@pytest.mark.parametrize("name", ["shadow.db", "a b%20c?mode=memory#d.db", "ü.db"], ids=["plain", "odd", "umlaut"])
def test_four_slashes_are_absolute_and_a_name_is_taken_as_it_is(tmp_path: Path, name: str) -> None:
    store = open_store(f"sqlite:///{tmp_path}/{name}")
    store.open(NOON)
    store.close()
    assert (tmp_path / name).is_file()


@pytest.mark.parametrize(
    "url",
    ["", "shadow.db", "sqlite://", "sqlite:///", "sqlite:shadow.db", "mysql://user:fake-password@host/db"],
)
def test_another_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(StoreError, match=r"write sqlite:///relative\.db") as raised:
        open_store(url)
    assert "fake-password" not in str(raised.value)
