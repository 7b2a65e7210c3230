"""The shape of a related rule, and why Metacontroller would not follow one: it then fails the parent's whole sync.

A rule is `{apiVersion, resource, labelSelector, namespaceSelector, namespace, names}`; as for Go, null is nothing, and
an empty string inside a list or a map of strings.
"""

from collections.abc import Iterable, Iterator

import msgspec

from shadow.protocol.go_types import STRING, GoType, type_fault
from shadow.protocol.label_selectors import Selector
from shadow.protocol.names import RELATED_RULES_KEY
from shadow.protocol.wire import REFUSED, parse_as
from shadow.terms import HookVersion

_CLUSTER_SCOPED = frozenset(
    {("v1", resource) for resource in ("namespaces", "nodes", "persistentvolumes")}
    | {("rbac.authorization.k8s.io/v1", resource) for resource in ("clusterroles", "clusterrolebindings")}
    | {("apiextensions.k8s.io/v1", "customresourcedefinitions"), ("storage.k8s.io/v1", "storageclasses")}
)
"""Whose scope is beyond doubt; any other resource is taken for a namespaced one, as nearly all that are named are."""


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
        if not all(self.target):
            yield f"discovery: can't find resource {self.resource or ''} in apiVersion {self.apiVersion or ''}"
        if self.names and (self.labelSelector is not None or self.namespaceSelector is not None):
            yield "related rule cannot have both names and labelSelector/namespaceSelector specified"
        if self.namespace and self.namespaceSelector is not None:
            yield "related rule cannot have both namespace and namespaceSelector specified"
        if self.namespaceSelector is not None and self.target in _CLUSTER_SCOPED:
            yield "namespaceSelector is only supported for namespaced related resources"
        for selector in (self.namespaceSelector, self.labelSelector):
            if selector is not None and (fault := selector.fault()) is not None:
                yield fault

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


_STRINGS = GoType("array", "[]string", STRING)
_OPERATOR = GoType("string", "v1.LabelSelectorOperator")
_REQUIREMENT = GoType(
    "object", "v1.LabelSelectorRequirement", fields={"key": STRING, "operator": _OPERATOR, "values": _STRINGS}
)
_SELECTOR = GoType(
    "object",
    "v1.LabelSelector",
    fields={
        "matchLabels": GoType("object", "map[string]string", STRING),
        "matchExpressions": GoType("array", "[]v1.LabelSelectorRequirement", _REQUIREMENT),
    },
)
RULE_TYPE = GoType(
    "object",
    "v1alpha1.RelatedResourceRule",
    fields={
        "apiVersion": STRING,
        "resource": STRING,
        "labelSelector": _SELECTOR,
        "namespaceSelector": _SELECTOR,
        "namespace": STRING,
        "names": _STRINGS,
    },
    embedded={"apiVersion": "ResourceRule", "resource": "ResourceRule"},
)


RULES_TYPE = GoType("array", "[]*v1alpha1.RelatedResourceRule", RULE_TYPE)

_RULES = msgspec.json.Decoder(list[Rule | None] | None)


def decoding_fault(listed: msgspec.Raw) -> str | None:
    """Why Metacontroller could not decode what `relatedResources` holds; None if it could."""
    try:
        _RULES.decode(listed)
    except REFUSED:
        return type_fault(listed, RULES_TYPE, "CustomizeHookResponse", RELATED_RULES_KEY)
    return None


def following_fault(rules: Iterable[msgspec.Raw]) -> str | None:
    """Why Metacontroller would follow one of these rules, which it can decode, for no parent; None if it would.

    Raises:
        UnreadableError: a rule cannot be read.
    """
    return next((fault for raw in rules for fault in parse_as(raw, Rule).faults()), None)
