"""The customize hook: which other objects a hook wants to see, asked anew after 20 minutes or another generation."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shadow.protocol.objects import Json
from shadow.simulate.client import Client
from shadow.simulate.controller import Controller
from shadow.simulate.decode import decode_rules
from shadow.simulate.errors import ApiError, SyncError
from shadow.simulate.kinds import Kind
from shadow.simulate.objects import labels_of, name_of, namespace_of, selects, uid_of, without_member
from shadow.simulate.observed import Groups
from shadow.simulate.release import Release
from shadow.simulate.values import at
from shadow.simulate.webhook import WebhookClient
from shadow.terms import Hook, HookVersion

KEPT_FOR = timedelta(minutes=20)


@dataclass(slots=True)
class Customize:
    """Asks customize hooks and remembers their rules by controller, parent uid and generation."""

    webhooks: WebhookClient
    now: Callable[[], datetime]
    release: Release = field(default_factory=Release)
    _rules: dict[tuple[str, str, int], tuple[datetime, tuple[Json, ...]]] = field(default_factory=dict)

    async def related(self, api: Client, controller: Controller, parent: Json, parent_kind: Kind) -> Groups:
        """The related objects by group key; nothing without a customize hook. Raises HookError, SyncError."""
        rules = await self._rules_for(controller, parent)
        groups: Groups = {}
        for rule in map(self._as_known, rules):
            kind, found = _selected(api, controller, rule, parent, parent_kind)
            groups.setdefault(f"{kind.kind}.{rule['apiVersion']}", []).extend(found)
        return groups

    async def _rules_for(self, controller: Controller, parent: Json) -> tuple[Json, ...]:
        webhook = controller.hooks.get(Hook.CUSTOMIZE)
        if webhook is None:
            return ()
        key = (controller.reference, uid_of(parent), at(parent, "metadata", "generation") or 0)
        kept = self._rules.get(key)
        if kept and self.now() - kept[0] < KEPT_FOR:
            return kept[1]
        request = {"controller": controller.body, "parent": parent}
        body = await self.webhooks.call(webhook, request, f"customize/{uid_of(parent)}")
        rules = decode_rules(body, strict=webhook.strict)
        self._rules[key] = (self.now(), rules)
        return rules

    def _as_known(self, rule: Json) -> Json:
        """The rule as this release reads it. Raises SyncError."""
        if self.release.knows_namespace_selectors:
            return rule
        if rule.get("labelSelector") is not None and rule.get("namespace"):
            raise SyncError("related rule cannot have both labelSelector and Namespace/Names specified")
        return without_member(rule, "namespaceSelector")


def _selected(
    api: Client, controller: Controller, rule: Json, parent: Json, parent_kind: Kind
) -> tuple[Kind, list[Json]]:
    """The kind of a rule and the objects it selects. Raises SyncError for a rule that cannot be followed."""
    try:
        kind = api.kinds.of_resource(rule.get("apiVersion", ""), rule.get("resource", ""))
    except ApiError as exc:
        raise SyncError(f"can't follow related rule: {exc}") from exc
    version = controller.hooks[Hook.CUSTOMIZE].version
    own = namespace_of(parent) if version is HookVersion.V1 and parent_kind.namespaced and kind.namespaced else ""
    _check(rule, kind, own)
    within = _namespaces(api, rule, own)
    found = [body for body in api.list_all(rule["apiVersion"], kind.kind) if _is_selected(rule, body, within)]
    return kind, found


def _check(rule: Json, kind: Kind, own: str) -> None:
    """Raises SyncError for what excludes each other, and for what is beyond v1 under a namespaced parent (`own`)."""
    elsewhere, namespace = rule.get("namespaceSelector") is not None, rule.get("namespace") or ""
    if rule.get("names") and (elsewhere or rule.get("labelSelector") is not None):
        raise SyncError("related rule cannot have both names and labelSelector/namespaceSelector specified")
    if namespace and elsewhere:
        raise SyncError("related rule cannot have both namespace and namespaceSelector specified")
    if elsewhere and own:
        raise SyncError("namespaceSelector is not supported for namespaced parent in v1 hook version")
    if elsewhere and not kind.namespaced:
        raise SyncError("namespaceSelector is only supported for namespaced related resources")
    if namespace and own and namespace != own:
        raise SyncError(f"requested related object namespace {namespace} differs from parent object namespace {own}")


def _namespaces(api: Client, rule: Json, own: str) -> frozenset[str] | None:
    """Where a rule looks; None: everywhere. A cluster-scoped object is in no namespace, and found all the same."""
    if rule.get("namespaceSelector") is not None:
        named = api.list_all("v1", "Namespace")
        return frozenset(name_of(each) for each in named if selects(rule["namespaceSelector"], labels_of(each)))
    only = rule.get("namespace") or own
    return frozenset((only, "")) if only else None


def _is_selected(rule: Json, body: Json, within: frozenset[str] | None) -> bool:
    if within is not None and namespace_of(body) not in within:
        return False
    names = rule.get("names") or []
    return (not names or name_of(body) in names) and selects(rule.get("labelSelector"), labels_of(body))
