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
from collections.abc import Sequence
from enum import Enum
from typing import Any, Final, NamedTuple

import msgspec

from shadow.fieldpath import Item, Pattern, States
from shadow.secretnames import nothing_secret, secret_field, secret_flag, secret_name, values_of_flags

LAST_APPLIED: Final = frozenset(
    {"metacontroller.k8s.io/last-applied-configuration", "kubectl.kubernetes.io/last-applied-configuration"}
)
"""Annotations that hold a whole object as JSON text, a Secret's data included."""

_URL: Final = re.compile(r"(://)([^\s/?#\"'<>]{1,2048})@")
_SCHEME: Final = re.compile(r"\b(bearer|basic|digest|negotiate)(\s+)([A-Za-z0-9._~+/=:-]{6,})", re.IGNORECASE)
_ASSIGNMENT: Final = re.compile(
    r"(?<![\w-])([\w-]{0,64}?(?:password|passwd|passphrase|token|secret|api_?key|access_?key|secret_?key|signature|credential)"
    r"[ \t]*=[ \t]*)(\"[^\"\n]*\"|'[^'\n]*'|[^\s&;,\"']+)",
    re.IGNORECASE,
)
_FLAG_IN_TEXT: Final = re.compile(
    r"(?<!\S)(--?[A-Za-z][\w.-]{0,63})([ \t]+)(\"[^\"\n]*\"|'[^'\n]*'|[^\s\"'-][^\s\"']*)"
)
_FIELD: Final = re.compile(
    r"((?:\"[\w.-]{0,64}|'[\w.-]{0,64}|(?:^|[\n{,\[]|(?<=- ))[ \t]*[\w.-]{0,64}?)"
    r"(?:password|passwd|passphrase|token|secret|api_?key|access_?key|secret_?key|private_?key|signature|credentials?)"
    r"(?:[\"'][ \t]*:[ \t]*|:[ \t]+))(\"[^\"\n]*\"|'[^'\n]*'|[^\s&;,\"'{}\[\]|>]+)",
    re.IGNORECASE,
)
"""Of YAML or JSON that stands in a text; a bare word counts at the beginning of a line or of a list only."""
_HEADER: Final = re.compile(
    r"\b((?:proxy-)?authorization|cookie|x-(?:api-key|auth[\w-]{0,32}))([ \t]*:[ \t]*)([^\n\"']+)", re.IGNORECASE
)
_SECRET_AS_YAML: Final = re.compile(r"^[ \t-]*[\"']?kind[\"']?[ \t]*:[ \t]*[\"']?Secret(?:List)?\b", re.MULTILINE)
_PEM: Final = "PRIVATE KEY-----"
_STAND_IN: Final = re.compile(r"<redacted:[0-9a-f]{8}:\d{1,12}>\Z")


class Sensitive:
    """Holds a secret that has to be passed on but never shown: printed, formatted or logged it is `<sensitive>`."""

    __slots__ = ("_value",)

    def __init__(self, value: str | bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        """The value itself, for the one place that sends it."""
        return self._value if isinstance(self._value, bytes) else self._value.encode()

    def __repr__(self) -> str:
        return "<sensitive>"

    def __str__(self) -> str:
        return "<sensitive>"

    def __format__(self, format_spec: str) -> str:
        return format("<sensitive>", format_spec)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sensitive) and hmac.compare_digest(self.reveal(), other.reveal())

    def __hash__(self) -> int:
        return hash(self.reveal())

    def __reduce__(self) -> str:
        raise TypeError("a sensitive value is not written anywhere")


class _Mode(Enum):
    """What is done to the leaves below a place."""

    CLEAR = 0  # only what looks like a secret by itself
    HIDE = 1  # every leaf
    HIDE_BASE64 = 2  # every leaf, as what it decodes to
    SECRETS = 3  # the items of a SecretList, which need not say their kind


_SECRET: Final = {"data": _Mode.HIDE_BASE64, "stringData": _Mode.HIDE}


