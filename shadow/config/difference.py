"""What changed between two configurations, field by field, for the change log. Nothing in a configuration is secret."""

from collections.abc import Iterator, Mapping
from typing import Any

from shadow.config.model import Configuration

_MOST = 200  # a change log is for reading


def differences(before: Configuration, after: Configuration) -> list[dict[str, Any]]:
    """`[{"path": "migrations.kfp.stage", "from": "shadow", "to": "canary"}]`; null where it was left out."""
    found = []
    for path, one, other in _walk("", _written(before), _written(after)):
        found.append({"path": path, "from": one, "to": other})
        if len(found) == _MOST:
            break
    return found


def _written(configuration: Configuration) -> Mapping[str, Any]:
    written: Mapping[str, Any] = configuration.model_dump(mode="json", exclude_defaults=True)
    return written


def _walk(path: str, one: Any, other: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted({*one, *other}):
            yield from _walk(f"{path}.{key}".lstrip("."), one.get(key), other.get(key))
    elif one != other:
        yield path, one, other
