"""Quantities as a real API server stored them."""

import pytest

from shadow.simulate.quantity import canonical


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("1000m", "1"), ("1024Mi", "1Gi"), ("0.5", "500m"), ("100m", "100m"), ("1Gi", "1Gi"), ("1.5Gi", "1536Mi"),
        ("2000", "2k"), (2, "2"), ("0", "0"), ("1e3", "1k"), ("500Mi", "500Mi"), ("0.1n", "1n"), ("-1000m", "-1"),
        ("1E", "1E"),
    ],
)  # fmt: skip
def test_a_quantity_has_one_notation(written: str | int, stored: str) -> None:
    assert canonical(written) == stored


@pytest.mark.parametrize("written", ["", "m", "1 Gi", "1KB", "one"])
def test_what_is_no_quantity_is_told_apart(written: str) -> None:
    assert canonical(written) is None
