"""Kubernetes quantities in the one notation the API server stores: `1000m` becomes `1`, `1024Mi` becomes `1Gi`."""

import re
from decimal import Decimal

_QUANTITY = re.compile(r"^([+-]?[0-9.]+)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?[0-9]+)?$")
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


def canonical(quantity: str | float) -> str | None:
    """The stored notation, or None if it is no quantity. No precision is lost; the largest suffix without fraction."""
    match = _QUANTITY.match(str(quantity))
    if match is None:
        return None
    number, suffix = Decimal(match.group(1)), match.group(2) or ""
    if suffix in _BINARY and suffix:
        return _in_binary(number, _BINARY.index(suffix))
    exponent = int(suffix[1:]) if suffix[:1] in "eE" and suffix[1:] else _DECIMAL[suffix]
    return _in_decimal(number.scaleb(exponent))


def _in_binary(number: Decimal, power: int) -> str:
    value = number * 1024**power
    if value != value.to_integral_value() or abs(value) < 1024:
        return _in_decimal(value)
    whole, power = int(value), 0
    while whole and whole % 1024 == 0 and power < len(_BINARY) - 1:
        whole, power = whole // 1024, power + 1
    return f"{whole}{_BINARY[power]}"


def _in_decimal(value: Decimal) -> str:
    if value == 0:
        return "0"
    for suffix, exponent in sorted(_DECIMAL.items(), key=lambda item: -item[1]):
        scaled = value.scaleb(-exponent)
        if scaled == scaled.to_integral_value():
            return f"{int(scaled)}{suffix}"
    return f"{int(value.scaleb(9).to_integral_value(rounding='ROUND_UP'))}n"
