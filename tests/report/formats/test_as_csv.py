"""CSV as a spreadsheet's own parser would read it, with cells that somebody made for it."""

import io
from pathlib import Path

import msgspec
import pandas as pd
import pytest

from shadow.protocol.objects import ParentRef
from shadow.report.formats.as_csv import PARENT_COLUMNS, parents, render
from tests.report.formats.hostile import hostile, nasty
from tests.report.scene import compared, difference, reported

FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", '=HYPERLINK("http://evil")', "\uff1d1")


def cells(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)


@nasty
def test_whatever_an_answer_holds_is_one_cell(tmp_path: Path, text: str):
    frame = cells("".join(render(hostile(tmp_path, text))))
    assert len(frame) == 2
    assert not frame.map(lambda cell: any(not char.isprintable() for char in cell)).any().any()


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_begins_as_a_formula_does(tmp_path: Path, formula: str):
    call = compared("team-a", difference(formula, kind=formula, path=formula, old=formula))
    report = reported(tmp_path, call)
    [case] = report.parents
    named = msgspec.structs.replace(case, parent=ParentRef("v1", formula, formula, formula, formula))
    report = msgspec.structs.replace(report, parents=(named,))
    for text in ("".join(render(report)), "".join(parents(report))):
        frame = cells(text)
        assert not frame.map(lambda cell: cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d"))).any().any()
        assert frame.map(lambda cell: cell.startswith("'")).any().any() or formula.startswith("\t")


def test_parents_have_the_columns_that_are_promised(tmp_path: Path):
    frame = cells("".join(parents(reported(tmp_path, compared("team-a", difference())))))
    assert tuple(frame.columns) == PARENT_COLUMNS
    assert frame.loc[0, ["name", "result", "unexplained", "new_delete"]].tolist() == ["team-a", "differs", "1", "1"]
