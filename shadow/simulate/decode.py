"""How Metacontroller reads a hook's answer: Go's JSON, loose or strict. What does not decode applies nothing."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from shadow.protocol.names import ANSWER_FIELDS, OBSERVED_KEY, RELATED_RULES_KEY
from shadow.protocol.objects import Json, parsable
from shadow.simulate.errors import CrashError, HookError
from shadow.terms import Protocol

_HALF_PAIR = re.compile("[\ud800-\udfff]")
_INT64 = range(-(2**63), 2**63)
_STRUCTS = {Protocol.COMPOSITE: "CompositeHookResponse", Protocol.DECORATOR: "DecoratorHookResponse"}
_CUSTOMIZE = "CustomizeHookResponse"
_STRING_MAPS = {Protocol.COMPOSITE: (), Protocol.DECORATOR: ("labels", "annotations")}


@dataclass(frozen=True, slots=True)
class Answer:
    """A decoded answer of a sync or finalize hook. `status` None is null or absent, the list is empty for both."""

    desired: tuple[Json, ...] = ()
    status: Json | None = None
    labels: dict[str, str | None] = field(default_factory=dict)
    annotations: dict[str, str | None] = field(default_factory=dict)
    resync_after_seconds: float = 0.0
    finalized: bool = False


class _Members(dict[str, Any]):
    """A JSON object that remembers every member as it came, repeated keys included."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs

    @property
    def repeated(self) -> str | None:
        counts = Counter(key for key, _ in self.pairs)
        return next((key for key, count in counts.items() if count > 1), None)


def decode(body: bytes, protocol: Protocol, *, strict: bool) -> Answer:
    """The answer in a 200's body.

    Strict mode refuses unknown and repeated members of the top level, of status, labels and annotations; never those
    inside items of the list.

    Raises:
        HookError: what Go's decoder refuses.
        CrashError: a null item in the list.
    """
    struct, list_key = _STRUCTS[protocol], OBSERVED_KEY[protocol]
    top = _top(body, struct)
    strings = {name: _string_map(f"{struct}.{name}", _merged(top, name)) for name in _STRING_MAPS[protocol]}
    answer = Answer(
        desired=_items(f"{struct}.{list_key}", top.get(list_key)),
        status=_status(f"{struct}.status", _merged(top, "status")),
        labels=strings.get("labels", {}),
        annotations=strings.get("annotations", {}),
        resync_after_seconds=_number(f"{struct}.resyncAfterSeconds", top.get("resyncAfterSeconds")),
        finalized=_flag(f"{struct}.finalized", top.get("finalized")),
    )
    if strict:
        _check_strictly(top, ANSWER_FIELDS[protocol])
    return answer


def decode_rules(body: bytes, *, strict: bool) -> tuple[Json, ...]:
    """The `relatedResources` of a customize answer. Raises HookError."""
    top = _top(body, _CUSTOMIZE)
    if strict:
        _check_strictly(top, (RELATED_RULES_KEY,))
    rules = top.get(RELATED_RULES_KEY)
    if rules is None:
        return ()
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise _wrong_type(f"{_CUSTOMIZE}.{RELATED_RULES_KEY}", rules, "[]*v1alpha1.RelatedResourceRule")
    return tuple(_plain(rule) for rule in rules)


def _top(body: bytes, struct: str) -> _Members:
    try:
        text = body.decode("utf-8", errors="replace")
        parsed = json.loads(text, object_pairs_hook=_Members, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as exc:
        raise HookError(f"can't unmarshal response: {exc}") from exc
    if parsed is None:
        return _Members([])
    if not isinstance(parsed, _Members):
        raise HookError(
            f"can't unmarshal response: json: cannot unmarshal {_go(parsed)} into Go value of type v1.{struct}"
        )
    return parsed


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"invalid character {name[0]!r} looking for beginning of value")


def _check_strictly(top: _Members, known: Iterable[str]) -> None:
    unknown = next((key for key in top if key not in known), None)
    if unknown is not None:
        raise HookError(f'strict validation failed: unknown field "{unknown}"')
    if top.repeated:
        raise HookError(f'strict validation failed: duplicate field "{top.repeated}"')
    for name in ("status", "labels", "annotations"):
        repeated = _repeated_within(top.get(name), name)
        if repeated:
            raise HookError(f'strict validation failed: duplicate field "{repeated}"')


def _repeated_within(value: Any, path: str) -> str | None:
    """The path of a repeated key, `status.a[0].b`."""
    if isinstance(value, _Members):
        if value.repeated:
            return f"{path}.{value.repeated}"
        inner = ((item, f"{path}.{key}") for key, item in value.items())
    elif isinstance(value, list):
        inner = ((item, f"{path}[{number}]") for number, item in enumerate(value))
    else:
        return None
    return next(filter(None, (_repeated_within(item, here) for item, here in inner)), None)


def _merged(top: _Members, name: str) -> Any:
    """The value of a map member. Go decodes a repeated one into the same map: its keys come together."""
    values = [value for key, value in top.pairs if key == name]
    if not values or values[-1] is None or not all(isinstance(value, dict) for value in values if value is not None):
        return values[-1] if values else None
    after_null = len(values) - next((i for i, value in enumerate(reversed(values)) if value is None), len(values))
    return {key: value for part in values[after_null:] for key, value in part.items()}


def _status(name: str, value: Any) -> Json | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise _wrong_type(name, value, "map[string]interface {}")
    status: Json = _plain(value)
    return status


def _string_map(name: str, value: Any) -> dict[str, str | None]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong_type(name, value, "map[string]*string")
    wrong = next((item for item in value.values() if item is not None and not isinstance(item, str)), None)
    if wrong is not None:
        raise _wrong_type(name, wrong, "string")
    return {_plain(key): _plain(item) for key, item in value.items()}


def _items(name: str, value: Any) -> tuple[Json, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise _wrong_type(name, value, "[]*unstructured.Unstructured")
    for item in value:
        if item is not None and not isinstance(item, dict):
            raise _wrong_type(name, item, "map[string]interface {}")
        if item is not None and not _has_kind(item):
            raise HookError(f"can't unmarshal response: Object 'Kind' is missing in '{str(item)[:80]}'")
    if None in value:
        raise CrashError("invalid memory address or nil pointer dereference: null item in the list")
    return tuple(_plain(item) for item in value)


def _has_kind(item: Json) -> bool:
    """Go finds no kind beside an apiVersion that it cannot parse; one that is no text counts as none."""
    version = item.get("apiVersion")
    named = isinstance(item.get("kind"), str) and bool(item["kind"])
    return named and (not isinstance(version, str) or parsable(version))


def _number(name: str, value: Any) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong_type(name, value, "float64")
    return float(value)


def _flag(name: str, value: Any) -> bool:
    if value is not None and not isinstance(value, bool):
        raise _wrong_type(name, value, "bool")
    return bool(value)


def _wrong_type(name: str, value: Any, wanted: str) -> HookError:
    told = f"json: cannot unmarshal {_go(value)} into Go struct field {name} of type {wanted}"
    return HookError(f"can't unmarshal response: {told}")


def _go(value: Any) -> str:
    """What Go's decoder calls a value of that type."""
    names: dict[type, str] = {bool: "bool", int: "number", float: "number", str: "string", list: "array"}
    return names.get(type(value), "object")


def _plain(value: Any) -> Any:
    """Ordinary dicts; an integer that Go's int64 does not hold is a float there, half a surrogate pair is U+FFFD."""
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return _HALF_PAIR.sub("\ufffd", value)
    if isinstance(value, int) and not isinstance(value, bool) and value not in _INT64:
        return float(value)
    return value
