"""Splits JSON one level at a time and puts it together again, so that every value keeps the bytes it came in.

The fast decoder does nearly everything; what it refuses and Metacontroller reads goes to the scanner or to the
standard library. Nothing in here knows what a message means.
"""

import json
import math
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from shadow.protocol.scan import LongError, MalformedError, readable, scan

T = TypeVar("T", bound=msgspec.Struct)

Fields = dict[str, msgspec.Raw]
"""One level of an object: keys in their order, values as they were spelled. Of a repeated key the last one counts."""

NULL = msgspec.Raw(b"null")

_OBJECT = msgspec.json.Decoder(Fields)
_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
_FIRST = re.compile(rb"[ \t\n\r]*([^ \t\n\r])")
_TYPES = {b"{": "object", b"[": "array", b'"': "string", b"t": "bool", b"f": "bool", b"n": "null"}
_DIGITS = bytes.maketrans(b"123456789E+", b"000000000e0")
_LONGEST_INT = 20  # characters of an int of 64 bits, its sign included
_LONG_INT = b"0" * 19
_HUGE_INT = b"0" * 210  # digits, and e99 behind them: less is below 1.8e308
_HUGE_END = re.compile(rb"e0000*+(?=[,\]} \t\n\r]|\Z)")
_NUMBER = b"0.-"  # what a number is made of up to its exponent, once its digits are zeros
_BEFORE_NUMBER = b":,[ \t\n\r"
_WINDOW = 64  # bytes in which most numbers begin
_NO_UNICODE = "\ufffd"
_PATIENCE = 200_000  # tokens: about 0.3 s, in which no other call is answered
REFUSED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What the fast decoder raises for text that it does not take."""


class UnreadableError(ValueError):
    """No decoder of ours can read it, or it is not of the JSON type asked for."""


class BeyondFloatError(UnreadableError):
    """It holds a number that no float64 can hold, so nobody reads it."""

    def __init__(self, number: str) -> None:
        super().__init__(f"{number[:32]} is beyond a float64")
        self.number = number


def split_object(text: bytes | msgspec.Raw) -> Fields:
    """The fields of a JSON object.

    Raises:
        UnreadableError: not JSON, or another JSON type.
    """
    try:
        return _OBJECT.decode(text)
    except REFUSED:
        scanned = _scanned(text, "object", _PATIENCE)
        return {key: msgspec.Raw(value) for key, value in scanned if key is not None}


def split_array(text: bytes | msgspec.Raw) -> list[msgspec.Raw]:
    """The items of a JSON array.

    Raises:
        UnreadableError: not JSON, or another JSON type.
    """
    try:
        return _ARRAY.decode(text)
    except REFUSED:
        return [msgspec.Raw(value) for _, value in _scanned(text, "array", _PATIENCE)]


def members(text: bytes | msgspec.Raw) -> list[tuple[str, msgspec.Raw]]:
    """Every member of a JSON object as written, those with a repeated key included.

    Raises:
        UnreadableError: not JSON, or another JSON type.
    """
    return [(key, msgspec.Raw(value)) for key, value in _scanned(text, "object") if key is not None]


def _scanned(text: bytes | msgspec.Raw, wanted: str, patience: int = sys.maxsize) -> list[tuple[str | None, bytes]]:
    if json_type(text) != wanted:
        raise UnreadableError(f"not a JSON {wanted}")
    try:
        return scan(bytes(text), patience)
    except MalformedError as exc:
        raise UnreadableError(str(exc)) from exc
    except LongError as exc:
        raise UnreadableError(f"no usual JSON, and too long to be read closely: over {patience:,} tokens") from exc


def join_object(fields: Mapping[str, msgspec.Raw]) -> msgspec.Raw:
    """The fields as one compact JSON object; values byte for byte.

    Raises:
        UnreadableError: a key was no Unicode, such as half a surrogate pair, and could not be written as it was.
    """
    if any(_NO_UNICODE in key for key in fields):
        raise UnreadableError("a key is no Unicode, or holds U+FFFD, which is what becomes of one that is not")
    return msgspec.Raw(msgspec.json.encode(fields))


def join_array(items: Sequence[msgspec.Raw]) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(items))


def encode(value: Any) -> msgspec.Raw:
    """A Python value as JSON, compact; `Raw` parts byte for byte."""
    try:
        return msgspec.Raw(msgspec.json.encode(value))
    except (UnicodeEncodeError, OverflowError):  # a lone surrogate, an int beyond 64 bits
        return msgspec.Raw(json.dumps(value, separators=(",", ":")).encode())


def is_null(value: msgspec.Raw | None) -> bool:
    """Whether a field is null or absent: Go's decoder does not tell them apart."""
    return value is None or (len(memoryview(value)) == len(b"null") and bytes(value) == b"null")


