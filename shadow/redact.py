"""What may not be shown: one place decides it, for bodies, differences, logs and spans alike.

A secret value becomes a stand-in that tells equal from different and shows its length, nothing else:
`<redacted:1f3a9c2e:16>` is HMAC-SHA256 of the decoded value, cut, and its length in bytes. A Secret's `data` and
`stringData` so give the same stand-in for the same value. Redaction is total: it never raises, whatever it is given.
Where a stand-in must pass for the value it stands for, `shadow.disguise` makes another one at the same places.
"""

import base64
import hmac
import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from shadow.fieldpath import Item, Pattern, States
from shadow.packed import looks_packed, unpacked
from shadow.secretnames import nothing_secret, refers, secret_field, values_of_flags
from shadow.secretplaces import LOOKED_INTO, Mode, modes_within
from shadow.secrettext import replaced

LAST_APPLIED: Final = frozenset(
    {"metacontroller.k8s.io/last-applied-configuration", "kubectl.kubernetes.io/last-applied-configuration"}
)
"""Annotations that hold a whole object as JSON text, a Secret's data included."""

_SECRET_INSIDE: Final = re.compile(r"\bkind\\*[\"']?\s*+:\s*+(?:[!&][\w!./-]{0,64}\s++){0,2}\\*[\"']?Secret(?:List)?\b")
_DATA_INSIDE: Final = re.compile(r"\b(?:data|stringData)\b")
_PRIVATE_KEY: Final = re.compile(r"PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File|AGE-SECRET-KEY-")
_STAND_IN: Final = re.compile(r"<redacted:[0-9a-f]{8}:\d{1,12}>\Z")


class _Place(NamedTuple):
    """Where the walk is: the field's name, what is done below, and how far the configured paths have come."""

    name: str
    mode: Mode
    states: tuple[States, ...]


