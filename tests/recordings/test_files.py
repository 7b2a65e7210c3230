"""What is appended can be read: whole members, one file an hour, bounded together, whatever the disk does."""

import gzip
import resource
from contextlib import contextmanager
from pathlib import Path

import pytest

from shadow.recordings.files import HourlyFiles

HOUR = 3600.0
LINES = b'{"call":"1"}\n' * 50


def files(directory: Path, max_size: int = 1 << 20) -> HourlyFiles:
    return HourlyFiles(directory, max_size, lambda now: f'{{"begun":{now:g}}}\n'.encode())


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@contextmanager
def disk_of(size: int):
    """The system refuses to make any file larger than this."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_every_file_begins_with_its_manifest_and_there_is_one_an_hour(tmp_path: Path):
    writer = files(tmp_path / "made")
    assert [writer.append(LINES, at) for at in (0.0, 10.0, HOUR)] == [None] * 3
    assert names(tmp_path / "made") == ["calls-1970-01-01T00Z.jsonl.gz", "calls-1970-01-01T01Z.jsonl.gz"]
    first, second = (gzip.decompress(path.read_bytes()) for path in sorted((tmp_path / "made").iterdir()))
    assert first == b'{"begun":0}\n' + LINES * 2
    assert second == b'{"begun":3600}\n' + LINES


def test_a_file_of_another_process_is_not_written_to(tmp_path: Path):
    for _ in range(2):
        assert files(tmp_path).append(LINES, 0.0) is None
    assert names(tmp_path) == ["calls-1970-01-01T00Z-2.jsonl.gz", "calls-1970-01-01T00Z.jsonl.gz"]


def test_a_file_is_readable_by_its_owner_alone(tmp_path: Path):
    files(tmp_path).append(LINES, 0.0)
    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_full_disk_takes_nothing_back_and_the_next_lines_can_be_read(tmp_path: Path):
    writer = files(tmp_path)
    assert writer.append(LINES, 0.0) is None
    (path,) = tmp_path.iterdir()
    with disk_of(path.stat().st_size + 10):
        assert "too large" in (writer.append(LINES, 1.0) or "")
    assert writer.append(b"after\n", 2.0) is None
    assert gzip.decompress(path.read_bytes()) == b'{"begun":0}\n' + LINES + b"after\n"


def test_a_disk_that_is_full_from_the_start_leaves_no_torn_file(tmp_path: Path):
    writer = files(tmp_path)
    with disk_of(5):
        assert writer.append(LINES, 0.0) is not None
    assert names(tmp_path) == []
    assert writer.append(LINES, 0.0) is None


def test_a_directory_that_cannot_be_made_is_a_problem_and_no_exception(tmp_path: Path):
    (tmp_path / "file").write_text("")
    assert "Not a directory" in (files(tmp_path / "file" / "in").append(LINES, 0.0) or "")


def test_the_oldest_files_go_and_strangers_stay(tmp_path: Path):
    stranger = tmp_path / "notes.jsonl.gz"
    stranger.write_bytes(b"x" * 1000)
    files(tmp_path).append(LINES, 0.0)
    each = (tmp_path / "calls-1970-01-01T00Z.jsonl.gz").stat().st_size
    writer = files(tmp_path, max_size=3 * each + 50)
    for hour in range(1, 6):
        assert writer.append(LINES, hour * HOUR) is None
    assert names(tmp_path) == [f"calls-1970-01-01T0{hour}Z.jsonl.gz" for hour in (3, 4, 5)] + [stranger.name]


def test_this_hours_file_stops_where_it_alone_is_too_large(tmp_path: Path):
    writer = files(tmp_path, max_size=400)
    told = [writer.append(LINES, 0.0) for _ in range(20)]
    assert told[0] is None
    assert "recording.max_size" in (told[-1] or "")
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 400
    assert writer.append(LINES, HOUR) is None


@pytest.mark.parametrize("cut", [1, 12])
def test_what_was_written_before_a_torn_end_can_be_read(tmp_path: Path, cut: int):
    writer = files(tmp_path)
    writer.append(LINES, 0.0)
    (path,) = tmp_path.iterdir()
    whole = path.stat().st_size
    writer.append(LINES, 1.0)
    path.write_bytes(path.read_bytes()[: whole + cut])
    with gzip.open(path) as reader:
        assert reader.read(len(b'{"begun":0}\n' + LINES)) == b'{"begun":0}\n' + LINES
