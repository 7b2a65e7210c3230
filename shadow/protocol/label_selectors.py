"""Kubernetes' label selectors: what one matches, and why Kubernetes would not take it, in its own words.

As for Go, null is nothing, and an empty string inside a list or a map of strings.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

_PART = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?"
_NAME = re.compile(_PART)
_VALUE = re.compile(rf"(?:{_PART})?")
_PREFIX = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_LONGEST = 63
_LONGEST_PREFIX = 253

_ENDS = "and must start and end with an alphanumeric character"
_CHARACTERS = f"consist of alphanumeric characters, '-', '_' or '.', {_ENDS}"
_SUBDOMAIN = f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', {_ENDS}"


class Requirement(msgspec.Struct):
    """One of a selector's `matchExpressions`."""

    key: str | None = None
    operator: str | None = None
    values: list[str | None] | None = None

    @property
    def texts(self) -> list[str]:
        return [value or "" for value in self.values or ()]

    def matches(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.key or "")
        match self.operator:
            case "In":
                return value in self.texts
            case "NotIn":
                return value not in self.texts  # also where the label is absent
            case "Exists":
                return value is not None
            case "DoesNotExist":
                return value is None
        return False

    def fault(self) -> str | None:
        if self.operator not in ("In", "NotIn", "Exists", "DoesNotExist"):
            return f'"{self.operator or ""}" is not a valid label selector operator'
        return _aggregated((*_key_faults(self.key or ""), *self._count_faults(), *_value_faults(self.key, self.texts)))

    def _count_faults(self) -> Iterator[str]:
        among = self.operator in ("In", "NotIn")
        if among and not self.values:
            yield "values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty"
        if not among and self.values:
            told = json.dumps(self.texts, separators=(",", ":"), ensure_ascii=False)
            yield f"values: Invalid value: {told}: values set must be empty for exists and does not exist"


class Selector(msgspec.Struct):
    """A label selector: what all of it matches."""

    matchLabels: dict[str, str | None] | None = None
    matchExpressions: list[Requirement | None] | None = None

    @property
    def requirements(self) -> list[Requirement]:
        return [each or Requirement() for each in self.matchExpressions or ()]

    def matches(self, labels: Mapping[str, str]) -> bool:
        exact = all(labels.get(key) == (value or "") for key, value in (self.matchLabels or {}).items())
        return exact and all(each.matches(labels) for each in self.requirements)

    def fault(self) -> str | None:
        """Of several faults the first; of the labels, Kubernetes tells any."""
        for key, value in (self.matchLabels or {}).items():
            if (fault := _aggregated((*_key_faults(key), *_value_faults(key, [value or ""])))) is not None:
                return fault
        return next(filter(None, (each.fault() for each in self.requirements)), None)


def _aggregated(faults: Sequence[str]) -> str | None:
    """As Kubernetes tells several at once."""
    return f"[{', '.join(faults)}]" if len(faults) > 1 else next(iter(faults), None)


def _key_faults(key: str) -> Iterator[str]:
    told = "; ".join(_name_faults(key))
    if told:
        yield f'key: Invalid value: "{key}": {told}'


def _name_faults(key: str) -> Iterator[str]:
    """Without the examples that Kubernetes adds."""
    prefix, slash, name = key.rpartition("/")
    if "/" in prefix:
        yield f"a valid label key must {_CHARACTERS} with an optional DNS subdomain prefix and '/'"
        return
    if slash and not prefix:
        yield "prefix part must be non-empty"
    if len(prefix) > _LONGEST_PREFIX:
        yield f"prefix part must be no more than {_LONGEST_PREFIX} bytes"
    if prefix and _PREFIX.fullmatch(prefix) is None:
        yield f"prefix part {_SUBDOMAIN}"
    if not name:
        yield "name part must be non-empty"
    if len(name) > _LONGEST:
        yield f"name part must be no more than {_LONGEST} bytes"
    if _NAME.fullmatch(name) is None:
        yield f"name part must {_CHARACTERS}"


def _value_faults(key: str | None, values: Sequence[str]) -> Iterator[str]:
    for number, value in enumerate(values):
        faults = [f"must be no more than {_LONGEST} bytes"] if len(value) > _LONGEST else []
        if _VALUE.fullmatch(value) is None:
            faults.append(f"a valid label must be an empty string or {_CHARACTERS}")
        if faults:
            yield f'values[{number}][{key or ""}]: Invalid value: "{value}": {"; ".join(faults)}'
