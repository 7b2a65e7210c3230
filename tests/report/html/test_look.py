import pytest

from shadow.report.html.look import duration, number, prose, share


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "not asked"),
        (0.00042, "0.4 ms"),
        (0.0099, "9.9 ms"),
        (0.012, "12 ms"),
        (0.9994, "999 ms"),
        (1.5, "1.50 s"),
    ],
)
def test_durations_have_the_digits_that_matter(seconds: float | None, text: str):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"), [(0, 0, "0%"), (0, 5, "0%"), (1, 1000, "<1%"), (999, 1000, ">99%"), (5, 5, "100%")]
)
def test_shares_never_round_to_none_or_all(part: int, whole: int, text: str):
    assert share(part, whole) == text


def test_numbers_are_grouped():
    assert number(1234567) == "1\u202f234\u202f567"


def test_backticks_are_code_and_the_rest_is_text():
    assert prose("see `a <b>` & <i>") == "see <code>a &lt;b&gt;</code> &amp; &lt;i&gt;"