class _Place(NamedTuple):
    """Where the walk is: the field's name, what is done below, and how far the configured paths have come."""

    name: str
    mode: _Mode
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
        return self._walk(value, _Place("", _Mode.CLEAR, self._start), self._patterns)

    def answer(self, value: Any) -> Any:
        """A redacted copy of a whole hook answer or request; configured paths count from each object in it."""
        if not isinstance(value, dict):
            return self.object(value)
        copy: dict[Any, Any] = {}
        modes = _modes(value, _Place("", _Mode.CLEAR, ()))  # an object where a message should be
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
                    mode = modes.get(name, _Mode.CLEAR)
                    place = _Place(str(name), self._configured(mode, states, self._parent_patterns), states)
                    copy[name] = self._walk(part, place, self._parent_patterns)
        return copy

    def text(self, text: str) -> str:
        """Free text without credentials in URLs, Authorization-like values, `password=...` and private keys."""
        if _PEM in text or ("kind" in text and _SECRET_AS_YAML.search(text)):
            return self.stand_in(text)
        if "://" in text and "@" in text:
            text = _URL.sub(lambda match: f"{match[1]}{self.stand_in(match[2])}@", text)
        if ":" in text:
            text = _HEADER.sub(lambda match: f"{match[1]}{match[2]}{self.stand_in(match[3])}", text)
            text = _FIELD.sub(lambda match: f"{match[1]}{self._quoted(match[2])}", text)
        if " " in text:
            text = _SCHEME.sub(lambda match: f"{match[1]}{match[2]}{self.stand_in(match[3])}", text)
        if "-" in text and " " in text:
            text = _FLAG_IN_TEXT.sub(self._after_flag, text)
        if "=" in text:
            text = _ASSIGNMENT.sub(lambda match: f"{match[1]}{self._quoted(match[2])}", text)
        return text

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

    def embedded(self, text: str) -> str:
        """An object as text inside an annotation: read, redacted, written back; replaced whole if it cannot be read."""
        try:
            return json.dumps(self.object(json.loads(text)), separators=(",", ":"), sort_keys=True, ensure_ascii=False)
        except (ValueError, RecursionError):
            return self.stand_in(text)

    def _after_flag(self, match: re.Match[str]) -> str:
        flag, blank, value = match.groups()
        return f"{flag}{blank}{self._quoted(value)}" if secret_flag(flag) else match[0]

    def _quoted(self, text: str) -> str:
        quote = text[0] if text[0] in "\"'" else ""
        return f"{quote}{self.stand_in(text.strip(quote) if quote else text)}{quote}"

    def _walk(self, value: Any, place: _Place, patterns: tuple[Pattern, ...]) -> Any:
        """A redacted copy, level by level without recursion: objects may be nested deeper than the stack."""
        root: list[Any] = [None]
        pending: list[tuple[Any, Any, Any, _Place]] = [(root, 0, value, place)]
        while pending:
            target, key, here, at = pending.pop()
            if isinstance(here, dict):
                target[key] = copy = dict.fromkeys(here)
                modes = _modes(here, at)
                for name, item in here.items():
                    mode = modes.get(name, at.mode)
                    if patterns or isinstance(item, dict | list | tuple):
                        pending.append((copy, name, item, self._below(at, str(name), mode, patterns)))
                    else:
                        copy[name] = self._leaf(str(name), item, mode)
            elif isinstance(here, list | tuple):
                items: list[Any] = [None] * len(here)
                target[key] = items
                hidden = values_of_flags(here) if at.mode is _Mode.CLEAR else ()
                for index, item in enumerate(here):
                    place = self._below_item(at, index, item, patterns)
                    if index in hidden:
                        place = place._replace(mode=_Mode.HIDE)
                    pending.append((items, index, item, place))
            else:
                target[key] = self._leaf(at.name, here, at.mode)
        return root[0]

    def _below(self, at: _Place, name: str, mode: _Mode, patterns: tuple[Pattern, ...]) -> _Place:
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

    def _configured(self, mode: _Mode, states: tuple[States, ...], patterns: tuple[Pattern, ...]) -> _Mode:
        covered = any(p.covered(s) for p, s in zip(patterns, states, strict=True))
        return _Mode.HIDE if covered and mode is _Mode.CLEAR else mode

    def _leaf(self, name: str, value: Any, mode: _Mode) -> Any:
        if value is None:
            return None
        if mode in {_Mode.CLEAR, _Mode.SECRETS}:
            return self._clear_leaf(name, value)
        if not isinstance(value, str):
            return self.stand_in_for_other(value)
        return self.stand_in_for_base64(value) if mode is _Mode.HIDE_BASE64 else self.stand_in(value)

    def _clear_leaf(self, name: str, value: Any) -> Any:
        if isinstance(value, bool):
            return value
        if not isinstance(value, str):
            named = isinstance(value, int | float) and not secret_field(name)
            return value if named else self.stand_in_for_other(value)
        if name in LAST_APPLIED:
            return self.embedded(value)
        if value and secret_field(name):
            return self.stand_in(value)
        return self._json(value) if value.lstrip()[:1] in ("{", "[") else self.text(value)

    def _json(self, text: str) -> str:
        """A text that may be JSON, as of a file in a ConfigMap; it stays where nothing in it is secret."""
        try:
            value = json.loads(text)
            if self.object(value) != value:
                return self.embedded(text)
        except (ValueError, RecursionError):
            return self.stand_in(text) if '"Secret"' in text else self.text(text)
        return self.text(text)


def _plain(value: Any) -> bool:
    """Whether the closer look is not needed: it would find nothing."""
    try:
        return nothing_secret(msgspec.json.encode(value))
    except (RecursionError, TypeError, ValueError, OverflowError):
        return False


def _modes(here: dict[Any, Any], at: _Place) -> dict[str, _Mode]:
    """The fields of this object that are secret because of what the object is."""
    if at.mode is _Mode.SECRETS:
        return dict.fromkeys(here, _Mode.CLEAR) | _SECRET
    if at.mode is not _Mode.CLEAR:
        return {}
    if here.get("kind") == "Secret":
        return _SECRET
    if here.get("kind") == "SecretList":
        return {"items": _Mode.SECRETS}
    name = here.get("name")
    if isinstance(name, str) and "value" in here and secret_name(name):
        return {"value": _Mode.HIDE}
    return {}


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
