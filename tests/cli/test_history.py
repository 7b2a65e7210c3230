"""`shadow history`."""

from typing import Any

import pytest

from shadow.cli import main
from tests.cli.control import Control

HISTORY = "/api/v1/migrations/kfp/history"


def line(at: str, kind: str, by: str = "alice", because: str = "x", **details: Any) -> dict[str, Any]:
    return {"at": at, "migration": "kfp", "kind": kind, "by": by, "because": because, "details": details}


CHANGES = [{"path": "migrations.kfp.stage", "from": None, "to": "live"}]


def test_every_page_of_the_change_log_is_told_newest_first(api: Control, capsys: pytest.CaptureFixture[str]):
    newest = line("2026-01-15T09:00:00Z", "rollback", because="it deletes\x1b[0m")
    oldest = line("2026-01-15T08:00:00Z", "configuration", by="file", changes=CHANGES)
    api.answer("GET", HISTORY, {"items": [newest], "next": "abc"})
    api.answer("GET", HISTORY, {"items": [oldest], "next": None})
    assert main(["history", "kfp"]) == 0
    assert capsys.readouterr().out == (
        "2026-01-15 09:00:00 UTC  rollback              by alice: it deletes\\x1b[0m\n"
        "2026-01-15 08:00:00 UTC  configuration         by file: x\n"
        '    migrations.kfp.stage: (not said) -> "live"\n'
    )
    assert api.asked[1].target == f"{HISTORY}?after=abc"


def test_at_leaves_out_what_came_later(api: Control, capsys: pytest.CaptureFixture[str]):
    lines = [line("2026-01-15T09:00:00Z", "release"), line("2026-01-15T08:00:00Z", "rollback")]
    api.answer("GET", HISTORY, {"items": lines, "next": None})
    assert main(["history", "kfp", "--at", "2026-01-15T08:30:00Z"]) == 0
    assert capsys.readouterr().out.count("\n") == 1


@pytest.mark.parametrize(("primary", "status"), [("new", 0), (None, 4)])
def test_who_governed_a_parent(api: Control, capsys: pytest.CaptureFixture[str], primary: str | None, status: int):
    parent = {"apiVersion": "v1", "kind": "Namespace", "namespace": "", "name": "team-a", "uid": "1"}
    found = {"parent": parent, "at": "2026-01-15T09:00:00Z", "primary": primary, "by": "weight", "stage": "canary"}
    api.answer("GET", f"{HISTORY}/governing", found | {"weight": 25, "since": "2026-01-15T08:00:00Z"})
    assert main(["history", "kfp", "--parent", "team-a", "--at", "2026-01-15T09:00:00Z"]) == status
    shown = capsys.readouterr().out
    assert shown.startswith("team-a at 2026-01-15 09:00:00 UTC: ")
    assert ("new, by weight (stage canary 25%, brake off" in shown) is (primary is not None)
    assert api.asked[0].target.startswith(f"{HISTORY}/governing?parent=team-a&at=")


@pytest.mark.parametrize(
    ("primary", "call", "told", "status"),
    [("new", "c7", "new, as call c7 of then shows (stage", 0), (None, None, "depends on its labels of then", 4)],
    ids=["a witness", "none"],
)
def test_a_pin_by_label_is_told_apart(
    api: Control,
    capsys: pytest.CaptureFixture[str],
    primary: str | None,
    call: str | None,
    told: str,
    status: int,
):
    parent = {"apiVersion": "v1", "kind": "Namespace", "namespace": "", "name": "team-a", "uid": "1"}
    found = {"parent": parent, "at": "2026-01-15T09:00:00Z", "primary": primary, "call": call, "stage": "canary"}
    api.answer("GET", f"{HISTORY}/governing", found | {"weight": 25, "depends_on_labels": True})
    assert main(["history", "kfp", "--parent", "team-a"]) == status
    assert told in capsys.readouterr().out


@pytest.mark.parametrize(
    ("found", "told", "status"),
    [
        ({"primary": None, "refused": True, "call": "c7"}, "nobody: under the guard's brake", 0),
        ({"primary": "old"}, "old, by the guard's brake (stage", 0),
        ({"primary": None}, "old, or nobody where old would have removed something", 4),
    ],
    ids=["refused", "old", "nobody knows"],
)
def test_under_a_guards_brake_it_is_told_who_was_answered(
    api: Control, capsys: pytest.CaptureFixture[str], found: dict[str, Any], told: str, status: int
):
    parent = {"apiVersion": "v1", "kind": "Namespace", "namespace": "", "name": "team-a", "uid": "1"}
    always = {"parent": parent, "at": "2026-01-15T09:00:00Z", "by": "guard", "stage": "live", "brake": True}
    api.answer("GET", f"{HISTORY}/governing", always | found)
    assert main(["history", "kfp", "--parent", "team-a"]) == status
    assert told in capsys.readouterr().out


@pytest.mark.parametrize("at", ["soon", "", "2999-01-01"], ids=["no time", "empty", "to come"])
def test_what_is_no_time_or_has_not_come_is_2(api: Control, at: str):
    assert main(["history", "kfp", "--at", at]) == 2
