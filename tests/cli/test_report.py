"""`shadow report`, from a control API and from a store."""

import csv
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from shadow.cli import main
from shadow.config.digest import evidence_digest
from shadow.config.load import parse
from shadow.report.formats import as_json
from shadow.store.base import Call
from shadow.terms import Change, Effect
from tests.cli.control import Control
from tests.report.scene import MIGRATION, NOW, compared, difference, failed, opened, reported

REPORT = f"/api/v1/migrations/{MIGRATION}/report"

CONFIGURATION = """
migrations:
  kfp:
    stage: shadow
    old: {protocol: composite, url: http://old, sync: /sync}
    new: {protocol: decorator, url: http://new, sync: /sync%s}
    compare: {ignore: [%s]}
"""
IGNORED = "{object: Service/*, because: known}"


def configuration(rule: str = "", more: str = "") -> str:
    return CONFIGURATION % (more, rule)


def evidence(text: str) -> str:
    return evidence_digest(parse(text, "test").migrations[MIGRATION])


@pytest.fixture
def document(tmp_path: Path) -> bytes:
    """One difference, as a proxy tells it."""
    report = reported(tmp_path, compared("team-a", difference()))
    return "".join(as_json.render(report)).encode()


def on_a_terminal(*argv: str, to: str = "stdout") -> str:
    """What a command writes to a pseudo-terminal."""
    terminal, its_end = pty.openpty()
    try:
        streams: dict[str, Any] = {to: its_end}
        subprocess.run([sys.executable, "-m", "shadow", *argv], check=False, **streams)
        os.set_blocking(terminal, False)
        return os.read(terminal, 1 << 16).decode()
    finally:
        os.close(its_end)
        os.close(terminal)