def json_type(text: bytes | msgspec.Raw) -> str:
    """`object`, `array`, `string`, `bool`, `null`, `number` or `nothing`, from the first character alone."""
    match = _FIRST.match(text)
    return _TYPES.get(match[1], "number") if match else "nothing"


def parse(text: bytes | msgspec.Raw) -> Any:
    """The whole value as Python JSON, as Go reads it: an int beyond 64 bits is a float, half a surrogate pair U+FFFD.

    Raises:
        BeyondFloatError: a number that no float64 can hold.
        UnreadableError: not JSON, or nested too deeply to be held as Python objects.
    """
    try:
        value = msgspec.json.decode(text)
    except REFUSED:
        return _parse_as_go(text)
    return _parse_as_go(text) if _holds_long_number(text) else value


def _parse_as_go(text: bytes | msgspec.Raw) -> Any:
    try:
        return json.loads(readable(bytes(text)), parse_constant=_refuse, parse_float=_finite, parse_int=_int64)
    except BeyondFloatError:
        raise
    except (ValueError, RecursionError) as exc:
        raise UnreadableError(str(exc)) from exc


def may_be_beyond_float(text: bytes | msgspec.Raw) -> bool:
    """Whether it may hold a number that no float64 can hold. Quick, for it sees every byte."""
    zeros = bytes(text).translate(_DIGITS)
    return _HUGE_INT in zeros or any(_begins_as_number(zeros, end.start()) for end in _HUGE_END.finditer(zeros))


def _begins_as_number(zeros: bytes, at: int) -> bool:
    """Whether the digits before `at` begin where a number can; those of hashes and uids do not."""
    before = zeros[max(at - _WINDOW, 0) : at].rstrip(_NUMBER)
    return not before or before[-1] in _BEFORE_NUMBER


def number_beyond_float(text: bytes | msgspec.Raw) -> str | None:
    """A number that no float64 can hold, of which Go reads none; None: there is none, or nobody could look closely."""
    if not may_be_beyond_float(text):
        return None
    try:
        _parse_as_go(text)
    except BeyondFloatError as exc:
        return exc.number
    except UnreadableError:
        return None
    return None


def parse_as(text: bytes | msgspec.Raw, shape: type[T]) -> T:
    """Only those fields of an object that `shape` names; all else is skipped.

    Raises:
        UnreadableError: not JSON, or a field is not of the type that `shape` gives it.
    """
    try:
        return msgspec.json.decode(text, type=shape)
    except msgspec.ValidationError as exc:
        raise UnreadableError(str(exc)) from exc
    except REFUSED:
        return _parse_slowly(text, shape)


def _parse_slowly(text: bytes | msgspec.Raw, shape: type[T]) -> T:
    fields = split_object(text)
    wanted = {name: parse(fields[name]) for name in shape.__struct_fields__ if name in fields}
    try:
        return msgspec.convert(wanted, shape)
    except msgspec.ValidationError as exc:
        raise UnreadableError(str(exc)) from exc


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise BeyondFloatError(digits)
    return value


def _int64(digits: str) -> int | float:
    if len(digits) > _LONGEST_INT:
        return _finite(digits)
    value = int(digits)
    return value if -(2**63) <= value < 2**63 else float(value)


def _holds_long_number(text: bytes | msgspec.Raw) -> bool:
    """Whether there are as many digits in a row as an int beyond 64 bits has. Quick, for it sees every byte."""
    return _LONG_INT in bytes(text).translate(_DIGITS)


def repeats_a_key(text: bytes | msgspec.Raw, fields: Fields) -> bool:
    """Whether an object that was split into `fields` has a key twice.

    The bytes that the fields do not account for are blanks, unless there are enough of them for one more member; only
    then is the text scanned.
    """
    accounted = sum(len(json.dumps(key, ensure_ascii=False)) + len(bytes(value)) + 2 for key, value in fields.items())
    smallest_member = min((len(key) for key in fields), default=0) + len('"":0,')
    if len(bytes(text)) - accounted - 1 < smallest_member:
        return False
    return len(members(text)) != len(fields)
