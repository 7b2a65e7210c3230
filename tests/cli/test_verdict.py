"""`shadow verdict`."""

from pathlib import Path
from typing import Any

import pytest

from shadow.cli import main
from tests.cli.control import Control

VERDICT = "/api/v1/migrations/kfp/verdict"


def verdict(word: str, *reasons: str) -> dict[str, Any]:
    return {
        "verdict": word,
        "reasons": list(reasons),
        "since": "2027-01-15T08:00:00Z",
        "comparisons": 12,
        "parents": 3,
        "coverage": [],
        "waived": ["partial: nobody deletes single objects"],
    }


@pytest.mark.parametrize(("word", "status"), [("ready", 0), ("not-ready", 3), ("inconclusive", 4)])
def test_the_exit_status_is_the_verdict(api: Control, capsys: pytest.CaptureFixture[str], word: str, status: int):
    api.answer("GET", VERDICT, verdict(word, "3 of 200 namespaces differ \x1b[31m"))
    assert main(["verdict", "kfp"]) == status
    shown = capsys.readouterr().out
    assert shown.startswith(f"kfp: {word} (12 comparisons of 3 parents since 2027-01-15 08:00 UTC)\n")
    assert "  - 3 of 200 namespaces differ \\x1b[31m\n" in shown
    assert "waived: partial" in shown


@pytest.mark.parametrize(("last", "status"), [("ready", 0), ("not-ready", 3)])
def test_waiting_ends_when_it_is_conclusive(api: Control, last: str, status: int):
    for word in ("inconclusive", "inconclusive", last):
        api.answer("GET", VERDICT, verdict(word))
    assert main(["verdict", "kfp", "--wait", "10s"]) == status
    assert len(api.asked) == 3


def test_a_wait_that_expires_is_4(api: Control):
    api.answer("GET", VERDICT, verdict("inconclusive"))
    assert main(["verdict", "kfp", "--wait", "300ms"]) == 4
    assert len(api.asked) > 1


def test_what_is_no_verdict_is_1(api: Control):
    api.answer("GET", VERDICT, {"verdict": "fine"})
    assert main(["verdict", "kfp"]) == 1


def test_a_store_that_is_not_there_is_1(tmp_path: Path):
    assert main(["verdict", "kfp", "--store", f"sqlite:///{tmp_path}/none.db"]) == 1
