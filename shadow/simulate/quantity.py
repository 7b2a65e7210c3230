"""Kubernetes quantities in the one notation the API server stores: `1000m` becomes `1`, `1024Mi` becomes `1Gi`."""

from decimal import Decimal

from shadow.compare.quantity import amount

_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL = (("E", 18), ("P", 15), ("T", 12), ("G", 9), ("M", 6), ("k", 3), ("", 0), ("m", -3), ("u", -6), ("n", -9))


def canonical(quantity: str | float) -> str | None:
    """The stored notation, or None if it is no quantity: the largest suffix that needs no fraction.

    What was written in powers of two stays so, from 1024 on. Less than a nano is rounded up to one.
    """
    value = amount(quantity)
    if value is None:
        return None
    if str(quantity).endswith("i") and value == value.to_integral_value() and abs(value) >= 1024:
        return _in_binary(int(value))
    return _in_decimal(value)


def _in_binary(whole: int) -> str:
    power = 0
    while whole % 1024 == 0 and power < len(_BINARY) - 1:
        whole, power = whole // 1024, power + 1
    return f"{whole}{_BINARY[power]}"


def _in_decimal(value: Decimal) -> str:
    if value == 0:
        return "0"
    for suffix, exponent in _DECIMAL:
        scaled = value.scaleb(-exponent)
        if scaled == scaled.to_integral_value():
            return f"{int(scaled)}{suffix}"
    return f"{int(value.scaleb(9).to_integral_value(rounding='ROUND_UP'))}n"
