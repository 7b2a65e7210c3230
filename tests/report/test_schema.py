"""The published schema is the one of the records, and what is written is valid by it."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from shadow.report.baseline import against
from shadow.report.formats import FORMATS
from shadow.report.schema import document
from tests.report.everything import report_of
from tests.report.scene import reported

PUBLISHED = Path(__file__).parents[2] / "docs/reference/report.schema.json"


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(PUBLISHED.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Any:
    report = report_of(tmp_path_factory.mktemp("everything"))
    return json.loads("".join(FORMATS["json"](against(report, report))))


def test_what_is_published_is_what_the_records_say():
    written = json.loads(json.dumps(document()))
    assert json.loads(PUBLISHED.read_text()) == written, "renew it: python -m shadow.report.schema > docs/reference/..."


def test_a_report_with_everything_is_valid(validator: jsonschema.Draft202012Validator, written: Any):
    validator.validate(written)
    assert all(written[name] for name in ("differences", "parents", "advice", "failures", "held", "noise", "baseline"))


def test_a_report_without_anything_is_valid(validator: jsonschema.Draft202012Validator, tmp_path: Path):
    validator.validate(json.loads("".join(FORMATS["json"](reported(tmp_path)))))


def test_no_field_is_unknown_to_the_schema(written: Any):
    assert set(written) == set(document()["properties"]) - {"creations", "taken"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "shadow.report/v2"),
        (("differences", 0, "effect"), "explode"),
        (("differences", 0, "count"), "3"),
        (("totals", "comparisons", "matched"), None),
        (("parents", 0, "result"), "fine"),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_what_is_wrong_is_refused(
    validator: jsonschema.Draft202012Validator, written: Any, path: tuple[Any, ...], value: Any
):
    wrong = deepcopy(written)
    place = wrong
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert not validator.is_valid(wrong)


@pytest.mark.parametrize("name", ["differences", "parents", "totals", "verdict", "baseline"])
def test_what_is_missing_is_refused(validator: jsonschema.Draft202012Validator, written: Any, name: str):
    assert not validator.is_valid({key: value for key, value in written.items() if key != name})
