"""Whatever is wrong with a file is one line, and the rest of all files is used."""

import gzip
import json
import re
from pathlib import Path

import msgspec
import pytest

from shadow.recordings.model import SCHEMA
from shadow.recordings.reader import Reader, files_of
from shadow.terms import Hook, Side

CAPTURES = Path(__file__).parents[1] / "data" / "captures"
MANIFEST = json.dumps({"schema": SCHEMA, "shadow": "0.1.0", "begun": 0.0})


def call(name: str) -> str:
    facts = {"call": name, "migration": "m", "at": 1.0, "hook": "sync", "parent": "", "primary": "old"}
    return json.dumps(facts | {"because": "stage", "served": None, "status": 200, "reason": "", "request": {"n": 1.0}})


def lines(*texts: str) -> bytes:
    return "".join(f"{text}\n" for text in texts).encode()


DEEP = call("deep").replace('{"n": 1.0}', "[" * 5000 + "]" * 5000)
OVER_LINES = json.dumps(json.loads(call("a")), indent=2).encode()
WHOLE = gzip.compress(lines(MANIFEST, call("a"))) + gzip.compress(lines(call("b")))


def read(*paths: Path) -> tuple[list[str], list[str]]:
    told: list[str] = []
    return [each.call for each in Reader(files_of(paths), told.append)], told


@pytest.mark.parametrize(
    ("content", "calls", "said"),
    [
        pytest.param(WHOLE, ["a", "b"], None, id="whole"),
        pytest.param(WHOLE[:-15], ["a"], "is cut short; before that: 1 call, used", id="cut-amid-a-member"),
        pytest.param(WHOLE + b"\x1f\x8b\x08junk", ["a", "b"], "before that: 2 calls, used", id="junk-at-the-end"),
        pytest.param(lines(MANIFEST, call("a")) + call("b").encode()[:-9], ["a"], "before that: 1 call", id="line"),
        pytest.param(lines(MANIFEST), [], "nothing but the first line", id="nothing-but-a-manifest"),
        pytest.param(lines(call("a"), call("b")), ["a", "b"], None, id="a-part-without-manifest"),
        pytest.param(OVER_LINES * 2, ["a", "a"], None, id="as-jq-writes-it"),
        pytest.param(
            lines(MANIFEST.replace("/v1", "/v2"), call("a")), [], "line 1 begins another version (shadow.", id="newer"
        ),
        pytest.param(
            lines(MANIFEST[:-1] + ', "more": 1}', call("a")[:-1] + ', "more": 1}'), ["a"], None, id="fields-to-come"
        ),
        pytest.param(lines(MANIFEST, "{}", call("a"), '{"call":1,"request":2}'), ["a"], "2 of 4 lines", id="others"),
        pytest.param(
            lines(MANIFEST, call("a"), MANIFEST.replace("/v1", "/v2"), call("b")), ["a"], "line 3 begins", id="amid"
        ),
        pytest.param(lines(call("a")[:-1] + ', "odd": "\\ud800"}'), ["a"], None, id="half-a-character"),
        pytest.param(lines(call("a"), call("b")[:-1] + ', "at": 1e300}'), ["a"], "1 of 2 lines", id="no-time"),
        pytest.param(b"apiVersion: v1\nkind: List\n", [], "is no recording, and no call", id="yaml"),
        pytest.param(b'{"kind":"List"}', [], "is no recording, and no call", id="json"),
        pytest.param(gzip.compress(b"\x00\xff" * 500), [], "is no recording, and no call", id="gzip-of-something"),
        pytest.param(b"\x28\xb5\x2f\xfd1234", [], "zstd -d", id="zstd"),
        pytest.param(b"", [], "is empty", id="empty"),
        pytest.param(gzip.compress(b""), [], "is empty", id="empty-gzip"),
        pytest.param(WHOLE[:60], [], "is cut short; nothing of it can be used", id="cut-in-the-manifest"),
        pytest.param(b"\x1f\x8bjunkjunkjunk", [], "is damaged", id="no-gzip"),
        pytest.param(WHOLE[:-6] + b"\0\0" + WHOLE[-4:], ["a", "b"], "is damaged: CRC check", id="wrong-sum"),
        pytest.param(
            lines(call("x")[:-20], MANIFEST, call("a")), ["a"], "1 of 3 lines are no calls, the first is", id="first"
        ),
        pytest.param(OVER_LINES[:-9], [], "is cut short", id="cut-over-lines"),
        pytest.param(
            OVER_LINES + b"}{", ["a"], "is no JSON from character", id="junk"
        ),
        pytest.param(b"\xef\xbb\xbf" + lines(call("a")), ["a"], None, id="byte-order-mark"),
        pytest.param(b"\n \n" + lines(call("a")), ["a"], None, id="blank-lines-first"),
        pytest.param(lines(DEEP, call("a")), ["a"], "the first is line 1 (nested too deeply)", id="too-deep"),
        pytest.param(b"[" * 100_000, [], "is no recording, and no call", id="depth"),
    ],
)  # fmt: skip
def test_one_file_is_read_as_far_as_it_goes_and_never_stops_the_next(tmp_path: Path, content, calls, said):
    (tmp_path / "1.jsonl").write_bytes(content)
    (tmp_path / "2.jsonl.gz").write_bytes(gzip.compress(lines(MANIFEST, call("last"))))
    found, told = read(tmp_path)
    assert found == [*calls, "last"]
    assert len(told) == (said is not None)
    assert said is None or said in told[0]
    assert not told or told[0].startswith(f"{tmp_path / '1.jsonl'}: ")


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path):
    found, told = read(tmp_path / "none.jsonl", tmp_path)
    assert found == []
    assert told == [f"{tmp_path / 'none.jsonl'}: cannot be read: No such file or directory"]


