"""`shadow rollback` and `shadow release`."""

from typing import Any

import pytest

from shadow.cli import main
from tests.cli.control import Control

ROLLBACK = "/api/v1/migrations/kfp/rollback"
RELEASE = "/api/v1/migrations/kfp/release"


def changed(
    *, on: bool, stored: bool = True, missing: list[str] | None = None, uncertain: bool = False
) -> dict[str, Any]:
    replicas = {"acknowledged": 2 - len(missing or []), "of": 2, "missing": missing or [], "uncertain": uncertain}
    return {"on": on, "stored": stored, "replicas": replicas}


def test_rollback_sends_the_reason_and_tells_what_became_of_it(api: Control, capsys: pytest.CaptureFixture[str]):
    api.answer("POST", ROLLBACK, changed(on=True))
    assert main(["rollback", "kfp", "--because", "  team-a lost\n its UI "]) == 0
    assert api.asked[0].json() == {"because": "team-a lost its UI"}
    assert capsys.readouterr().out == (
        "kfp: brake on, old answers for every parent; stored; known to 2 of 2 replicas\n"
    )


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (202, changed(on=True, missing=["shadow-1"]), "known to 1 of 2 replicas, not yet to shadow-1"),
        (202, changed(on=True, stored=False), "NOT STORED"),
        (200, changed(on=True, stored=False), "NOT STORED"),
        (200, changed(on=True, missing=["shadow-1"]), "not yet to shadow-1"),
        (202, changed(on=True, uncertain=True), "known to 2 of at least 2 replicas; the database does not say who"),
    ],
    ids=["not acknowledged", "not stored", "not stored after all", "not acknowledged after all", "nobody can tell"],
)
def test_what_not_all_know_of_is_4(
    api: Control, capsys: pytest.CaptureFixture[str], status: int, body: dict[str, Any], told: str
):
    api.answer("POST", ROLLBACK, body, status=status)
    assert main(["rollback", "kfp", "--because", "x"]) == 4
    assert told in capsys.readouterr().out


def test_release_lets_go(api: Control, capsys: pytest.CaptureFixture[str]):
    api.answer("POST", RELEASE, changed(on=False))
    assert main(["release", "kfp", "--because", "fixed"]) == 0
    assert api.asked[0].json() == {"because": "fixed"}
    assert "brake off" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("on", "told"), [(True, "the brake stays on"), (False, "nothing is released here")], ids=["on", "known as off"]
)
def test_a_release_that_is_not_stored_never_says_off(
    api: Control, capsys: pytest.CaptureFixture[str], on: bool, told: str
):
    api.answer("POST", RELEASE, changed(on=on, stored=False), status=202)
    assert main(["release", "kfp", "--because", "fixed"]) == 4
    shown = capsys.readouterr().out
    assert told in shown
    assert "brake off" not in shown


def test_release_to_another_configuration_names_its_digest(api: Control):
    api.answer("POST", RELEASE, changed(on=False))
    assert main(["release", "kfp", "--because", "fixed", "--accept-digest", "0123ABCD"]) == 0
    assert api.asked[0].json() == {"because": "fixed", "accept_digest": "sha256:0123abcd"}


def test_what_may_not_help_is_a_warning(api: Control, capsys: pytest.CaptureFixture[str]):
    api.answer("POST", ROLLBACK, changed(on=True) | {"warnings": ["`old` is not asked in stage complete"]})
    assert main(["rollback", "kfp", "--because", "x"]) == 0
    assert capsys.readouterr().err == "shadow: warning: `old` is not asked in stage complete\n"


def test_an_accepted_digest_is_at_least_eight_digits(api: Control):
    assert main(["release", "kfp", "--because", "fixed", "--accept-digest", "abc"]) == 2
    assert api.asked == []


def test_a_refused_release_is_2_with_the_reason(api: Control, capsys: pytest.CaptureFixture[str]):
    api.problem("POST", RELEASE, 409, "weight changed since the brake was pulled")
    assert main(["release", "kfp", "--because", "fixed"]) == 2
    assert capsys.readouterr().err == "shadow: refused: weight changed since the brake was pulled\n"


def test_a_refusal_without_words_is_2_too(api: Control):
    api.answer("POST", RELEASE, b"no", status=409)
    assert main(["release", "kfp", "--because", "fixed"]) == 2


@pytest.mark.parametrize("command", ["rollback", "release"])
def test_an_unknown_migration_is_2(api: Control, capsys: pytest.CaptureFixture[str], command: str):
    api.problem("POST", f"/api/v1/migrations/kfb/{command}", 404, "no migration is called 'kfb'")
    assert main([command, "kfb", "--because", "x"]) == 2
    assert capsys.readouterr().err == "shadow: no migration is called 'kfb'\n"


def test_a_blank_reason_is_none(api: Control):
    assert main(["rollback", "kfp", "--because", "  "]) == 2
    assert api.asked == []


def test_an_answer_that_is_none_is_1(api: Control, capsys: pytest.CaptureFixture[str]):
    api.answer("POST", ROLLBACK, b"<html>")
    assert main(["rollback", "kfp", "--because", "x"]) == 1
    assert "does not answer as a shadow does" in capsys.readouterr().err


def test_nobody_there_is_1_in_one_line(refused_url: str, capsys: pytest.CaptureFixture[str]):
    assert main(["rollback", "kfp", "--because", "x", "--control", refused_url]) == 1
    assert capsys.readouterr().err.count("\n") == 1


class TestWait:
    STATUS = "/api/v1/migrations/kfp"

    def test_it_returns_when_every_parent_was_answered_by_old(self, api: Control, capsys: pytest.CaptureFixture[str]):
        api.answer("POST", ROLLBACK, changed(on=True))
        for outstanding in (2, 1, 0):
            convergence = {"answered": 3 - outstanding, "of": 3, "outstanding": outstanding}
            api.answer("GET", self.STATUS, {"name": "kfp", "convergence": convergence})
        assert main(["rollback", "kfp", "--because", "x", "--wait", "10s"]) == 0
        assert "3 of 3 parents answered by old" in capsys.readouterr().out

    def test_a_wait_that_expires_is_4(self, api: Control):
        api.answer("POST", ROLLBACK, changed(on=True))
        api.answer("GET", self.STATUS, {"convergence": {"answered": 1, "of": 3, "outstanding": 2}})
        assert main(["rollback", "kfp", "--because", "x", "--wait", "10ms"]) == 4

    def test_a_release_meanwhile_ends_it_with_4_and_who_did_it(self, api: Control, capsys: pytest.CaptureFixture[str]):
        api.answer("POST", ROLLBACK, changed(on=True))
        brake = {"on": False, "by": "alice", "because": "oops"}
        met = {"answered": 3, "of": 3, "outstanding": 0}
        api.answer("GET", self.STATUS, {"convergence": met, "brake": brake})
        assert main(["rollback", "kfp", "--because", "x", "--wait", "10s"]) == 4
        shown = capsys.readouterr()
        assert "answered by old" not in shown.out
        assert "released meanwhile, by alice: oops" in shown.err

    def test_a_brake_that_is_not_stored_is_4_however_long_it_is_waited_for(self, api: Control):
        api.answer("POST", ROLLBACK, changed(on=True, stored=False), status=202)
        api.answer("GET", self.STATUS, {"convergence": {"answered": 3, "of": 3, "outstanding": 0}})
        assert main(["rollback", "kfp", "--because", "x", "--wait", "1s"]) == 4
