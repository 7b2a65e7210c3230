import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shadow.cli.main import main
from tests.cli.test_replay import A, recorded
from tests.hook_server import HookServer, answer, answer_json

CAPTURES = Path(__file__).parents[1] / "data/captures"
STEADY = CAPTURES / "kfp/kfp-mid-decorator-4.17.2-steady.json"
RECORDED = json.loads(STEADY.read_text())
COMPOSITE = {"status": {}, "children": RECORDED["answer"]["attachments"]}


@pytest.fixture
def checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, list[str], str]]:
    """The status, the lines about implementations, and what was complained of."""

    def check(old: str, new: str, request: Path = STEADY, **settings: Any) -> tuple[int, list[str], str]:
        file = tmp_path / "shadow.yaml"
        sides = {
            "old": {"protocol": "composite", "url": old, "sync": "/sync"},
            "new": {"protocol": "decorator", "url": new, "sync": "/sync", **settings},
        }
        file.write_text(json.dumps({"store": f"sqlite:///{tmp_path}/s.db", "migrations": {"kfp": sides}}))
        status = main(["check", "--config", str(file), "--probe", "--request", str(request)])
        captured = capsys.readouterr()
        return status, captured.out.splitlines()[2:], captured.err

    return check


def test_each_implementation_is_sent_the_call_in_its_own_words(checked, hook_server: Callable[..., HookServer]):
    old, new = hook_server(answer_json(COMPOSITE)), hook_server(answer_json(RECORDED["answer"]))
    status, lines, _ = checked(old.url, new.url)
    assert status == 0
    assert [line.partition(" can be reached: ")[2][:8] for line in lines] == ["HTTP 200", "HTTP 200"]
    assert set(old.calls[0].json()) >= {"parent", "children"}
    assert new.calls[0].json() == RECORDED["request"]
    assert new.calls[0].headers["x-shadow-role"] == "replay"


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (answer(b"no", 500), "is blocked at hook: HTTP 500 to POST /sync, 200 is needed"),
        (answer_json({}), "is blocked at answer: it would not be served: "),
        (answer(b"<p>"), "is blocked at answer: it would not be served: "),
    ],
    ids=["status", "no list", "no JSON"],
)
def test_the_hop_that_is_blocked_is_named(checked, hook_server, behaviour, expected):
    status, lines, told = checked(hook_server(answer_json(COMPOSITE)).url, hook_server(behaviour).url)
    assert status == 1
    assert expected in lines[1]
    assert "1 of 2 implementations" in told


def test_what_may_not_be_asked_in_the_shadow_is_not_asked(checked, hook_server):
    old, new = hook_server(answer_json(COMPOSITE)), hook_server(answer_json(RECORDED["answer"]))
    status, lines, _ = checked(old.url, new.url, shadow_when="never")
    assert status == 0
    assert lines[1].endswith("not sent: shadow_when forbids it for this call")
    assert {call.method for call in new.calls} == {"HEAD"}


@pytest.mark.parametrize("forbidding", [{"shadow_when": "never"}, {}], ids=["withheld", "sent"])
def test_a_dead_host_is_blocked_whether_the_call_is_sent_or_not(checked, hook_server, forbidding):
    status, lines, told = checked(hook_server(answer_json(COMPOSITE)).url, "http://127.0.0.1:1", **forbidding)
    assert status == 1
    assert "is blocked at tcp" in lines[1]
    assert "1 of 2 implementations" in told


def test_the_authorization_is_sent_along(checked, hook_server, tmp_path):
    (tmp_path / "token").write_text("Bearer fake-token\n")
    old, new = hook_server(answer_json(COMPOSITE)), hook_server(answer_json(RECORDED["answer"]))
    assert checked(old.url, new.url, authorization_file=str(tmp_path / "token"))[0] == 0
    assert new.calls[0].headers["authorization"] == "Bearer fake-token"


@pytest.mark.parametrize("text", ["", "[]", '{"request": 5}', '{"a": 1}'], ids=repr)
def test_a_file_without_a_call_is_wrong_usage(checked, tmp_path, text):
    (tmp_path / "call.json").write_text(text)
    status, _, told = checked("http://127.0.0.1:1", "http://127.0.0.1:1", tmp_path / "call.json")
    assert status == 2
    assert "holds no recorded call" in told


def test_hook_versions_that_cannot_work_are_refused(checked, hook_server: Callable[..., HookServer]):
    """The controller calls with v1, which hides from a namespaced parent what a v2 hook is made for."""
    seen = CAPTURES / "made" / "made-f8-com-na-v1-sync-steady.json"
    hook = hook_server(answer_json(json.loads(seen.read_text())["answer"]))
    status, lines, told = checked(hook.url, hook.url, seen, hook_version="v2")
    assert status == 1
    assert "is blocked at version: it speaks v2 and the controller v1 of the sync hook" in "".join(lines)
    assert len(hook.calls) == 1
    assert "1 of 2 implementations" in told


def test_the_first_call_of_a_recording_is_sent(checked, hook_server: Callable[..., HookServer], tmp_path: Path):
    calls = recorded(tmp_path / "calls.jsonl.gz", {}, {}, count=2)
    old, new = hook_server(answer_json({"status": {}, "children": [A]})), hook_server(answer_json({"attachments": [A]}))
    status, lines, _ = checked(old.url, new.url, calls)
    assert (status, len(old.calls), len(new.calls)) == (0, 1, 1), lines
