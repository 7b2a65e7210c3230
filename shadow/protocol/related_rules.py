"""The shape of a related rule, and why Metacontroller would not follow one: it then fails the parent's whole sync.

A rule is `{apiVersion, resource, labelSelector, namespaceSelector, namespace, names}`; as for Go, null is nothing, and
an empty string inside a list or a map of strings.
"""

import re
from collections.abc import Iterator, Mapping

import msgspec

from shadow.protocol.wire import UnreadableError, parse_as
from shadow.terms import HookVersion

_PART = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_PREFIX = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
_KEY = re.compile(rf"(?:(?=[^/]{{1,253}}/){_PREFIX}/)?{_PART}")
_VALUE = re.compile(rf"(?:{_PART})?")

_CLUSTER_SCOPED = frozenset({("v1", "namespaces"), ("v1", "nodes"), ("v1", "persistentvolumes")})
"""Whose scope is beyond doubt; any other resource is taken for a namespaced one, as nearly all that are named are."""


class Requirement(msgspec.Struct):
    """One of a selector's `matchExpressions`."""

    key: str | None = None
    operator: str | None = None
    values: list[str | None] | None = None

    def matches(self, labels: Mapping[str, str]) -> bool:
        value, values = labels.get(self.key or ""), [each or "" for each in self.values or ()]
        match self.operator:
            case "In":
                return value in values
            case "NotIn":
                return value not in values  # also where the label is absent
            case "Exists":
                return value is not None
            case "DoesNotExist":
                return value is None
        return False

    def fault(self) -> str | None:
        if self.operator not in ("In", "NotIn", "Exists", "DoesNotExist"):
            return f'"{self.operator or ""}" is not a valid label selector operator'
        if bool(self.values) is not (self.operator in ("In", "NotIn")):
            return f"`{self.operator}` in a label selector {'has' if self.values else 'needs'} values"
        return _label_fault(self.key or "", *(value or "" for value in self.values or ()))


class Selector(msgspec.Struct):
    """A label selector: what all of it matches."""

    matchLabels: dict[str, str | None] | None = None
    matchExpressions: list[Requirement] | None = None

    def matches(self, labels: Mapping[str, str]) -> bool:
        exact = all(labels.get(key) == (value or "") for key, value in (self.matchLabels or {}).items())
        return exact and all(each.matches(labels) for each in self.matchExpressions or ())

    def fault(self) -> str | None:
        faults = [_label_fault(key, value or "") for key, value in (self.matchLabels or {}).items()]
        faults += [each.fault() for each in self.matchExpressions or ()]
        return next(filter(None, faults), None)


class Rule(msgspec.Struct):
    """One of the `relatedResources` of a customize answer."""

    apiVersion: str | None = None
    resource: str | None = None
    labelSelector: Selector | None = None
    namespaceSelector: Selector | None = None
    namespace: str | None = None
    names: list[str | None] | None = None

    @property
    def target(self) -> tuple[str, str]:
        """(apiVersion, plural)"""
        return self.apiVersion or "", self.resource or ""

    @property
    def valid(self) -> bool:
        return next(self.faults(), None) is None

    def faults(self) -> Iterator[str]:
        """What is wrong with it for any parent."""
        if self.names and (self.labelSelector is not None or self.namespaceSelector is not None):
            yield "related rule cannot have both names and labelSelector/namespaceSelector specified"
        if self.namespace and self.namespaceSelector is not None:
            yield "related rule cannot have both namespace and namespaceSelector specified"
        if not all(self.target):
            yield "related rule names no apiVersion and resource"
        for selector in (self.labelSelector, self.namespaceSelector):
            if selector is not None and (fault := selector.fault()) is not None:
                yield f"related rule: {fault}"
        if self.namespaceSelector is not None and self.target in _CLUSTER_SCOPED:
            yield "namespaceSelector is only supported for namespaced related resources"

    def fault_for(self, version: HookVersion, parent_namespace: str) -> str | None:
        """What is wrong with it in v1 for a parent with a namespace: it relates to that namespace only."""
        if version is not HookVersion.V1 or not parent_namespace:
            return None
        if self.namespaceSelector is not None:
            return "namespaceSelector is not supported for namespaced parent in v1 hook version"
        if self.namespace and self.namespace != parent_namespace and self.target not in _CLUSTER_SCOPED:
            differs = f"differs from parent object namespace {parent_namespace}"
            return f"requested related object namespace {self.namespace} {differs}"
        return None


def rule_fault(raw: bytes | msgspec.Raw) -> str | None:
    """Why Metacontroller would follow this rule for no parent, with the reason it would log; None if it would."""
    try:
        return next(parse_as(raw, Rule).faults(), None)
    except UnreadableError as exc:
        return f"json: cannot unmarshal a related rule: {exc}"


def _label_fault(key: str, *values: str) -> str | None:
    if _KEY.fullmatch(key) is None:
        return f"invalid label key {key!r}"
    odd = next((value for value in values if _VALUE.fullmatch(value) is None), None)
    return None if odd is None else f"invalid label value {odd!r} of {key!r}"
