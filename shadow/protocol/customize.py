"""Related objects while two implementations are asked: one union of rules for the front, its own share for each.

Metacontroller keeps a customize answer for 20 minutes, and a parent may change its primary within them; so the front
is told the rules of both. A rule is `{apiVersion, resource, labelSelector, namespaceSelector, namespace, names}`.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from shadow.protocol.keys import Groups
from shadow.protocol.names import RELATED_RULES_KEY
from shadow.protocol.resources import match_resources
from shadow.protocol.wire import (
    Fields,
    is_null,
    join_array,
    join_object,
    parse,
    parse_as,
    split_array,
    split_object,
)
from shadow.terms import HookVersion

NO_RULES = b'{"relatedResources":[]}'
"""The customize answer of an implementation that has no customize hook."""


@dataclass(frozen=True, slots=True)
class RelatedRules:
    """One implementation's rules for a parent, as JSON texts, and the version of its customize hook."""

    rules: tuple[bytes, ...]
    version: HookVersion = HookVersion.V1


def read_rules(body: bytes) -> tuple[bytes, ...]:
    """The rules of a customize answer that was not refused; none for a null or missing list.

    Raises:
        UnreadableError: it is no customize answer.
    """
    raw = split_object(body).get(RELATED_RULES_KEY)
    return () if raw is None or is_null(raw) else tuple(map(bytes, split_array(raw)))


def union_rules(*rules: Iterable[bytes]) -> bytes:
    """The customize answer with the rules of all, each once, in their order."""
    union: dict[str, bytes] = {}
    for each in rules:
        for rule in each:
            union.setdefault(_meaning(rule), rule)
    return bytes(join_object({RELATED_RULES_KEY: join_array([msgspec.Raw(rule) for rule in union.values()])}))


def adds_nothing(own: Iterable[bytes], other: Iterable[bytes]) -> bool:
    """Whether every rule of the other is among one's own."""
    return {_meaning(rule) for rule in own} >= {_meaning(rule) for rule in other}


def _meaning(rule: bytes) -> str:
    return json.dumps(parse(rule), sort_keys=True)


class _Requirement(msgspec.Struct):
    key: str = ""
    operator: str = ""
    values: list[str] | None = None

    def matches(self, labels: dict[str, str]) -> bool:
        value, values = labels.get(self.key), self.values or []
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


class _Selector(msgspec.Struct):
    matchLabels: dict[str, str] | None = None
    matchExpressions: list[_Requirement] | None = None

    def matches(self, labels: dict[str, str]) -> bool:
        wanted = (self.matchLabels or {}).items()
        return wanted <= labels.items() and all(each.matches(labels) for each in self.matchExpressions or ())


class _Rule(msgspec.Struct):
    apiVersion: str = ""
    resource: str = ""
    labelSelector: _Selector | None = None
    namespaceSelector: _Selector | None = None
    namespace: str | None = None
    names: list[str] | None = None

    @property
    def valid(self) -> bool:
        """Metacontroller fails the whole sync for a rule that is not."""
        by_selector = self.labelSelector is not None or self.namespaceSelector is not None
        return not (self.names and by_selector) and not (self.namespace and self.namespaceSelector is not None)


class _Metadata(msgspec.Struct):
    name: str = ""
    namespace: str | None = None
    labels: dict[str, str] | None = None


class _Object(msgspec.Struct):
    metadata: _Metadata


def select_related(related: Groups, own: RelatedRules, parent_namespace: str) -> Groups:
    """Of the related objects those that an implementation's own rules select; groups it has no rule for are left out.

    A `namespaceSelector` cannot be decided, since a request does not hold the namespaces' labels: it selects all.

    Raises:
        UnreadableError: a rule or an object cannot be read.
    """
    rules = [parse_as(rule, _Rule) for rule in own.rules]
    resources = dict.fromkeys((rule.apiVersion, rule.resource) for rule in rules)
    matched = match_resources(resources, related)
    within = parent_namespace if own.version is HookVersion.V1 else ""
    return {
        key: _select(objects, [rule for rule in rules if (rule.apiVersion, rule.resource) == matched[key]], within)
        for key, objects in related.items()
        if key in matched
    }


def _select(objects: Fields, rules: Sequence[_Rule], within: str) -> Fields:
    """`within`: the only namespace that v1 shows to a namespaced parent, else empty."""
    return {key: raw for key, raw in objects.items() if _is_selected(parse_as(raw, _Object).metadata, rules, within)}


def _is_selected(metadata: _Metadata, rules: Sequence[_Rule], within: str) -> bool:
    if within and metadata.namespace and metadata.namespace != within:
        return False
    return any(_selects(rule, metadata) for rule in rules if rule.valid)


def _selects(rule: _Rule, metadata: _Metadata) -> bool:
    if rule.namespace and metadata.namespace and metadata.namespace != rule.namespace:
        return False
    if rule.names and metadata.name not in rule.names:
        return False
    return rule.labelSelector is None or rule.labelSelector.matches(metadata.labels or {})
