from pathlib import Path

import pytest

from shadow.errors import StoreError
from shadow.store.sqlite.brakefile import BrakeFile
from tests.store.records import brake


@pytest.fixture
def file(tmp_path: Path) -> BrakeFile:
    return BrakeFile(tmp_path / "shadow.db")


def test_no_file_means_none_is_on(file: BrakeFile) -> None:
    assert file.read() == {}


def test_what_is_written_is_read(file: BrakeFile) -> None:
    file.write({"kfp": brake(3)})
    assert file.read() == {"kfp": brake(3)}
    file.write({})
    assert file.read() == {}


def test_the_next_write_has_its_place_on_the_disk_already(file: BrakeFile, tmp_path: Path) -> None:
    spare = tmp_path / "shadow.db.brake.spare"
    file.set_aside()
    assert spare.stat().st_size == 4096
    claimed = spare.stat().st_ino
    file.write({"kfp": brake(1, because="x" * 5000)})
    assert (tmp_path / "shadow.db.brake").stat().st_ino == claimed
    assert spare.stat().st_size > 10_000


def test_a_spare_with_longer_leftovers_does_no_harm(file: BrakeFile, tmp_path: Path) -> None:
    (tmp_path / "shadow.db.brake.spare").write_bytes(b"}" * 9000)
    file.write({"kfp": brake(1)})
    assert file.read() == {"kfp": brake(1)}


def test_a_failed_write_leaves_the_file_as_it_was(file: BrakeFile, tmp_path: Path) -> None:
    file.write({"kfp": brake(1)})
    spare = tmp_path / "shadow.db.brake.spare"
    spare.unlink()
    spare.mkdir()
    with pytest.raises(StoreError, match="Is a directory"):
        file.write({})
    assert file.read() == {"kfp": brake(1)}


def test_a_file_that_cannot_be_opened_is_not_taken_for_empty(file: BrakeFile, tmp_path: Path) -> None:
    (tmp_path / "shadow.db.brake").mkdir()
    with pytest.raises(StoreError, match=r"shadow\.db\.brake: Is a directory"):
        file.read()


def test_a_missing_directory_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file or directory"):
        BrakeFile(tmp_path / "nowhere" / "shadow.db").write({})
