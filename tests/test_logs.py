import io
import json
import logging

import pytest

from shadow.logs import set_up


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _root_logger():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def hide(text):
    return text.replace("fake-secret", "<redacted>")


LOG = logging.getLogger("shadow.test")
FACTS = {"call": "c1", "migration": "kfp", "parent": "team-a"}


def logged(stream, write):
    set_up(hide, stream)
    write()
    return stream.getvalue()


def test_a_machine_gets_one_json_object_a_line():
    def write():
        LOG.info("hello %s", "world", extra=FACTS)
        LOG.warning("again")

    first, second = (json.loads(line) for line in logged(io.StringIO(), write).splitlines())
    assert first.pop("at").endswith("+00:00")
    assert first == {"level": "info", "logger": "shadow.test", "message": "hello world"} | FACTS
    assert set(second) == {"at", "level", "logger", "message"}


def test_a_person_gets_a_short_line():
    out = logged(Terminal(), lambda: LOG.info("hello\nworld", extra={"migration": "kfp"}))
    assert out.partition(" ")[2] == "info hello world (migration=kfp)\n"


def raise_and_log():
    try:
        int("fake-secret")
    except ValueError:
        LOG.exception("failed with %s", "fake-secret", extra={"parent": "fake-secret"})


@pytest.mark.parametrize("stream", [io.StringIO, Terminal], ids=["json", "terminal"])
def test_a_secret_is_taken_out_of_message_facts_and_traceback(stream):
    out = logged(stream(), raise_and_log)
    assert "fake-secret" not in out
    assert out.count("<redacted>") >= 3
    assert "ValueError" in out


def test_a_message_of_many_lines_is_one_line_of_json():
    out = logged(io.StringIO(), lambda: LOG.info("a\nb"))
    assert len(out.splitlines()) == 1


def test_debug_is_not_shown_unless_asked_for():
    assert logged(io.StringIO(), lambda: LOG.debug("quiet")) == ""


def test_a_client_library_does_not_write_a_line_a_request():
    assert logged(io.StringIO(), lambda: logging.getLogger("httpx").info("GET ...")) == ""


def test_setting_up_twice_writes_each_line_once():
    stream = io.StringIO()
    set_up(hide, io.StringIO())
    assert logged(stream, lambda: LOG.info("x")).count("\n") == 1
