"""Replaces secrets by values that pass for them, so that what is made of a call stays what it was.

Where something is secret `shadow.redact` decides; here only what is put in its place is another thing: of the same
type and, from eight bytes up, of the same length; base64 where there was base64, binary where there was binary. Equal
values stay equal and different ones different, also between `data`, `stringData` and a last-applied annotation.
Everything that is not secret keeps its bytes: numbers their spelling, keys their order.
"""

import base64
import hashlib
import hmac
import re
import string
from collections.abc import Callable, Sequence
from typing import Any, Final

from shadow.jsontext import rewritten
from shadow.redact import Redactor

_LEAST_BYTES: Final = 8
"""A shorter value could be told from its length, and so short there are too few stand-ins to tell values apart."""

_MOST_DIGITS: Final = 15  # any integer of these is exact in every JSON decoder
_LEAST_INT64, _MOST_INT64 = -(1 << 63), (1 << 63) - 1
_PURPOSE: Final = b"look-alike\0"
_LETTERS: Final = (string.ascii_letters + string.digits).encode()
_AS_LETTERS: Final = bytes(_LETTERS[byte % len(_LETTERS)] for byte in range(256))
_ON_ONE_LINE: Final = bytes.maketrans(b"\n\r", b"  ")
_PADDED: Final = re.compile(r"[A-Za-z0-9+/]{2,}={1,2}\Z")
_LAST_BEFORE: Final = {1: b"AEIMQUYcgkosw048", 2: b"AQgw"}
"""The letters that base64 may have before so many `=`: others would decode, but not encode to the same again."""


class Disguise(Redactor):
    """Replaces secret values by look-alikes under one key; the same key gives the same ones everywhere."""

    def __init__(self, key: bytes, paths: Sequence[str] = ()) -> None:
        super().__init__(key, paths)
        self._secret = key
        self.fingerprint = hmac.digest(key, b"fingerprint\0", "sha256").hex()[:16]
        """Tells whether two recordings were made with one key, so that their stand-ins can be compared."""

    def message(self, body: bytes) -> bytes:
        """The JSON of a whole hook request or answer, on one line.

        Raises:
            MalformedError: it is no JSON, or nested too deeply; nobody can tell then what in it is secret.
        """
        return self.one_line(body, self.answer)

    def one_line(self, body: bytes, change: Callable[[Any], Any]) -> bytes:
        """The same by another of our methods. What is no UTF-8 is U+FFFD afterwards, as in Go.

        Raises:
            MalformedError: as above.
        """
        return rewritten(body.decode("utf-8", "replace"), change).encode().translate(_ON_ONE_LINE).strip()

    def exported(self, value: Any) -> Any:
        """A Kubernetes object, or a list of them: configured paths count from each."""
        if isinstance(value, dict) and isinstance(value.get("items"), list):
            rest = {name: part for name, part in value.items() if name != "items"}
            return self.object(rest) | {"items": [self._listed(item, value.get("kind")) for item in value["items"]]}
        return self.object(value)

    def _listed(self, item: Any, kind: Any) -> Any:
        """An item of a typed list need not say its kind, which decides what in it is secret."""
        if kind != "SecretList" or not isinstance(item, dict) or "kind" in item:
            return self.object(item)
        redacted = self.object({"kind": "Secret", **item})
        return {name: part for name, part in redacted.items() if name != "kind"}

    def stand_in(self, value: str | bytes) -> str:
        data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
        if not data:
            return ""
        length = max(len(data), _LEAST_BYTES)
        letters = self._stream(data, length).translate(_AS_LETTERS)
        padding = _padding(data)
        if padding:
            last = _LAST_BEFORE[padding]
            letters = letters[: -padding - 1] + last[letters[-1] % len(last) :][:1] + b"=" * padding
        return letters.decode()

    def stand_in_for_base64(self, text: str) -> str:
        if not text:
            return text
        try:
            decoded = base64.b64decode(text, validate=True)
        except ValueError:
            decoded = b""
        if not decoded or base64.b64encode(decoded) != text.encode("utf-8", "surrogatepass"):
            return self.stand_in(text)[:-1] + "-"  # was no base64, and is none
        return base64.b64encode(self._of_bytes(decoded)).decode()

    def stand_in_for_other(self, value: Any) -> Any:
        """A number stays a number of its kind, `2` and `2.0` stay as different as they were.

        A boolean says too little to be a secret, and nothing may be one, too: it is left out or a default.
        """
        if isinstance(value, bool) or value == 0:
            return value
        if not isinstance(value, int | float):
            return self.stand_in(repr(value))
        if isinstance(value, int) and not _LEAST_INT64 <= value <= _MOST_INT64:
            return self._beyond_int64(value)
        if isinstance(value, int) or value.is_integer():
            return type(value)(self._whole(f"{int(value)}"))
        return self._whole(repr(value)) + 0.5

    def _whole(self, spelled: str) -> int:
        digits = min(max(len(spelled), _LEAST_BYTES), _MOST_DIGITS)
        drawn = int.from_bytes(self._stream(spelled.encode(), 8))
        least: int = 10 ** (digits - 1)
        return least + drawn % (9 * least)

    def _beyond_int64(self, value: int) -> int:
        """Go reads it as a float, so what is the same float stays that, spelled otherwise."""
        try:
            as_float = repr(float(value))
        except OverflowError:  # nobody can read it
            as_float = "inf"
        same, spelled = self._stream(as_float.encode(), 3), self._stream(repr(value).encode(), 2)
        return (1 << 70) + (int.from_bytes(same) << 20) + int.from_bytes(spelled)

    def _rewritten(self, text: str, change: Callable[[Any], Any]) -> str:
        """All else in it keeps its spelling: Metacontroller compares this text as it stands."""
        return rewritten(text, change)

    def _of_bytes(self, data: bytes) -> bytes:
        try:
            return self.stand_in(data.decode()).encode()
        except UnicodeDecodeError:
            stream = self._stream(data, max(len(data), _LEAST_BYTES))
            return b"\xff" + stream[1:]  # no UTF-8 either

    def _stream(self, data: bytes, length: int) -> bytes:
        return hashlib.shake_256(hmac.digest(self._secret, _PURPOSE + data, "sha256")).digest(length)


def _padding(data: bytes) -> int:
    """How many `=` end it if it looks like base64 that is filled up by them."""
    text = data.decode("latin-1")
    if len(text) < _LEAST_BYTES or len(text) % 4 or not _PADDED.match(text):
        return 0
    return text.count("=")
