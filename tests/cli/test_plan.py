"""`shadow plan`."""

from pathlib import Path
from typing import Any

import pytest

from shadow.cli import main
from tests.cli.control import Control

PLAN = "/api/v1/migrations/kfp/plan"
PARENT = {"apiVersion": "v1", "kind": "Namespace", "namespace": "", "name": "team-a", "uid": "1"}
SERVICE = {"apiVersion": "v1", "kind": "Service", "namespace": "team-a", "name": "ui"}
EFFECT = {"object": SERVICE, "effect": "delete", "repeats": False, "why": ""}


def parent(**more: Any) -> dict[str, Any]:
    line = {"parent": PARENT, "from": "old", "to": "new", "writes": {"delete Service": 1}, "objects": [EFFECT]}
    return line | {"held": [], "compared_at": "2026-11-23T08:00:00Z"} | more


def plan(*parents: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "migration": "kfp",
        "stage": "canary",
        "weight": 25.0,
        "brake": False,
        "known": 200,
        "moving": {"to_new": len(parents), "to_old": 0},
        "parents": list(parents),
    } | more


WRITES = {"writes": [{"verb": "delete", "kind": "Service", "count": 1, "parents": 1}]}


@pytest.mark.parametrize(
    ("document", "status", "told"),
    [
        (plan(), 0, "0 of 200 parents move to new, 0 to old"),
        (plan(parent(writes={}, objects=[])), 0, "nothing is written"),
        (plan(parent(), **WRITES), 3, "team-a: old -> new: delete Service/team-a/ui"),
        (plan(parent(writes=None, objects=[]), without_evidence=1, **WRITES), 4, "NO EVIDENCE for 1 moving parent"),
        (plan(parent(writes=None, objects=[]), without_evidence=1), 4, "its latest comparison failed, or was of other"),
        (plan(parent(writes=None, objects=[], compared_at=None), without_evidence=1), 4, "new: never compared"),
        (plan(parent(writes={}, objects=[], held=[EFFECT]), held=1), 0, "held: delete Service/team-a/ui"),
        (plan(parent(writes={"delete Service": 3}), **WRITES), 3, "delete Service/team-a/ui and 2 more"),
        (plan(unselected=2), 0, "not selected by the controller in front, so not asked about: 2 parents"),
    ],
    ids=["nobody", "no-writes", "writes", "blind", "failed", "never", "held", "many", "unselected"],
)
def test_the_exit_status_says_what_a_move_would_write(
    api: Control, capsys: pytest.CaptureFixture[str], document: dict[str, Any], status: int, told: str
):
    api.answer("GET", PLAN, document)
    assert main(["plan", "kfp", "--weight", "25"]) == status
    shown = capsys.readouterr().out
    assert shown.startswith("kfp: to canary 25%, brake off\n")
    assert told in shown
    assert not document.get("held") or "nothing is written" not in shown


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        (["--weight", "2.5"], "weight=2.5"),
        (["--stage", "live"], "stage=live"),
        (["--brake"], "brake=true"),
        (["--release", "--stage", "canary", "--weight", "5"], "stage=canary&weight=5.0&brake=false"),
    ],
    ids=" ".join,
)
def test_the_move_is_asked_for(api: Control, arguments: list[str], query: str):
    api.answer("GET", PLAN, plan())
    assert main(["plan", "kfp", *arguments]) == 0
    assert api.asked[0].target == f"{PLAN}?{query}"


def test_a_file_is_sent_whole(api: Control, tmp_path: Path):
    file = tmp_path / "shadow.yaml"
    file.write_text("migrations: {}")
    api.answer("POST", PLAN, plan())
    assert main(["plan", "kfp", "--config", str(file)]) == 0
    assert api.asked[0].json() == {"configuration": "migrations: {}"}


@pytest.mark.parametrize(
    "arguments",
    [[], ["--brake", "--release"], ["--weight", "101"], ["--stage", "half"], ["--weight", "5", "--config", "x"]],
    ids=" ".join,
)
def test_a_move_to_nowhere_is_2(api: Control, arguments: list[str]):
    assert main(["plan", "kfp", *arguments]) == 2
