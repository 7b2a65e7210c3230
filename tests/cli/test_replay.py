"""`shadow replay` on files as users have them: exit statuses, what is told, and what is written."""

import gzip
import json
from pathlib import Path

import msgspec
import pytest

from shadow.cli.main import main
from shadow.disguise import Disguise
from shadow.recordings.scribe import Scribe
from shadow.terms import Side
from tests.hook_server import HookServer, answer_json, in_turn
from tests.proxy.bodies import answer, config_map, observed, request
from tests.recordings.test_scribe import FACTS, SECRET, said, taken

A = config_map("a", annotations={})
RULE = {"expect": [{"object": "ConfigMap/b", "because": "new in new"}]}


def recorded(path: Path, old, new, key: bytes = b"k" * 32, seen=(A,), count: int = 1) -> Path:
    """A recording of calls that were answered like this."""
    scribe = Scribe(Disguise(key))
    lines = b"".join(
        gzip.compress(
            scribe.line(
                taken(
                    request(*map(observed, seen), uid=f"uid-{number}"),
                    facts=msgspec.structs.replace(FACTS, call=str(number)),
                    said={side: said(json.dumps(each).encode()) for side, each in ((Side.OLD, old), (Side.NEW, new))},
                )
            )
        )
        for number in range(count)
    )
    path.write_bytes(gzip.compress(b'{"schema":"shadow.recording/v1","shadow":"0","begun":1}\n') + lines)
    return path


def configured(directory: Path, old: str = "http://127.0.0.1:9", new: str = "http://127.0.0.1:9", **more) -> str:
    sides = {name: {"protocol": "decorator", "url": url, "sync": "/sync"} for name, url in (("old", old), ("new", new))}
    store = {"store": f"sqlite:///{directory}/shadow.db"}
    (directory / "shadow.yaml").write_text(json.dumps(store | {"migrations": {"m": {**sides, **more}}}))
    return str(directory / "shadow.yaml")


@pytest.mark.parametrize(
    ("new", "rules", "status"),
    [
        pytest.param(answer(A), {}, 0, id="nothing-differs"),
        pytest.param(answer(A, config_map("b")), {}, 3, id="differs"),
        pytest.param(answer(A, config_map("b")), RULE, 0, id="a-rule-explains-it"),
        pytest.param({"nonsense": 1}, {}, 4, id="nothing-was-compared"),
    ],
)
def test_the_status_is_that_of_a_report(tmp_path: Path, capsys, new, rules, status):
    calls = recorded(tmp_path / "calls.jsonl.gz", answer(A), new, count=3)
    arguments = [str(calls), "--config", configured(tmp_path, compare=rules), "--answers", "recorded"]
    assert main(["replay", *arguments, "--format", "json"]) == status
    told = capsys.readouterr()
    report = json.loads(told.out)
    assert (report["totals"]["calls"], report["migration"]) == (3, "m")
    assert told.err == ""


def test_what_cannot_be_used_is_a_line_each_and_the_rest_is_used(tmp_path: Path, capsys):
    whole = recorded(tmp_path / "1.jsonl.gz", answer(A), answer(A), count=2)
    (tmp_path / "2.jsonl.gz").write_bytes(whole.read_bytes()[:-60])
    (tmp_path / "4.json").write_text('{"kind": "List"}')
    other = json.loads(gzip.decompress(whole.read_bytes()).splitlines()[1]) | {"migration": "elsewhere", "call": "x"}
    (tmp_path / "5.jsonl").write_text(json.dumps(other) + "\n")
    status = main(
        ["replay", str(tmp_path), "--config", configured(tmp_path), "--answers", "recorded", "-o", "/dev/null"]
    )
    lines = capsys.readouterr().err.splitlines()
    assert status == 0
    assert [line.removeprefix(f"shadow: {tmp_path}/")[:40] for line in lines] == [
        "2.jsonl.gz: is cut short; before that: 1",
        "4.json: is no recording, and no call: no",
        "shadow: 1 call came twice and counted on",
        "shadow: there are calls of other migrati",
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("newer.jsonl", b'{"schema": "shadow.recording/v9"}\n{"call": 1}\n', id="newer"),
        pytest.param("damaged.jsonl.gz", gzip.compress(b"\n")[:-8] + b"\0" * 8, id="damaged"),
        pytest.param("packed.jsonl.zst", b"\x28\xb5\x2f\xfd1234", id="packed-by-something-else"),
    ],
)
def test_where_a_file_that_may_hold_calls_is_lost_nobody_says_that_nothing_differs(
    tmp_path: Path, capsys, name, content
):
    calls = recorded(tmp_path / "calls.jsonl.gz", answer(A), answer(A))
    (tmp_path / name).write_bytes(content)
    arguments = ["--config", configured(tmp_path), "--answers", "recorded", "-o", "/dev/null"]
    assert main(["replay", str(calls), str(tmp_path / name), *arguments]) == 4
    assert "shadow: 1 file could not be replayed, and may differ" in capsys.readouterr().err.splitlines()


