import os
from pathlib import Path

import pytest

from shadow.errors import StoreError
from shadow.store.sqlite.lock import Lock


def test_a_second_one_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    first, second = Lock(tmp_path / "shadow.db"), Lock(tmp_path / "shadow.db")
    first.acquire()
    with pytest.raises(StoreError, match=rf"shadow\.db: another process serves from it \(pid {os.getpid()}\)"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_releasing_what_is_not_held_is_nothing(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "shadow.db")
    lock.release()
    lock.acquire()
    lock.release()
    lock.release()
    assert (tmp_path / "shadow.db.lock").exists()


def test_a_lock_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file or directory"):
        Lock(tmp_path / "nowhere" / "shadow.db").acquire()
