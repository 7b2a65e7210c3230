"""The fixture for authors of hooks, and the page that shows it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from shadow.terms import Effect
from shadow.testing import Hook, HooksAgree
from tests.hook_server import HookServer, answer_json
from tests.proxy.bodies import answer, config_map, observed, request

pytest_plugins = ["shadow.testing"]

PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "test-two-hooks.md"
ONE = config_map("one", annotations={})
SEES = request(observed(ONE))


def saying(*items, **more):
    return Hook(lambda _: answer(*items, **more), "decorator")


def test_the_example_of_the_page_passes(tmp_path):
    (example,) = re.findall(r"```python\n# (test_\w+\.py)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / example[0]).write_text(example[1])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout


def test_a_difference_fails_with_the_report(hooks_agree: HooksAgree):
    with pytest.raises(AssertionError) as failure:
        hooks_agree(saying(ONE), saying(), [SEES])
    text = str(failure.value)
    assert text.startswith("the hooks do not agree: of 1 request 1 with differences, 0 not answered\n")
    assert (
        "1. new would delete ConfigMap <namespace>/one\n   the whole object: only old has it\n   - apiVersion: v1\n"
        in text
    )
    assert "in 1 request, such as request-1 of team-a" in text
    assert "advice: opt-out (new)" in text


def test_a_failure_speaks_of_hooks_and_requests_and_not_of_a_migration(hooks_agree: HooksAgree):
    with pytest.raises(AssertionError) as failure:
        hooks_agree(saying(ONE), saying(), [SEES], ignore=[{"path": "spec.x", "because": "never"}])
    text = str(failure.value)
    assert "rules that explain nothing: " in text
    assert not [word for word in ("verdict", "brake", "window", "revision", "baseline", "1 of 1") if word in text]


def test_what_rules_explain_passes_and_stands_in_the_report(hooks_agree: HooksAgree):
    expect = [{"change": "removed", "object": "ConfigMap/*", "because": "dropped"}]
    report = hooks_agree(saying(ONE), saying(), [SEES], expect=expect)
    assert [line.expected_because for line in report.differences] == ["dropped"]
    assert report.effects[Effect.DELETE] == 0


def test_a_matter_of_spelling_passes_unless_told_otherwise(hooks_agree: HooksAgree):
    spelled = config_map("one", annotations={}, creationTimestamp=None)
    hooks_agree(saying(ONE), saying(spelled), [SEES])
    with pytest.raises(AssertionError, match="creationTimestamp"):
        hooks_agree(saying(ONE), saying(spelled), [SEES], normalize={"null": False})


def raising(_):
    raise ValueError("no such profile")


@pytest.mark.parametrize(
    ("new", "why"),
    [
        (Hook(raising, "decorator"), "raised-ValueError: no such profile"),
        (Hook(lambda _: {"children": []}, "decorator"), "refused:"),
        (Hook("http://127.0.0.1:9/sync", "decorator"), "unreachable"),
    ],
    ids=["raised", "refused", "unreachable"],
)
def test_a_hook_that_fails_does_not_agree(hooks_agree: HooksAgree, new, why):
    with pytest.raises(AssertionError, match=why):
        hooks_agree(saying(ONE), new, [SEES])


def test_nothing_asked_is_nothing_shown(hooks_agree: HooksAgree):
    with pytest.raises(AssertionError, match="no request to compare them by"):
        hooks_agree(saying(), saying(), [])


def test_a_running_hook_is_asked_by_its_url(hooks_agree: HooksAgree):
    with HookServer(answer_json(answer(ONE))) as new:
        hooks_agree(saying(ONE), Hook(f"{new.url}/sync", "decorator"), [SEES])
        assert new.calls[0].headers["x-shadow-role"] == "replay"
        new.behaviour = answer_json({}, 500)
        with pytest.raises(AssertionError, match="status-500"):
            hooks_agree(saying(ONE), Hook(f"{new.url}/sync", "decorator"), [SEES])


def test_requests_come_from_files_too(hooks_agree: HooksAgree, tmp_path):
    plain, recorded = tmp_path / "plain.json", tmp_path / "recorded.json"
    plain.write_bytes(SEES)
    recorded.write_text(json.dumps({"request": json.loads(SEES), "answer": {}}))
    report = hooks_agree(saying(ONE), saying(ONE), [plain, recorded, SEES, json.loads(SEES)])
    assert report.totals.comparisons.matched == 4
