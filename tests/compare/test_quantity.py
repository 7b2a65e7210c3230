"""Amounts of Kubernetes quantities, and how the API server spells them."""

import pytest

from shadow.compare.quantity import amount, canonical, same_quantity


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        ("1000m", "1"),
        ("0.5", "500m"),
        ("100m", "100m"),
        ("1.5", "1500m"),
        (".5", "500m"),
        ("5.", "5"),
        ("+2", "2"),
        ("-1500m", "-1500m"),
        ("2", "2"),
        (2, "2"),
        (0.1, "100m"),
        ("1024Ki", "1Mi"),
        ("1.5Gi", "1536Mi"),
        ("1023", "1023"),
        ("1024", "1024"),
        ("1500Mi", "1500Mi"),
        ("0", "0"),
        ("0Gi", "0"),
        ("1000", "1k"),
        ("1e3", "1k"),
        ("1E", "1E"),
        ("1000000n", "1m"),
        ("0.0000000001", "1n"),
        ("2Ei", "2Ei"),
    ],
)
def test_a_quantity_is_stored_without_fraction_under_the_largest_suffix(value, spelled):
    assert canonical(value) == spelled
    if value != "0.0000000001":
        assert same_quantity(value, spelled)


@pytest.mark.parametrize("value", ["", "x", "1x", "1 Gi", "Gi", "1e", "--1", "1e1000", True, None, [], {}])
def test_what_is_no_quantity_has_no_amount(value):
    assert amount(value) is None
    assert canonical(value) is None
    assert not same_quantity(value, value)


@pytest.mark.parametrize(("one", "other"), [("1", "2"), ("1Gi", "1G"), ("1m", "1M"), ("1", "x")])
def test_different_amounts_are_not_the_same(one, other):
    assert not same_quantity(one, other)