class TestFromTheProxy:
    def test_a_table_by_default_and_3_for_a_difference(
        self, api: Control, document: bytes, capsys: pytest.CaptureFixture[str]
    ):
        api.answer("GET", REPORT, document)
        assert main(["report", MIGRATION]) == 3
        shown = capsys.readouterr().out
        assert "In 1 of 1 namespace new would delete Service <namespace>/ml-pipeline-ui" in shown
        assert "\x1b" not in shown

    @pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)], ids=["colour", "NO_COLOR"])
    def test_a_terminal_gets_colour_unless_it_wants_none(
        self, api: Control, document: bytes, monkeypatch: pytest.MonkeyPatch, no_color: str, coloured: bool
    ):
        api.answer("GET", REPORT, document)
        monkeypatch.setenv("NO_COLOR", no_color)
        shown = on_a_terminal("report", MIGRATION)
        assert "new would delete Service" in shown
        assert ("\x1b[" in shown) is coloured

    def test_a_stream_that_knows_only_ascii_still_gets_the_report(
        self, api: Control, document: bytes, monkeypatch: pytest.MonkeyPatch
    ):
        api.answer("GET", REPORT, document)
        monkeypatch.setenv("PYTHONIOENCODING", "ascii")
        done = subprocess.run(
            [sys.executable, "-m", "shadow", "report", MIGRATION], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (3, "")
        assert "new would delete Service" in done.stdout

    def test_several_formats_go_to_several_files(self, api: Control, document: bytes, tmp_path: Path):
        api.answer("GET", REPORT, document)
        files = [tmp_path / name for name in ("r.json", "r.csv", "r.md")]
        outputs = [argument for file in files for argument in ("-o", str(file))]
        assert main(["report", MIGRATION, "--format", "json,csv,markdown", *outputs]) == 3
        assert json.loads(files[0].read_text()) == json.loads(document)
        assert len(list(csv.DictReader(io.StringIO(files[1].read_bytes().decode(), newline="")))) == 1
        assert files[2].read_text().startswith("### shadow")
        assert len(api.asked) == 1

    def test_one_of_them_may_be_standard_output(
        self, api: Control, document: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ):
        api.answer("GET", REPORT, document)
        main(["report", MIGRATION, "--format", "json,table", "-o", str(tmp_path / "r.json"), "-o", "-"])
        assert capsys.readouterr().out.startswith("kfp: shadow")

    def test_the_window_is_the_proxys_to_resolve(self, api: Control, document: bytes):
        api.answer("GET", REPORT, document)
        main(["report", MIGRATION, "--since", "1h", "--until", "2999-01-01T00:00:00Z"])
        assert parse_qs(urlsplit(api.asked[0].target).query) == {
            "format": ["json"],
            "since": ["1h"],
            "until": ["2999-01-01T00:00:00Z"],
        }

    def test_other_rules_are_sent_along(self, api: Control, document: bytes, tmp_path: Path):
        api.answer("POST", REPORT, document)
        file = tmp_path / "other.yaml"
        file.write_text(configuration(IGNORED))
        main(["report", MIGRATION, "--config", str(file)])
        assert api.asked[0].json() == {"ignore": [{"object": "Service/*", "because": "known"}]}

    def test_what_is_no_report_is_1(self, api: Control, capsys: pytest.CaptureFixture[str]):
        api.answer("GET", REPORT, {"schema": "other"})
        assert main(["report", MIGRATION]) == 1
        assert "does not answer as a shadow does" in capsys.readouterr().err

    def test_a_file_that_cannot_be_written_is_1(
        self, api: Control, document: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ):
        api.answer("GET", REPORT, document)
        assert main(["report", MIGRATION, "-o", str(tmp_path / "no" / "r.txt")]) == 1
        assert "cannot write" in capsys.readouterr().err


@pytest.mark.parametrize(
    "argv",
    [
        ["--format", "yaml"],
        ["--format", ""],
        ["--format", "json,csv"],
        ["--format", "json,csv", "-o", "a"],
        ["--format", "json,csv", "-o", "a", "-o", "a"],
        ["-o", "a", "-o", "b"],
        ["--since", "soon"],
        ["--until", "1"],
        ["--since", "1h", "--until", "2h"],
        ["--config", "no-such-file.yaml"],
        ["--store", "mysql://x"],
    ],
    ids=" ".join,
)
def test_wrong_usage_asks_nobody(api: Control, argv: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert main(["report", MIGRATION, *argv]) == (1 if "--store" in argv else 2)
    assert api.asked == []
    assert list(tmp_path.iterdir()) == []


def test_a_configuration_without_the_migration_is_2(api: Control, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "other.yaml"
    file.write_text(configuration())
    assert main(["report", "kfb", "--config", str(file)]) == 2
    assert "no migration is called 'kfb'; there is kfp" in capsys.readouterr().err


class TestFromTheStore:
    """No proxy anywhere: the configuration in force is in the store."""

    def run(self, tmp_path: Path, text: str | None, *calls: Call, argv: tuple[str, ...] = ()) -> int:
        with opened(tmp_path, *calls) as store:
            if text is not None:
                store.accept_configuration(text, "sha256:any", NOW)
        return main(["report", MIGRATION, "--store", f"sqlite:///{tmp_path / 'shadow.db'}", *argv])

    def test_a_difference_is_3_and_an_ignored_one_0(self, tmp_path: Path):
        for rule, status in (("", 3), (IGNORED, 0)):
            text = configuration(rule)
            directory = tmp_path / str(status)
            directory.mkdir()
            call = compared("team-a", difference(), evidence=evidence(text))
            assert self.run(directory, text, call) == status

    def test_a_match_is_0_and_no_comparison_4(self, tmp_path: Path):
        text = configuration()
        for name, call, status in (
            ("match", compared("team-a", evidence=evidence(text)), 0),
            ("stale", compared("team-a", evidence="sha256:older"), 4),
            ("failed", failed("team-a"), 4),
        ):
            directory = tmp_path / name
            directory.mkdir()
            assert self.run(directory, text, call) == status

    def test_other_rules_are_tried_without_a_new_call(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        other = tmp_path / "other.yaml"
        other.write_text(configuration(IGNORED))
        text = configuration()
        call = compared("team-a", difference(), evidence=evidence(text))
        assert self.run(tmp_path, text, call, argv=("--config", str(other))) == 0
        told = capsys.readouterr()
        assert "(ignored: known)" in told.out
        assert told.err == ""

    def test_names_that_are_taken_are_told_of(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        text = configuration()
        created = difference(new_effect=Effect.CREATE, change=Change.ADDED)
        metadata = {"name": "ml-pipeline-ui", "namespace": "team-a"}
        item = {"apiVersion": "v1", "kind": "Service", "metadata": metadata}
        export = tmp_path / "export.json"
        export.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [item]}))
        call = compared("team-a", created, evidence=evidence(text))
        assert self.run(tmp_path, text, call, argv=("--cluster", str(export))) == 3
        said = "team-a: new would create Service team-a/ml-pipeline-ui in vain: no controller has it"
        assert said in capsys.readouterr().out

    def test_what_rules_cannot_try_is_said(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        other = tmp_path / "other.yaml"
        other.write_text(configuration(IGNORED).replace("    compare:", "    apply: server-side\n    compare:"))
        text = configuration()
        call = compared("team-a", difference(), evidence=evidence(text))
        assert self.run(tmp_path, text, call, argv=("--config", str(other))) == 0
        assert "needs the answers again: serve it, in stage shadow" in capsys.readouterr().err

    def test_a_store_without_a_configuration_needs_one(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        given = tmp_path / "given.yaml"
        given.write_text(configuration())
        call = compared("team-a", difference(), evidence=evidence(configuration()))
        assert self.run(tmp_path, None, call, argv=("--config", str(given))) == 3
        assert main(["report", MIGRATION, "--store", f"sqlite:///{tmp_path / 'shadow.db'}"]) == 4
        assert "give one with --config" in capsys.readouterr().err

    def test_what_only_the_proxy_saw_is_taken_from_its_latest_comparison(self, tmp_path: Path):
        text = configuration(more=", revision_header: X-Revision")
        calls = [
            compared("a", difference(parent="a"), at=NOW - 60, evidence="sha256:of-the-last-revision"),
            compared("b", at=NOW - 90, evidence="sha256:of-an-older-revision"),
        ]
        assert self.run(tmp_path, text, *calls, argv=("--format", "json", "-o", str(tmp_path / "r.json"))) == 3
        document = json.loads((tmp_path / "r.json").read_text())
        assert document["configuration"]["evidence_digest"] == "sha256:of-the-last-revision"
        assert [line["parent"]["name"] for line in document["parents"] if line["stale"]] == ["b"]

    def test_it_works_beside_a_process_that_serves(self, tmp_path: Path):
        text = configuration()
        with opened(tmp_path, compared("team-a", evidence=evidence(text))) as store:
            store.accept_configuration(text, "sha256:any", NOW)
            assert main(["report", MIGRATION, "--store", f"sqlite:///{tmp_path / 'shadow.db'}"]) == 0

    def test_a_store_that_is_not_there_is_1_and_is_not_made(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        assert main(["report", MIGRATION, "--store", f"sqlite:///{tmp_path / 'gone.db'}"]) == 1
        assert "gone.db: there is no such file" in capsys.readouterr().err
        assert list(tmp_path.iterdir()) == []

    def test_an_unknown_migration_is_2(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        with opened(tmp_path) as store:
            store.accept_configuration(configuration(), "sha256:any", NOW)
        assert main(["report", "kfb", "--store", f"sqlite:///{tmp_path / 'shadow.db'}"]) == 2
        assert "no migration is called 'kfb'" in capsys.readouterr().err


class TestBeside:
    """What is written or read beside the report itself."""

    def run(self, directory: Path, *argv: str, calls: tuple[Call, ...] = ()) -> int:
        text = configuration()
        with opened(directory, *calls) as store:
            store.accept_configuration(text, "sha256:any", NOW)
        return main(["report", MIGRATION, "--store", f"sqlite:///{directory / 'shadow.db'}", *argv])

    def calls(self) -> tuple[Call, ...]:
        at_evidence = evidence(configuration())
        return (
            compared("team-a", difference("ui", parent="team-a"), evidence=at_evidence, at=NOW - 7200),
            compared("team-b", evidence=at_evidence),
            failed("team-c"),
        )

    def test_a_row_per_parent(self, tmp_path: Path):
        file = tmp_path / "parents.csv"
        assert self.run(tmp_path, "--parents", str(file), calls=self.calls()) == 3
        rows = list(csv.DictReader(io.StringIO(file.read_text(), newline="")))
        assert [(row["name"], row["result"], row["unexplained"]) for row in rows] == [
            ("team-a", "differs", "1"),
            ("team-b", "agrees", "0"),
            ("team-c", "not-compared", "0"),  # failed, but at other evidence
        ]
        assert rows[0]["differences"] == "Service-ui--removed-none-delete"
        assert (rows[0]["new_delete"], rows[0]["old_none"]) == ("1", "8")

    def test_every_comparison_that_is_kept_is_a_line(self, tmp_path: Path):
        file = tmp_path / "out.jsonl"
        self.run(tmp_path, "--comparisons", str(file), calls=self.calls())
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        assert [(line["parent"]["name"], line["outcome"]) for line in lines] == [
            ("team-c", "failed"),
            ("team-a", "mismatched"),
        ]
        assert lines[1]["differences"][0]["object"]["name"] == "ui"

    @pytest.mark.parametrize(
        ("window", "names"),
        [(("--since", "2027-01-15T07:00:00Z"), ["team-c"]), (("--until", "2027-01-15T07:00:00Z"), ["team-a"])],
        ids=["since", "until"],
    )
    def test_comparisons_of_the_window_only(self, tmp_path: Path, window: tuple[str, ...], names: list[str]):
        file = tmp_path / "out.jsonl"
        self.run(tmp_path, "--comparisons", str(file), *window, calls=self.calls())
        assert [json.loads(line)["parent"]["name"] for line in file.read_text().splitlines()] == names

    def test_since_a_baseline(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        earlier = tmp_path / "earlier.json"
        self.run(tmp_path, "--format", "json", "-o", str(earlier), calls=self.calls())
        capsys.readouterr()
        assert self.run(tmp_path, "--baseline", str(earlier)) == 3
        assert "0 new, 1 unchanged, 0 gone" in capsys.readouterr().out

    @pytest.mark.parametrize("text", [None, "", "{}", "[1]"], ids=["missing", "empty", "no report", "a list"])
    def test_what_is_no_baseline_is_2_and_asks_nobody(self, api: Control, tmp_path: Path, text: str | None):
        file = tmp_path / "earlier.json"
        if text is not None:
            file.write_text(text)
        assert main(["report", MIGRATION, "--baseline", str(file)]) == 2
        assert api.asked == []

    def test_no_two_things_go_to_one_file(self, api: Control, tmp_path: Path):
        file = str(tmp_path / "out")
        assert main(["report", MIGRATION, "-o", file, "--parents", file]) == 2
        assert main(["report", MIGRATION, "--parents", file, "--comparisons", file]) == 2
        assert api.asked == []

    def test_progress_is_shown_on_a_terminal_only(self, tmp_path: Path):
        self.run(tmp_path, calls=self.calls())
        argv = ["report", MIGRATION, "--store", f"sqlite:///{tmp_path / 'shadow.db'}", "-o", os.devnull]
        assert "reading differences" in on_a_terminal(*argv, to="stderr")
        done = subprocess.run([sys.executable, "-m", "shadow", *argv], capture_output=True, check=False)
        assert done.stderr == b""
