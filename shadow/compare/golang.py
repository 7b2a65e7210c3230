"""Values as Go spells them, where Metacontroller compares or stores text: merge keys and last-applied annotations."""

import math
import re
from decimal import Decimal
from typing import Any

import msgspec

_ESCAPED = (
    (b"<", b"\\u003c"),
    (b">", b"\\u003e"),
    (b"&", b"\\u0026"),
    (b"\xe2\x80\xa8", b"\\u2028"),
    (b"\xe2\x80\xa9", b"\\u2029"),
)
"""What Go's `json.Marshal` escapes inside strings and other encoders do not; none of it occurs outside of them."""

_MAYBE_FLOAT = re.compile(rb"[:,\[]-?[0-9]+[.e]")
"""Finds every float within compact JSON, and now and then something in a string. Quick, for it sees every byte."""


def text(value: Any) -> str:
    """`fmt.Sprint(value)` of a decoded JSON value."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case float():
            return _number(value, least=1e-4, exponent_digits=2)
        case dict():
            return "map[" + " ".join(f"{key}:{text(value[key])}" for key in sorted(value)) + "]"
        case list():
            return "[" + " ".join(map(text, value)) + "]"
        case _:
            return str(value)


def compact_json(value: Any) -> str:
    """`json.Marshal(value)`: compact, keys sorted, a float without fraction as an integer (`1.0` is `1`).

    Raises:
        UnicodeEncodeError: for half a surrogate pair.
        RecursionError: for what is nested too deeply to be written.
    """
    raw = msgspec.json.encode(value, order="sorted")
    if isinstance(value, float) or _MAYBE_FLOAT.search(raw):
        raw = msgspec.json.encode(_with_go_floats(value), order="sorted")
    for plain, escaped in _ESCAPED:
        raw = raw.replace(plain, escaped)
    return raw.decode()


def _number(value: float, least: float, exponent_digits: int) -> str:
    """The shortest digits; an exponent only below `least` and from 1e21 on."""
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    if least <= abs(value) < 1e21:
        digits = format(Decimal(repr(value)), "f")
        return digits.rstrip("0").rstrip(".") if "." in digits else digits
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa.removesuffix('.0')}e{exponent[0]}{exponent[1:].lstrip('0').rjust(exponent_digits, '0')}"


def _with_go_floats(value: Any) -> Any:
    """A copy in which floats are raw JSON. Without recursion: objects may be nested deeper than Python's stack."""
    root = [value]
    pending: list[Any] = [root]
    while pending:
        container = pending.pop()
        for key, item in container.items() if isinstance(container, dict) else enumerate(container):
            if isinstance(item, dict | list):
                container[key] = item.copy()
                pending.append(container[key])
            elif isinstance(item, float):
                container[key] = msgspec.Raw(_number(item, least=1e-6, exponent_digits=1).encode())
    return root[0]
