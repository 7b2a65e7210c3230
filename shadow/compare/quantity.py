"""Kubernetes quantities: `1`, `1000m` and `1.0` are the same amount. Pure."""

import re
from decimal import ROUND_UP, Decimal
from typing import Any

_QUANTITY = re.compile(
    r"([+-]?(?:[0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40}))(?:([KMGTPE]i|[numkMGTPE])|[eE]([+-]?[0-9]{1,3}))?\Z"
)
_FACTORS = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_BINARY_SUFFIXES = [(Decimal(2) ** power, suffix) for suffix, power in reversed(_BINARY.items())] + [(Decimal(1), "")]
_DECIMAL_SUFFIXES = [
    (Decimal(1).scaleb(power), suffix)
    for suffix, power in sorted({**_FACTORS, "": 0}.items(), key=lambda entry: -entry[1])
]


def amount(value: Any) -> Decimal | None:
    """The amount that a quantity stands for; None for what is no quantity."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    match = _QUANTITY.match(str(value))
    if match is None:
        return None
    digits, suffix, exponent = match.groups()
    if suffix in _BINARY:
        return Decimal(digits) * Decimal(2) ** _BINARY[suffix]
    return Decimal(digits).scaleb(_FACTORS[suffix] if suffix else int(exponent or 0))


def same_quantity(one: Any, other: Any) -> bool:
    """Whether both are quantities of the same amount."""
    here = amount(one)
    return here is not None and here == amount(other)


def canonical(value: Any) -> str | None:
    """A quantity as the API server stores it: no fraction, the largest suffix that needs none; None if it is none.

    `0.5` is `500m`, `1024Ki` is `1Mi`, `1000m` is `1`.
    """
    found = amount(value)
    if found is None:
        return None
    if found == 0:
        return "0"
    binary = isinstance(value, str) and value.endswith("i") and found == int(found)
    suffixes = _BINARY_SUFFIXES if binary else _DECIMAL_SUFFIXES
    for unit, suffix in suffixes:
        if found % unit == 0:
            return f"{int(found / unit)}{suffix}"
    return f"{int(found.scaleb(9).to_integral_value(ROUND_UP))}n"
