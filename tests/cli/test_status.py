"""`shadow status`."""

from typing import Any

import pytest

from shadow.cli import main
from tests.cli.control import Control

DIGEST = "sha256:" + "ab" * 32

FRONT = {
    "kind": "DecoratorController",
    "name": "kfp",
    "resourceVersion": "17",
    "seen_at": "2027-01-15T08:00:00Z",
}


def migration(name: str = "kfp", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "stage": "canary",
        "weight": 25.0,
        "brake": {"on": False, "since": None, "by": None, "because": None},
        "configuration_digest": DIGEST,
        "evidence_digest": "sha256:" + "e" * 64,
        "front": {
            "kind": "DecoratorController",
            "name": "kfp",
            "resourceVersion": "17",
            "seen_at": "2027-01-15T08:00:00Z",
        },
        "calls": 40,
        "comparisons": {"matched": 30, "ignored": 4, "mismatched": 3, "failed": 1, "skipped": 1},
        "dropped": 1,
        "dropped_by": {"queue": 1, "busy": 0},
        "served": {"old": 30, "new": 10},
        "fallbacks": 2,
        "fallbacks_withheld": 1,
        "held": 3,
        "refused": 0,
        "parents": 8,
    } | more


def test_it_shows_every_migration(api: Control, capsys: pytest.CaptureFixture[str]):
    api.answer("GET", "/api/v1/migrations", [migration("one"), migration("two", stage="live")])
    assert main(["status"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("one\n")
    assert "\ntwo\n" in shown


@pytest.mark.parametrize(
    ("at_pull", "told"),
    [
        (None, "guard             0 of 1 call of new failed in its window, effects: none\n"),
        (
            {"calls": 9, "effect.delete": 2},
            "0 of 9 calls of new failed when it pulled the brake, effects: delete 2; since then 0 of 1 call",
        ),
    ],
    ids=["no pull", "a pull"],
)
def test_what_the_guard_counted_outlives_its_pull(
    api: Control, capsys: pytest.CaptureFixture[str], at_pull: dict[str, float] | None, told: str
):
    api.answer("GET", "/api/v1/migrations/kfp", migration(guard={"counts": {"calls": 1}, "at_pull": at_pull}))
    assert main(["status", "kfp"]) == 0
    assert told in capsys.readouterr().out


def test_it_shows_where_one_stands(api: Control, capsys: pytest.CaptureFixture[str]):
    api.answer("GET", "/api/v1/migrations/kfp", migration())
    assert main(["status", "kfp"]) == 0
    shown = capsys.readouterr().out
    for fact in (
        "canary 25%",
        "brake             off",
        DIGEST,
        "DecoratorController kfp (resourceVersion 17), seen 2027-01-15 08:00:00 UTC",
        "40, served old 30, new 10",
        "30 matched, 4 ignored, 3 mismatched",
        "1 failed, 1 skipped, 1 dropped (queue 1)",
        "held              3 answers of new",
        "refused           0 answers of either side",
        "fallback served   2 times old's answer",
        "fallback withheld 1 time: none, or one that would",
    ):
        assert fact in shown


@pytest.mark.parametrize(
    ("brake", "told"),
    [
        ({"on": None}, "UNKNOWN to the store: `unknown_brake` says whether calls are answered; roll back or release"),
        (
            {"on": True, "since": "2027-01-15T08:00:00Z", "by": "ops", "because": "errors\x1b[0m"},
            "ON since 2027-01-15 08:00:00 UTC by ops: errors\\x1b[0m",
        ),
    ],
    ids=["unknown", "on"],
)
def test_a_brake_that_is_not_off_stands_out(
    api: Control, capsys: pytest.CaptureFixture[str], brake: dict[str, Any], told: str
):
    api.answer("GET", "/api/v1/migrations/kfp", migration(brake=brake, front=None))
    assert main(["status", "kfp"]) == 0
    shown = capsys.readouterr().out
    assert told in shown
    assert "not seen yet" in shown


def test_two_controllers_at_once_stand_out(api: Control, capsys: pytest.CaptureFixture[str]):
    one = {"kind": "DecoratorController", "name": "kfp", "resourceVersion": "17", "seen_at": "2027-01-15T08:00:00Z"}
    api.answer("GET", "/api/v1/migrations/kfp", migration(fronts=[one, {**one, "kind": "CompositeController"}]))
    api.answer("GET", "/api/v1/migrations/kfp", migration(fronts=[one]))
    assert main(["status", "kfp"]) == 0
    assert "DecoratorController kfp and CompositeController kfp call at once" in capsys.readouterr().out
    assert main(["status", "kfp"]) == 0
    assert "at once" not in capsys.readouterr().out


def test_fields_of_a_newer_proxy_are_passed_over(api: Control):
    api.answer("GET", "/api/v1/migrations/kfp", migration(verdict={"verdict": "ready", "reasons": []}))
    assert main(["status", "kfp"]) == 0


@pytest.mark.parametrize("document", [b"<html>", b'{"name": 1}'])
def test_what_is_no_status_is_1(api: Control, capsys: pytest.CaptureFixture[str], document: bytes):
    api.answer("GET", "/api/v1/migrations/kfp", document)
    assert main(["status", "kfp"]) == 1
    assert "does not answer as a shadow does" in capsys.readouterr().err


class TestWaitDigest:
    def test_it_returns_when_the_configuration_is_in_force(self, api: Control):
        for digest in ("sha256:" + "0" * 64, "sha256:" + "0" * 64, DIGEST):
            api.answer("GET", "/api/v1/migrations/kfp", migration(configuration_digest=digest))
        assert main(["status", "kfp", "--wait-digest", DIGEST]) == 0
        assert [asked.target for asked in api.asked].count("/api/v1/migrations/kfp") == 3

    def test_a_proxy_that_is_being_replaced_is_waited_for(self, api: Control):
        api.answer("GET", "/api/v1/migrations/kfp", b"", status=0)
        api.answer("GET", "/api/v1/migrations/kfp", migration())
        assert main(["status", "kfp", "--wait-digest", DIGEST]) == 0

    def test_a_proxy_that_never_answers_is_1(self, api: Control, capsys: pytest.CaptureFixture[str]):
        api.answer("GET", "/api/v1/migrations/kfp", b"", status=0)
        assert main(["status", "kfp", "--wait-digest", DIGEST, "--wait", "10ms"]) == 1
        assert "cannot reach" in capsys.readouterr().err

    @pytest.mark.parametrize("given", [DIGEST, DIGEST[:19], "ab" * 32, "ABABABAB"])
    def test_a_digest_may_be_shortened(self, api: Control, given: str):
        api.answer("GET", "/api/v1/migrations", [migration()])
        assert main(["status", "--wait-digest", given]) == 0

    def test_time_that_is_up_is_4(self, api: Control, capsys: pytest.CaptureFixture[str]):
        api.answer("GET", "/api/v1/migrations/kfp", migration())
        assert main(["status", "kfp", "--wait-digest", "0" * 64, "--wait", "10ms"]) == 4
        assert "is not in force after 0.01s" in capsys.readouterr().err

    def test_every_migration_has_to_be_there(self, api: Control):
        api.answer("GET", "/api/v1/migrations", [migration(), migration("b", configuration_digest="sha256:other")])
        assert main(["status", "--wait-digest", DIGEST, "--wait", "10ms"]) == 4

    @pytest.mark.parametrize("given", ["", "abc", "sha256:zzzzzzzz", "latest"])
    def test_what_is_no_digest_is_2(self, api: Control, given: str):
        assert main(["status", "--wait-digest", given]) == 2

    @pytest.mark.parametrize("given", ["", "5", "soon"])
    def test_what_is_no_duration_is_2(self, api: Control, given: str):
        assert main(["status", "--wait-digest", DIGEST, "--wait", given]) == 2


READY: dict[str, Any] = {
    "ready": True,
    "refused_configuration": None,
    "needs_restart": [],
    "missing_files": [],
    "brakes_unstored": [],
}


@pytest.mark.parametrize(
    ("amiss", "told"),
    [
        ({"refused_configuration": "migrations.kfp.stage: must be"}, "REFUSED, the last accepted one goes on: migra"),
        ({"needs_restart": ["server", "store"]}, "needs a restart to take effect: server, store"),
        ({"missing_files": ["/etc/token"]}, "cannot be used any more, the last content stays: /etc/token"),
        ({"store_failing": True}, "the store FAILS"),
        ({"brakes_unstored": ["kfp"]}, "brake pulled but NOT STORED: kfp"),
        ({"brakes_unknown": ["kfp"]}, "brake UNKNOWN, so every call gets a 503"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_is_amiss_comes_first(api: Control, capsys: pytest.CaptureFixture[str], amiss: dict[str, Any], told: str):
    api.answer("GET", "/api/v1/migrations/kfp", migration())
    api.answer("GET", "/readyz", READY | amiss)
    assert main(["status", "kfp"]) == 0
    assert told in capsys.readouterr().out.splitlines()[0]


def test_a_digest_that_does_not_come_is_told_with_the_reason(api: Control, capsys: pytest.CaptureFixture[str]):
    api.answer("GET", "/api/v1/migrations", [migration()])
    api.answer("GET", "/readyz", READY | {"refused_configuration": "migrations.kfp.stage: must be off"}, status=503)
    assert main(["status", "--wait-digest", "c" * 12, "--wait", "10ms"]) == 4
    assert "is not in force after 0.01s; configuration REFUSED" in capsys.readouterr().err
