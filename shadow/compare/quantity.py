"""Kubernetes quantities: `1`, `1000m` and `1.0` are the same amount. Pure."""

import re
from decimal import Decimal
from typing import Any

_QUANTITY = re.compile(
    r"([+-]?(?:[0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40}))(?:([KMGTPE]i|[numkMGTPE])|[eE]([+-]?[0-9]{1,3}))?\Z"
)
_FACTORS = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


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
