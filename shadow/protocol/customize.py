"""Related objects while two implementations are asked: one union of rules for the front, its own share for each.

Metacontroller keeps a customize answer for 20 minutes, and a parent may change its primary within them; so the front
is told the rules of both. A rule is `{apiVersion, resource, labelSelector, namespaceSelector, namespace, names}`.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from shadow.protocol.keys import Groups, split_group_key
from shadow.protocol.names import RELATED_RULES_KEY
from shadow.protocol.related_rules import Rule
from shadow.protocol.resources import Resource, likeness, match_certainly, match_resources
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
    """One implementation's rules for a parent, as JSON texts, and the version of its customize hook.

    `beside`: the other one's, which Metacontroller was told as well: some of the related objects are theirs.
    """

    rules: tuple[bytes, ...]
    version: HookVersion = HookVersion.V1
    beside: tuple[bytes, ...] = ()


def read_rules(body: bytes) -> tuple[bytes, ...]:
    """The rules of a customize answer that was not refused; none for a null or missing list.

    Raises:
        UnreadableError: it is no customize answer.
    """
    raw = split_object(body).get(RELATED_RULES_KEY)
    return () if raw is None or is_null(raw) else tuple(map(bytes, split_array(raw)))


def rules_fault(body: bytes, front_version: HookVersion, parent_namespace: str) -> str | None:
    """Why Metacontroller would fail the sync of this very parent for the rules of a readable customize answer.

    Raises:
        UnreadableError: it is no customize answer.
    """
    faults = (parse_as(rule, Rule).fault_for(front_version, parent_namespace) for rule in read_rules(body))
    return next(filter(None, faults), None)


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


def inseparable(own: Iterable[bytes], other: Iterable[bytes]) -> bool:
    """Whether the union would show one of the two objects that it did not ask for, and nobody could tell which.

    So it is where a rule with a `namespaceSelector` meets another rule of the other one for the same kind: a request
    does not hold the labels of namespaces.

    Raises:
        UnreadableError: a rule cannot be read.
    """
    own, other = tuple(own), tuple(other)
    return _blurred(own, other) or _blurred(other, own)


def _blurred(own: tuple[bytes, ...], other: tuple[bytes, ...]) -> bool:
    return len(_distinct(own, other)) < len(own)


def _distinct(own: tuple[bytes, ...], other: tuple[bytes, ...]) -> list[Rule]:
    """One's own rules, but for those with a `namespaceSelector` for a kind of which the other one asked for others."""
    known = set(map(_meaning, own))
    added = set(_targets(raw for raw in other if _meaning(raw) not in known))
    return [rule for rule in _parsed(own) if rule.namespaceSelector is None or rule.target not in added]


class _Metadata(msgspec.Struct):
    name: str = ""
    namespace: str | None = None
    labels: dict[str, str] | None = None


class _Object(msgspec.Struct):
    metadata: _Metadata


def select_related(related: Groups, own: RelatedRules, parent_namespace: str) -> Groups:
    """Of the related objects those that an implementation's own rules select; groups it has no rule for are left out.

    A `namespaceSelector` cannot be decided. So it selects all where nobody else asked for that kind, and else nothing:
    that is so only while Metacontroller works with an answer without it.

    Raises:
        UnreadableError: a rule or an object cannot be read.
    """
    rules = _distinct(own.rules, own.beside)
    mine, matched = _targets(own.rules), _matched(_targets((*own.rules, *own.beside)), related)
    within = parent_namespace if own.version is HookVersion.V1 else ""
    return {
        key: _select(objects, [rule for rule in rules if rule.target == matched[key]], within)
        for key, objects in related.items()
        if matched.get(key) in mine
    }


def _matched(told: Iterable[Resource], group_keys: Iterable[str]) -> dict[str, Resource]:
    """What is certain, and for the rest the best guess, though none between words that begin differently."""
    matched = match_certainly(told, group_keys)
    free = [each for each in told if each not in matched.values()]
    guessed = match_resources(free, [key for key in group_keys if key not in matched])
    return matched | {key: each for key, each in guessed.items() if likeness(split_group_key(key)[1], each[1]) > 0}


def is_certain(group_keys: Iterable[str], own: RelatedRules) -> bool:
    """Whether no related objects of a kind that nobody can name might be those of one of its own rules.

    Raises:
        UnreadableError: a rule cannot be read.
    """
    keys, told = tuple(group_keys), _targets((*own.rules, *own.beside))
    matched = match_certainly(told, keys)
    doubtful = {split_group_key(key)[0] for key in keys if key not in matched}
    return not any(each[0] in doubtful and each not in matched.values() for each in _targets(own.rules))


def _parsed(rules: Iterable[bytes]) -> list[Rule]:
    return [parse_as(rule, Rule) for rule in rules]


def _targets(rules: Iterable[bytes]) -> tuple[Resource, ...]:
    return tuple(dict.fromkeys(rule.target for rule in _parsed(rules)))


def _select(objects: Fields, rules: Sequence[Rule], within: str) -> Fields:
    """`within`: the only namespace that v1 shows to a namespaced parent, else empty."""
    return {key: raw for key, raw in objects.items() if _is_selected(parse_as(raw, _Object).metadata, rules, within)}


def _is_selected(metadata: _Metadata, rules: Sequence[Rule], within: str) -> bool:
    if within and metadata.namespace and metadata.namespace != within:
        return False
    return any(_selects(rule, metadata) for rule in rules if rule.valid)


def _selects(rule: Rule, metadata: _Metadata) -> bool:
    if rule.namespace and metadata.namespace and metadata.namespace != rule.namespace:
        return False
    if rule.names and metadata.name not in rule.names:
        return False
    return rule.labelSelector is None or rule.labelSelector.matches(metadata.labels or {})
