"""Every format: same numbers, nothing that its reader would run, follow or obey."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shadow.compare.model import Advice
from shadow.compare.rules import Judgement
from shadow.report import Report, build
from shadow.report.formats import FORMATS, MEDIA_TYPES, as_csv, as_json, as_markdown, as_table
from shadow.report.judge import UNEXPLAINED
from shadow.store.base import Group
from shadow.terms import Change, Effect, Side
from tests.report.scene import NOW, VIEW, compared, difference, failed, opened, reported

HOSTILE = "</details>|`=cmd()`\x1b[31m\n| @everyone <script>"


def ignore_status(group: Group) -> Judgement:
    return Judgement(ignored_because="counts objects") if group.path.startswith("parent.status") else UNEXPLAINED


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """Two unexplained causes, one ignored, a failure and a piece of advice."""
    calls = [
        compared(
            f"team-{n}",
            difference("ui", parent=f"team-{n}", old={"apiVersion": "v1", "kind": "Service"}),
            difference(
                "web", parent=f"team-{n}", path="spec.x", change=Change.CHANGED, new_effect=Effect.UPDATE, old=1
            ),
            difference(about_parent=True, path="parent.status.ready", change=Change.CHANGED, new_effect=Effect.NONE),
            advice=[Advice("string-data", Side.NEW, None, "stringData is written at every sync")],
        )
        for n in range(3)
    ]
    return reported(tmp_path, *calls, failed("team-9"), explain=ignore_status)


@pytest.fixture
def hostile(tmp_path: Path) -> Report:
    """Names, paths and values as an attacker who owns a hook would choose them."""
    call = compared(
        "team-a",
        difference(HOSTILE, path=HOSTILE, change=Change.CHANGED, old=HOSTILE, new={HOSTILE: [HOSTILE]}),
        advice=[Advice("code", Side.NEW, None, HOSTILE)],
    )
    return reported(tmp_path, call, failed("team-b", error=HOSTILE))


def text(name: str, report: Report) -> str:
    return "".join(FORMATS[name](report))


def test_every_format_has_a_media_type():
    assert FORMATS.keys() == MEDIA_TYPES.keys()


class TestJson:
    def test_it_reads_back_as_the_same_report(self, report: Report):
        assert text("json", as_json.read(text("json", report).encode())) == text("json", report)

    def test_fields_are_the_contract(self, report: Report):
        document = json.loads(text("json", report))
        assert list(document) == [
            "schema", "migration", "generated_at", "window", "configuration", "totals", "coverage", "effects",
            "differences", "advice", "failures", "verdict", "baseline", "rules", "held", "agreed_removals",
            "predictions", "noise", "parents",
        ]  # fmt: skip
        assert document["schema"] == "shadow.report/v1"
        assert document["generated_at"] == "2027-01-15T08:00:00Z"
        assert document["totals"]["comparisons"] == {
            "matched": 0, "ignored": 0, "mismatched": 3, "failed": 1, "skipped": 0,
        }  # fmt: skip
        assert document["differences"][0] == {
            "id": "Service-ui--removed-none-delete",
            "object": {"apiVersion": "v1", "kind": "Service", "namespace": "<namespace>", "name": "ui"},
            "path": "",
            "change": "removed",
            "effects": {"old": "none", "new": "delete"},
            "effect": "delete",
            "side": "new",
            "repeats": False,
            "count": 3,
            "parents": 3,
            "moved_parents": 0,
            "unexplained_parents": 3,
            "first_seen": "2027-01-15T07:59:00Z",
            "last_seen": "2027-01-15T07:59:00Z",
            "example": {
                "old": {"apiVersion": "v1", "kind": "Service"},
                "new": None,
                "comparison": "team-0-1799999940",
                "parent": "team-0",
            },
            "ignored_because": None,
            "expected_because": None,
            "since_baseline": None,
        }
        assert document["differences"][-1]["ignored_because"] == "counts objects"

    def test_parents_are_written_while_they_are_read(self, tmp_path: Path):
        with opened(tmp_path, *(compared(f"team-{n:04}") for n in range(600))) as store:
            pieces = as_json.render(build(store, VIEW, None, None, NOW))
            written = list(pieces)
        assert max(map(len, written)) < 1000
        assert len(json.loads("".join(written))["parents"]) == 600

    def test_an_empty_report_is_a_document_too(self, tmp_path: Path):
        document = json.loads(text("json", reported(tmp_path)))
        assert document["differences"] == document["parents"] == []

    def test_what_a_newer_proxy_adds_is_passed_over(self, report: Report):
        document = json.loads(text("json", report)) | {"weather": {"today": "fine"}}
        read = as_json.read(json.dumps(document).encode())
        assert json.loads(text("json", read)) == json.loads(text("json", report))

    @pytest.mark.parametrize("document", [b"", b"{}", b"[]", b'{"schema": 1}'])
    def test_what_is_no_report_is_refused(self, document: bytes):
        with pytest.raises(msgspec.DecodeError):
            as_json.read(document)


def rows(report: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text("csv", report), newline="")))


class TestCsv:
    def test_a_row_per_difference_group_in_the_reports_order(self, report: Report):
        found = rows(report)
        assert [row["id"] for row in found] == [line.id for line in report.differences]
        assert (found[0]["effect"], found[0]["parents"], found[0]["name"]) == ("delete", "3", "ui")
        assert json.loads(found[0]["old"]) == {"apiVersion": "v1", "kind": "Service"}
        assert found[-1]["ignored_because"] == "counts objects"

    def test_numbers_stay_numbers_and_text_is_quoted(self, report: Report):
        assert ",3,3,0,3," in text("csv", report).splitlines()[1]
        assert text("csv", report).splitlines()[1].startswith('"kfp","')

    def test_a_row_is_one_line_whatever_is_in_it(self, hostile: Report):
        assert len(text("csv", hostile).splitlines()) == 2
        assert "\x1b" not in text("csv", hostile)

    @pytest.mark.parametrize(
        "cell",
        [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "  =1",
            "\t=1",
            "\r=1",
            "\uff1d1",
            "\uff0b1",
            "\uff0d1",
            "\uff20x",
            "\u00a0=1",
        ],
    )
    def test_no_spreadsheet_takes_a_cell_for_a_formula(self, cell: str):
        shown = as_csv.neutral(cell)
        assert shown.startswith(("'", "\\"))

    @pytest.mark.parametrize("cell", ["", "web", "a=b", "<namespace>", '{"a": -1}'])
    def test_plain_text_is_left_alone(self, cell: str):
        assert as_csv.neutral(cell) == cell

    def test_a_cell_ends_where_a_spreadsheets_does(self, tmp_path: Path):
        assert len(as_csv.neutral("x" * 100_000)) <= 32_767


class TestMarkdown:
    def test_the_summary_comes_before_the_folds(self, report: Report):
        head, *folds = text("markdown", report).split("<details>")
        assert "2 unexplained differences" in head
        assert "3 mismatched, 1 failed" in head
        assert "| delete (new) | `Service <namespace>/ui` | removed | 3 of 4 |" in head
        assert "In 3 of 4 namespaces new would delete Service &lt;namespace&gt;/ui" in folds[0]
        assert "```diff\n- apiVersion: v1\n- kind: Service\n```" in folds[0]

    def test_explained_differences_are_apart_with_their_reason(self, report: Report):
        [fold] = [part for part in text("markdown", report).split("<details>") if part.startswith("<summary>Explained")]
        assert "counts objects" in fold
        assert "parent.status.ready" not in text("markdown", report).split("<details>")[0]

    def test_folds_are_balanced_and_tables_whole_whatever_is_in_them(self, hostile: Report):
        shown = text("markdown", hostile)
        outside = re.sub(r"```diff\n.*?\n```|(`+) ?.*? ?\1", "", shown, flags=re.DOTALL)
        assert outside.count("<details>") == outside.count("\n</details>\n")
        assert "<script>" not in outside.replace(r"\<script\>", "")
        assert not re.search(r"@\w", outside)
        assert "\x1b" not in shown

    @pytest.mark.parametrize("value", ["a`b", "`", "``x``", "", "a|b"])
    def test_a_code_span_holds_anything(self, value: str):
        shown = as_markdown.code(value)
        fence = re.match("`+", shown)
        assert fence
        assert fence[0] not in shown[len(fence[0]) : -len(fence[0])].replace(fence[0] + "`", "")

    def test_long_lists_say_how_many_more_there_are(self, tmp_path: Path):
        calls = [compared(f"team-{n:03}", difference(parent=f"team-{n}")) for n in range(120)]
        assert "and 70 more" in text("markdown", reported(tmp_path, *calls))

    def test_a_quiet_report_is_short(self, tmp_path: Path):
        shown = text("markdown", reported(tmp_path, compared("team-a")))
        assert "**Nothing differs**" in shown
        assert "<details>" not in shown


class TestTable:
    def test_each_difference_is_a_diff_with_its_consequence(self, report: Report):
        shown = text("table", report)
        assert "1. In 3 of 4 namespaces new would delete Service <namespace>/ui\n" in shown
        assert "   - apiVersion: v1\n   - kind: Service\n" in shown
        assert "spec.x: changed\n   - 1\n   + null\n" in shown
        assert "(ignored: counts objects)" in shown
        assert "new gave no valid answer to sync 1 time: timeout" in shown

    def test_there_are_escape_sequences_only_for_a_terminal(self, report: Report, hostile: Report):
        assert "\x1b" not in text("table", report) + text("table", hostile)
        coloured = "".join(as_table.render(report, colour=True))
        assert "\x1b[" in coloured
        assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == text("table", report)

    def test_markup_in_a_name_is_text(self, tmp_path: Path):
        report = reported(tmp_path, compared("team-a", difference("[red]x[/red]")))
        assert "Service <namespace>/[red]x[/red]" in text("table", report)

    def test_long_lists_are_cut_with_a_remedy(self, tmp_path: Path):
        calls = [compared("team-a", *(difference(f"svc-{n}") for n in range(40)))]
        assert "and 10 more: --format json or csv has them all" in text("table", reported(tmp_path, *calls))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_survives_hostile_names(name: str, hostile: Report):
    assert text(name, hostile)


def test_totals_of_all_formats_agree(report: Report):
    document: dict[str, Any] = json.loads(text("json", report))
    assert sum(int(row["count"]) for row in rows(report)) == sum(line["count"] for line in document["differences"]) == 9
    for name in ("table", "markdown"):
        assert "4 calls: 0 matched, 0 ignored, 3 mismatched, 1 failed, 0 skipped, 0 dropped" in text(name, report)
        assert "delete 3, update 3" in text(name, report)