def test_only_what_is_new_fails_where_only_that_is_asked_for(tmp_path: Path, capsys):
    config = configured(tmp_path)
    tail = ["--config", config, "--answers", "recorded", "--format", "json"]
    before = recorded(tmp_path / "before.jsonl.gz", answer(A), answer(A, config_map("b")))
    after = recorded(tmp_path / "after.jsonl.gz", answer(A), answer(A, config_map("b"), config_map("c")))
    baseline = str(tmp_path / "baseline.json")
    assert main(["replay", str(before), *tail, "-o", baseline]) == 3
    capsys.readouterr()
    for calls, status in ((before, 0), (after, 3)):
        assert main(["replay", str(calls), *tail, "--baseline", baseline, "--fail-on", "new"]) == status
        assert json.loads(capsys.readouterr().out)["baseline"]["new_unexplained"] == (status == 3)
    assert main(["replay", str(before), *tail, "--fail-on", "new"]) == 2
    assert "needs the --baseline" in capsys.readouterr().err


def test_what_is_answered_today_is_held_against_the_recording_by_its_own_key(tmp_path: Path, capsys):
    """A Secret that nobody changes: with the key no effect shows, without it every answer seems to write it."""
    plain = {name: value for name, value in SECRET.items() if name != "stringData"}
    key = b"fake-key-of-the-proxy-0123456789"
    (tmp_path / "shadow.db.key").write_bytes(key)
    hook = answer_json(answer(plain, A))
    with HookServer(hook) as old, HookServer(answer_json(answer(plain))) as new:
        config = configured(tmp_path, old.url, new.url)
        found = []
        for name, used in (("known", key), ("unknown", b"fake-another-key")):
            calls = recorded(tmp_path / f"{name}.jsonl.gz", {}, {}, used, seen=(plain, A))
            assert main(["replay", str(calls), "--config", config, "--format", "json"]) == 3
            told = capsys.readouterr()
            (parent,) = json.loads(told.out)["parents"]
            found.append((parent["effects"]["old"], "redaction key that is not here" in told.err))
    assert found == [({"none": 2}, False), ({"none": 1, "update": 1}, True)]


def test_an_implementation_that_fails_is_nothing_to_agree_with(tmp_path: Path, capsys):
    calls = recorded(tmp_path / "calls.jsonl.gz", {}, {}, seen=(A,), count=2)
    with HookServer(answer_json(answer(A))) as old, HookServer(answer_json(answer(A), status=500)) as new:
        config = configured(tmp_path, old.url, new.url)
        new.behaviour = in_turn(answer_json(answer(A)), answer_json(answer(A), status=500))
        assert main(["replay", str(calls), "--config", config, "-o", "/dev/null"]) == 4
    assert "1 call failed and could not be compared" in capsys.readouterr().err


def test_a_replay_goes_on_where_it_ended_and_only_with_what_it_was_begun_with(tmp_path: Path, capsys):
    calls = recorded(tmp_path / "calls.jsonl.gz", answer(A), answer(A), count=3)
    config = configured(tmp_path)
    arguments = ["replay", str(calls), "--config", config, "--answers", "recorded", "--format", "json"]
    kept = str(tmp_path / "kept.db")
    for before in ("", "3 calls had been replayed before"):
        assert main([*arguments, "--resume", kept]) == 0
        told = capsys.readouterr()
        assert before in told.err
        assert json.loads(told.out)["totals"]["calls"] == 3
    assert main([*arguments, "--resume", kept, "--answers", "live"]) == 2
    configured(tmp_path, compare=RULE)
    assert main([*arguments, "--resume", kept]) == 2
    assert capsys.readouterr().err.count("name another file") == 2
    assert main(["report", "m", "--store", f"sqlite:///{kept}", "-o", "/dev/null"]) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--resume", "none/kept.db"], "none does not exist; --resume must name a new file"),
        (["--resume", "shadow.yaml"], "file is not a database; --resume must name a new file"),
        (["--baseline", "none.json"], "cannot read none.json: No such file or directory; `--format json -o FILE`"),
        (["--baseline", "shadow.yaml"], "shadow.yaml is no report: "),
    ],
)
def test_what_is_to_be_read_beside_is_named_with_what_to_do(tmp_path: Path, capsys, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    calls = recorded(tmp_path / "calls.jsonl.gz", answer(A), answer(A))
    common = ["--config", configured(tmp_path), "--answers", "recorded", "-o", "/dev/null"]
    assert main(["replay", str(calls), *common, *arguments]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["none.jsonl"], 1, "none.jsonl: No such file or directory; name recordings"),
        (["--concurrency", "0", "."], 2, "whole number from 1 to 1000"),
        (["x", "--migration", "n"], 2, "no migration is called 'n'"),
        (["x", "--answers", "guessed"], 2, "invalid choice"),
    ],
)
def test_wrong_usage_is_one_line(tmp_path: Path, capsys, monkeypatch, arguments, status, said):
    monkeypatch.chdir(tmp_path)
    assert main(["replay", *arguments, "--config", configured(tmp_path), "-o", "/dev/null"]) == status
    assert said in capsys.readouterr().err