def test_a_captured_call_has_an_id_that_tells_neither_path_nor_machine(tmp_path: Path):
    ids = []
    for directory in ("here", "there"):
        (tmp_path / directory).mkdir()
        (tmp_path / directory / "a b.jsonl").write_bytes(lines('{"request": {}}', '{"request": {}}'))
        ids.append(read(tmp_path / directory)[0])
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2
    assert all(re.fullmatch(r"a-b-[0-9a-f]{12}", each) for each in ids[0])


def test_numbers_keep_their_spelling(tmp_path: Path):
    (tmp_path / "1.jsonl").write_bytes(lines(call("a")))
    assert [bytes(each.request) for each in Reader([tmp_path / "1.jsonl"], print)] == [b'{"n": 1.0}']


def test_how_far_it_is_can_be_told_by_bytes(tmp_path: Path):
    for name in ("1", "2"):
        (tmp_path / f"{name}.jsonl.gz").write_bytes(WHOLE)
    reader = Reader(files_of([tmp_path]), print)
    seen = [reader.done_bytes for _ in reader]
    assert seen == sorted(seen)
    assert reader.done_bytes == 2 * len(WHOLE)


def test_captured_calls_are_read_in_their_own_form():
    told: list[str] = []
    calls = list(Reader(files_of([CAPTURES / "made", CAPTURES / "kfp"]), told.append))
    assert told == []
    assert len(calls) == len(list(CAPTURES.rglob("*.json")))
    assert {each.hook for each in calls} == set(Hook)
    assert {each.migration for each in calls} == {""}


@pytest.mark.parametrize(
    ("given", "hook"),
    [
        ({"parent": {}, "children": {}, "finalizing": False}, Hook.SYNC),
        ({"object": {}, "attachments": {}, "finalizing": True}, Hook.FINALIZE),
        ({"parent": {}}, Hook.CUSTOMIZE),
    ],
)
def test_a_captured_request_tells_its_hook_where_nothing_else_does(tmp_path: Path, given, hook):
    (tmp_path / "c.json").write_text(
        json.dumps({"request": given, "implementation": "new", "status": 200, "answer": {}})
    )
    (captured,) = Reader([tmp_path / "c.json"], print)
    assert (captured.hook, captured.primary) == (hook, Side.NEW)
    assert captured.new is not None
    assert captured.new.answer is not msgspec.UNSET
    assert bytes(captured.new.answer) == b"{}"