class Redactor:
    """Replaces secret values by stand-ins under one key; the same key gives the same stand-ins everywhere.

    Args:
        key: the HMAC key. Without it stand-ins of guessable values cannot be told.
        paths: configured field paths, within any object; `parent.status...` is a path within an answer.

    Raises:
        ValueError: for a path that cannot be read.
    """

    def __init__(self, key: bytes, paths: Sequence[str] = ()) -> None:
        self._key = key
        self._patterns = tuple(map(Pattern, paths))
        self._parent_patterns = tuple(Pattern(path.removeprefix("parent.")) for path in paths)
        self._start = tuple(pattern.begin() for pattern in self._patterns)

    def object(self, value: Any) -> Any:
        """A redacted copy of a Kubernetes object; the very object where there is nothing to redact."""
        if not self._patterns and _plain(value):
            return value
        return self._walk(value, _Place("", Mode.CLEAR, self._start), self._patterns)

    def answer(self, value: Any) -> Any:
        """A redacted copy of a whole hook answer or request; configured paths count from each object in it."""
        if not isinstance(value, dict):
            return self.object(value)
        copy: dict[Any, Any] = {}
        modes = modes_within(value, "", Mode.CLEAR)  # an object where a message should be
        for name, part in value.items():
            match name, part:
                case (("children" | "attachments"), list()):
                    copy[name] = [self.object(item) for item in part]
                case (("children" | "attachments" | "related"), dict()):
                    copy[name] = {
                        group: {key: self.object(item) for key, item in objects.items()}
                        if isinstance(objects, dict)
                        else self.object(objects)
                        for group, objects in part.items()
                    }
                case (("parent" | "object" | "controller"), _):
                    copy[name] = self.object(part)
                case _:
                    states = tuple(pattern.step(pattern.begin(), str(name)) for pattern in self._parent_patterns)
                    mode = modes.get(name, Mode.CLEAR)
                    place = _Place(str(name), self._configured(mode, states, self._parent_patterns), states)
                    copy[name] = self._walk(part, place, self._parent_patterns)
        return copy

    def text(self, text: str) -> str:
        """Free text without credentials in URLs, Authorization-like values, `password=...` and private keys."""
        if _PRIVATE_KEY.search(text) or (_SECRET_INSIDE.search(text) and _DATA_INSIDE.search(text)):
            return self.stand_in(text)
        return replaced(text, self.stand_in)

    def stand_in(self, value: str | bytes) -> str:
        """`<redacted:1f3a9c2e:16>`; a stand-in stays what it is."""
        if isinstance(value, str):
            if _STAND_IN.match(value):
                return value
            value = value.encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._key, value, "sha256").hex()
        return f"<redacted:{digest[:8]}:{len(value)}>"

    def stand_in_for_base64(self, text: str) -> str:
        """Of a value in a Secret's `data`: that of what it decodes to."""
        return self.stand_in(text if _STAND_IN.match(text) else _decoded(text))

    def stand_in_for_other(self, value: Any) -> Any:
        """Of a number, or of whatever else is no text."""
        return self.stand_in(value if isinstance(value, bytes) else _text(value))

    def embedded(self, text: str, *, of_secret: bool = False) -> str:
        """An object as text inside an annotation: read, redacted, written back; replaced whole if it cannot be read.

        Args:
            of_secret: the annotation is one of a Secret, so that is what the object is.
        """
        try:
            return self._rewritten(text, self._secret_object if of_secret else self.object)
        except (ValueError, RecursionError):
            return self.stand_in(text)

    def _secret_object(self, value: Any) -> Any:
        return self._walk(value, _Place("", Mode.SECRETS, self._start), self._patterns)

    def _rewritten(self, text: str, change: Callable[[Any], Any]) -> str:
        """JSON without secrets; the very text where there are none.

        Raises:
            ValueError: it is no JSON, or says a thing twice.
            RecursionError: it is nested too deeply.
        """
        value = json.loads(text, object_pairs_hook=_said_once)
        shown = change(value)
        if shown == value:
            return text
        return json.dumps(shown, separators=(",", ":"), sort_keys=True, ensure_ascii=False)

    def _walk(self, value: Any, place: _Place, patterns: tuple[Pattern, ...]) -> Any:
        """A redacted copy, level by level without recursion: objects may be nested deeper than the stack."""
        root: list[Any] = [None]
        pending: list[tuple[Any, Any, Any, _Place]] = [(root, 0, value, place)]
        while pending:
            target, key, here, at = pending.pop()
            if isinstance(here, dict):
                target[key] = copy = dict.fromkeys(here)
                modes = modes_within(here, at.name, at.mode)
                for name, item in here.items():
                    mode = modes.get(name, at.mode)
                    if patterns or isinstance(item, dict | list | tuple):
                        pending.append((copy, name, item, self._below(at, str(name), mode, patterns)))
                    else:
                        copy[name] = self._leaf(str(name), item, mode)
            elif isinstance(here, list | tuple):
                items: list[Any] = [None] * len(here)
                target[key] = items
                hidden = values_of_flags(here) if at.mode in LOOKED_INTO else ()
                for index, item in enumerate(here):
                    place = self._below_item(at, index, item, patterns)
                    if index in hidden:
                        place = place._replace(mode=Mode.HIDE)
                    pending.append((items, index, item, place))
            else:
                target[key] = self._leaf(at.name, here, at.mode)
        return root[0]

    def _below(self, at: _Place, name: str, mode: Mode, patterns: tuple[Pattern, ...]) -> _Place:
        if not patterns:
            return _Place(name, mode, ())
        states = tuple(p.step(s, name) for p, s in zip(patterns, at.states, strict=True))
        return _Place(name, self._configured(mode, states, patterns), states)

    def _below_item(self, at: _Place, index: int, item: Any, patterns: tuple[Pattern, ...]) -> _Place:
        """A rule may address an item by its index or by any of its fields; either counts."""
        if not patterns:
            return at
        steps: list[int | Item] = [index]
        if isinstance(item, dict):
            steps += [Item(str(key), str(value)) for key, value in item.items() if isinstance(value, str | int)]
        states = tuple(
            frozenset().union(*(p.step(s, step) for step in steps)) for p, s in zip(patterns, at.states, strict=True)
        )
        return _Place(at.name, self._configured(at.mode, states, patterns), states)

    def _configured(self, mode: Mode, states: tuple[States, ...], patterns: tuple[Pattern, ...]) -> Mode:
        covered = any(p.covered(s) for p, s in zip(patterns, states, strict=True))
        return Mode.HIDE if covered and mode in LOOKED_INTO else mode

    def _leaf(self, name: str, value: Any, mode: Mode) -> Any:
        if value is None:
            return None
        tells_where = mode is Mode.HELD and (isinstance(value, bool) or refers(name))
        if mode in LOOKED_INTO or mode is Mode.SECRETS or tells_where:
            return self._clear_leaf(name, value, of_secret=mode is Mode.ABOUT_SECRET)
        if not isinstance(value, str):
            return self.stand_in_for_other(value)
        if mode is Mode.FILES and not secret_field(name):
            return self._unpacked(value)
        return self.stand_in(value) if mode is Mode.HIDE or mode is Mode.HELD else self.stand_in_for_base64(value)

    def _clear_leaf(self, name: str, value: Any, *, of_secret: bool) -> Any:
        if isinstance(value, bool):
            return value
        if not isinstance(value, str):
            named = isinstance(value, int | float) and not secret_field(name)
            return value if named else self.stand_in_for_other(value)
        if name in LAST_APPLIED:
            return self.embedded(value, of_secret=of_secret)
        if value and secret_field(name):
            return self.stand_in(value)
        if value.lstrip()[:1] in ("{", "["):
            return self._json(value, self._secret_object if of_secret else self.object)
        if looks_packed(value):
            return self.stand_in_for_base64(value) if of_secret else self._unpacked(value)
        return self.text(value)

    def _unpacked(self, value: str) -> str:
        """A text as base64, packed or not: replaced whole if there is a secret in it, or too much to tell."""
        try:
            text = unpacked(value)
        except ValueError:
            return self.stand_in_for_base64(value)
        if text is None:
            return value
        is_clear = text == (self._json(text, self.object) if text.lstrip()[:1] in ("{", "[") else self.text(text))
        return value if is_clear else self.stand_in_for_base64(value)

    def _json(self, text: str, change: Callable[[Any], Any]) -> str:
        """A text that may be JSON, as of a file in a ConfigMap."""
        try:
            shown = self._rewritten(text, change)
        except (ValueError, RecursionError):
            return self.stand_in(text) if '"Secret"' in text else self.text(text)
        return self.text(text) if shown == text else shown


def _plain(value: Any) -> bool:
    """Whether the closer look is not needed: it would find nothing."""
    try:
        return nothing_secret(msgspec.json.encode(value))
    except (RecursionError, TypeError, ValueError, OverflowError):
        return False


def _said_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a member that comes twice, one would not be looked at."""
    said = dict(members)
    if len(said) < len(members):
        raise ValueError("a key comes twice")
    return said


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return text.encode("utf-8", "surrogatepass")


def _text(value: object) -> str:
    try:
        return json.dumps(value, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        return f"<{type(value).__name__}>"
