"""The same numbers in every format, read by programs that are not ours."""

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from lxml import etree, html

from shadow.report import Report
from shadow.report.formats import FORMATS
from shadow.report.formats.as_csv import parents
from shadow.terms import Effect
from tests.report.everything import report_of

TOTALS = {
    "calls": 16, "matched": 1, "ignored": 1, "mismatched": 8, "failed": 1, "skipped": 2, "dropped": 3,
    "differs": 8, "parents": 12,
} | {f"effect.{effect}": 2 for effect in Effect}  # fmt: skip
"""What the store was filled with: each effect twice, once under either answer; doing nothing twice more is none's."""
TOTALS["effect.none"] = 2
CAUSES = {f"{side}-{effect}" for side in ("new", "old") for effect in Effect} | {"known"}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return report_of(tmp_path_factory.mktemp("everything"))


def text(report: Report, name: str) -> str:
    return "".join(FORMATS[name](report))


def of_json(report: Report) -> dict[str, int]:
    document = json.loads(text(report, "json"))
    totals = document["totals"]
    found = {"calls": totals["calls"], "dropped": totals["dropped"], "parents": totals["parents"]}
    found |= totals["comparisons"] | {"differs": totals["results"]["differs"]}
    assert len(document["parents"]) == totals["parents"]
    return found | {f"effect.{effect}": count for effect, count in document["effects"].items()}


def of_junit(report: Report) -> dict[str, int]:
    suite = etree.fromstring(text(report, "junit").encode()).find("testsuite")
    assert suite is not None
    assert len(suite.findall("testcase")) == int(suite.get("tests"))
    for kind, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        assert len(suite.findall(f"testcase/{kind}")) == int(suite.get(attribute))
    found = {each.get("name"): each.get("value") for each in suite.iterfind("properties/property")}
    told = {name: int(found[name]) for name in TOTALS if name in found}
    return told | {"parents": int(suite.get("tests")), "differs": int(suite.get("failures"))}


def in_words(said: str) -> dict[str, int]:
    """Out of the sentences that all formats for people have."""
    found = {
        "calls": int(re.findall(r"(\d+) calls: ", said)[0]),
        "parents": int(re.findall(r"(\d+) namespaces: ", said)[0]),
    }
    for word in ("matched", "ignored", "mismatched", "failed", "skipped", "dropped"):
        found[word] = int(re.findall(rf"(\d+) {word}", said)[0])
    found["differs"] = int(re.findall(r"(\d+) with differences", said)[0])
    return found


def of_people(report: Report, name: str) -> dict[str, int]:
    said = text(report, name).replace("\\", "")
    if name == "html":
        said = re.sub(r"\s+", " ", html.document_fromstring(said).text_content())
        effects = said.partition("Effects of what no rule explains:")[2]
        pattern = r"{} (\d+)"
    else:
        effects = re.findall(r"[Ee]ffects of what is not explained: (.*)", said)[0]
        pattern = r"\b{} (\d+)"
    found = {f"effect.{effect}": int(re.findall(pattern.format(effect), effects)[0]) for effect in Effect}
    return in_words(said) | found


@pytest.mark.parametrize(
    "read",
    [of_json, of_junit, *(lambda report, name=name: of_people(report, name) for name in ("table", "markdown", "html"))],
    ids=["json", "junit", "table", "markdown", "html"],
)
def test_totals_agree(report: Report, read: Callable[[Report], dict[str, int]]):
    assert read(report) == TOTALS


def test_differences_agree_in_csv(report: Report):
    frame = pd.read_csv(io.StringIO(text(report, "csv")))
    lines = json.loads(text(report, "json"))["differences"]
    assert list(frame["id"]) == [line["id"] for line in lines]
    assert set(frame["name"]) == CAUSES
    for name in ("count", "parents", "unexplained_parents", "moved_parents"):
        assert list(frame[name]) == [line[name] for line in lines]
    assert frame["effect"].value_counts().to_dict() == {effect.value: 2 + (effect == "delete") for effect in Effect}
    assert frame.dtypes["count"] == "int64"


def test_parents_agree_in_csv(report: Report):
    frame = pd.read_csv(io.StringIO("".join(parents(report))))
    assert frame["result"].value_counts().to_dict() == {"differs": 8, "agrees": 2, "failed": 1, "not-compared": 1}
    assert frame["unexplained"].sum() == sum(line.unexplained_parents for line in report.differences)
    assert frame["new_delete"].sum() == 22


@pytest.mark.parametrize("name", ["table", "markdown", "html"])
def test_everything_is_told_to_people(report: Report, name: str):
    said = text(report, name).replace("\\", "")
    for part in (
        "Held: answers of new that were not served", "Failures", "Explained by rules", "Noise: asked the same twice",
        "Advice", "predicted writes: 7 confirmed by the next call, 2 contradicted", "queue 2",
    ):  # fmt: skip
        assert part in said, part


def test_what_a_parent_shows_is_in_its_failure(report: Report):
    suite = etree.fromstring(text(report, "junit").encode())
    failures: dict[str, Any] = {case.get("name"): case.find("failure") for case in suite.iterfind("testsuite/testcase")}
    assert failures["team-delete"].get("type") == "delete"
    assert "new would delete Service <namespace>/new-delete" in failures["team-delete"].text.replace("spec of ", "")
    assert "old would delete Service <namespace>/old-delete" in failures["team-delete"].text
    assert failures["team-matched"] is None
