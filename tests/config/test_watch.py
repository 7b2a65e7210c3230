import asyncio
import logging
import os

import pytest

from shadow.config.watch import Presence, SecretFile, Watcher
from shadow.errors import ConfigurationError

INTERVAL = 0.02


def settle(watcher):
    """Two looks, as two intervals would bring."""
    return watcher.look() or watcher.look()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "shadow.yaml"
    path.write_text("one")
    return path


def test_what_is_known_is_not_told(file):
    assert settle(Watcher(file, "one")) is None


def test_a_text_that_changed_before_the_watch_began_is_told(file):
    assert settle(Watcher(file, "zero")) == "one"


def test_a_change_is_told_once_it_keeps_still(file):
    watcher = Watcher(file, "one")
    settle(watcher)
    file.write_text("half")
    assert watcher.look() is None
    file.write_text("half and the rest")
    assert watcher.look() is None
    assert watcher.look() == "half and the rest"
    assert watcher.look() is None


def test_a_file_that_is_touched_is_not_told(file):
    watcher = Watcher(file, "one")
    settle(watcher)
    os.utime(file, (1, 1))
    assert settle(watcher) is None


def test_a_text_that_comes_back_is_told_again(file):
    watcher = Watcher(file, "one")
    for text in ("two", "one"):
        file.write_text(text)
        assert settle(watcher) == text


def test_a_rename_as_editors_do_it_is_noticed(file, tmp_path):
    watcher = Watcher(file, "one")
    settle(watcher)
    (tmp_path / "backup").unlink(missing_ok=True)
    file.rename(tmp_path / "backup")
    assert settle(watcher) is None
    (tmp_path / "new").write_text("two")
    (tmp_path / "new").rename(file)
    assert settle(watcher) == "two"


def test_a_text_is_told_once_more_after_a_while_where_that_is_asked_for(file):
    watcher = Watcher(file, "zero")
    assert settle(watcher) == "one"
    watcher.tell_again()
    looks = [watcher.look() for _ in range(50)]
    assert looks.count("one") == 1
    assert looks.index("one") > 10


def test_a_file_that_goes_is_said_once_and_so_is_its_return(file, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    presence = Presence([file, tmp_path])
    assert presence.look() == ()
    file.unlink()
    assert presence.look() == presence.look() == (str(file),)
    file.write_text("back")
    assert presence.look() == ()
    assert [record.message for record in caplog.records] == [
        f"{file} cannot be used any more; what it held last stays in force",
        f"{file} can be used again",
    ]


def test_the_swap_of_a_config_map_is_noticed(tmp_path):
    """The kubelet writes a directory of its own and swaps the symlink `..data`."""
    for version in ("one", "two"):
        (tmp_path / f"..{version}").mkdir()
        (tmp_path / f"..{version}" / "shadow.yaml").write_text(version)
        os.utime(tmp_path / f"..{version}" / "shadow.yaml", (1, 1))
    (tmp_path / "..data").symlink_to("..one")
    (tmp_path / "shadow.yaml").symlink_to("..data/shadow.yaml")
    watcher = Watcher(tmp_path / "shadow.yaml", "one")
    assert settle(watcher) is None
    (tmp_path / "..data_tmp").symlink_to("..two")
    (tmp_path / "..data_tmp").rename(tmp_path / "..data")
    assert settle(watcher) == "two"


def test_a_file_that_comes_back_unchanged_is_not_told(file):
    watcher = Watcher(file, "one")
    settle(watcher)
    file.unlink()
    assert settle(watcher) is None
    file.write_text("one")
    assert settle(watcher) is None


def test_bytes_that_are_no_text_are_told_for_the_parser_to_refuse(file):
    watcher = Watcher(file, "one")
    file.write_bytes(b"a: \xff")
    assert settle(watcher) == "a: \udcff"


async def test_the_iterator_waits_between_two_looks(file):
    texts = aiter(Watcher(file, "one", INTERVAL))
    following = asyncio.ensure_future(anext(texts))
    await asyncio.sleep(3 * INTERVAL)
    assert not following.done()
    file.write_text("two")
    assert await asyncio.wait_for(following, 2) == "two"


def test_a_secret_is_read_again_when_it_changes(tmp_path):
    secret = SecretFile(tmp_path / "token")
    (tmp_path / "token").write_text("fake-one\n")
    assert secret.read() == "fake-one"
    (tmp_path / "next").write_text("fake-two\n")
    (tmp_path / "next").rename(tmp_path / "token")
    assert secret.read() == "fake-two"


UNUSABLE = {
    "absent": None,
    "empty": b"",
    "blank": b" \n",
    "lines": b"fake\nsecret",
    "bytes": b"fake\xff",
    "long": b"x" * 20_000,
}


@pytest.mark.parametrize("content", UNUSABLE.values(), ids=UNUSABLE)
def test_a_secret_that_cannot_be_used_is_an_error_that_shows_only_the_path(tmp_path, content):
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        SecretFile(tmp_path / "token").read()
    assert str(tmp_path / "token") in str(caught.value)
    assert "fake" not in str(caught.value).replace(str(tmp_path), "")


@pytest.mark.parametrize("content", UNUSABLE.values(), ids=UNUSABLE)
def test_a_secret_outlives_what_cannot_be_used_which_is_said_once(tmp_path, caplog, content):
    file = tmp_path / "token"
    file.write_text("fake-one")
    secret, presence = SecretFile(file), Presence([], [SecretFile(file)])
    assert (secret.read(), presence.look()) == ("fake-one", ())
    file.unlink() if content is None else file.write_bytes(content)
    assert secret.read() == secret.read() == "fake-one"
    assert presence.look() == presence.look() == (str(file),)
    assert [record.message for record in caplog.records] == [
        f"{file} cannot be used any more; what it held last stays in force"
    ]
    file.write_text("fake-two")
    assert (secret.read(), presence.look()) == ("fake-two", ())


def test_a_secret_is_not_shown_by_accident(tmp_path):
    (tmp_path / "token").write_text("fake-one")
    secret = SecretFile(tmp_path / "token")
    secret.read()
    assert "fake-one" not in f"{secret!r}{secret}"
