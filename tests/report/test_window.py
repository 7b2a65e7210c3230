"""How instants are spelled."""

import pytest

from shadow.report.window import instant, moment, parse_instant

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", NOW - 90),
        ("1h", NOW - 3600),
        ("7d", NOW - 7 * 86400),
        ("2027-01-15T08:00:00Z", NOW),
        ("2027-01-15T09:00:00+01:00", NOW),
        ("2027-01-15T08:00:00", NOW),
        ("2027-01-15", NOW - 8 * 3600),
    ],
)
def test_a_duration_counts_back_and_a_time_without_offset_is_utc(text: str, expected: float):
    assert parse_instant(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "soon", "-1h", "1", "0s", "2027-13-01", "1h ago", "0001-01-01T00:00:00+23:59"])
def test_anything_else_is_refused_with_what_would_do(text: str):
    with pytest.raises(ValueError, match="such as 1h or 7d, or a time such as"):
        parse_instant(text, NOW)


def test_times_are_written_to_the_millisecond():
    assert moment(NOW + 0.12345).isoformat() == "2027-01-15T08:00:00.123000+00:00"
    assert instant(None) is None
