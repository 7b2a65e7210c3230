"""How the share of noticed mutants is told. The mutants themselves take hours: `make mutation`."""

import pytest

from tests.mutation import patterns, percent_noticed, results

TOLD = """
    shadow.compare.merge.x_merge__mutmut_1: killed
    shadow.compare.merge.x_merge__mutmut_2: timeout
    shadow.compare.merge.x_merge__mutmut_3: survived
    shadow.compare.diff.x_value_at__mutmut_1: no tests
    shadow.compare.diff.x_value_at__mutmut_2: not checked
    shadow.web.page.x_page__mutmut_1: survived
"""


def test_only_what_was_tried_in_the_chosen_modules_counts():
    assert set(results(TOLD, []).values()) == {"killed", "timeout", "survived", "no tests"}
    assert percent_noticed(results(TOLD, [])) == 50
    assert percent_noticed(results(TOLD, ["compare.diff"])) == 0
    assert percent_noticed(results("", [])) == 0


@pytest.mark.parametrize(
    ("modules", "sample", "expected"),
    [
        ([], False, ["shadow.compare.*__mutmut_*", "shadow.protocol.*__mutmut_*"]),
        (["compare.merge"], True, ["shadow.compare.merge.*__mutmut_*3"]),
    ],
)
def test_mutants_are_chosen_by_module_and_number(modules, sample, expected):
    assert patterns(modules, sample=sample) == expected
