"""What changed between two configurations, field by field, for the change log. Nothing in a valid one is secret."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from shadow.config.document import read
from shadow.config.model import Configuration
from shadow.errors import ConfigurationError

_MOST = 200  # a change log is for reading


def differences(before: Configuration, after: Configuration) -> list[dict[str, Any]]:
    """`[{"path": "migrations.kfp.stage", "from": "shadow", "to": "canary"}]`; null where it was left out."""
    return _told(_written(before), _written(after))


def differences_as_written(before: str, after: str, redact: Callable[[Any], Any]) -> list[dict[str, Any]]:
    """The same of two texts, of which the second need not be valid: nothing if it cannot even be parsed.

    Args:
        redact: what is refused may hold anything.
    """
    try:
        documents = [redact(read(text, "").value) for text in (before, after)]
    except ConfigurationError:
        return []
    return _told(*documents)


def _told(before: Any, after: Any) -> list[dict[str, Any]]:
    found = islice(_walk("", before, after), _MOST)
    return [{"path": path, "from": one, "to": other} for path, one, other in found]


def _written(configuration: Configuration) -> Mapping[str, Any]:
    written: Mapping[str, Any] = configuration.model_dump(mode="json", exclude_defaults=True)
    return written


def _walk(path: str, one: Any, other: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted({*one, *other}):
            yield from _walk(f"{path}.{key}".lstrip("."), one.get(key), other.get(key))
    elif one != other:
        yield path, one, other
