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
from shadow.simulate.objects import labels_of, name_of, namespace_of, selects, uid_of
from shadow.simulate.observed import Groups
from shadow.simulate.values import at
from shadow.simulate.webhook import WebhookClient
from shadow.terms import Hook, HookVersion

KEPT_FOR = timedelta(minutes=20)


@dataclass(slots=True)
class Customize:
    """Asks customize hooks and remembers their rules by controller, parent uid and generation."""

    webhooks: WebhookClient
    now: Callable[[], datetime]
    _rules: dict[tuple[str, str, int], tuple[datetime, tuple[Json, ...]]] = field(default_factory=dict)

    async def related(self, api: Client, controller: Controller, parent: Json, parent_kind: Kind) -> Groups:
        """The related objects by group key; nothing without a customize hook. Raises HookError, SyncError."""
        rules = await self._rules_for(controller, parent)
        groups: Groups = {}
        for rule in rules:
            kind, found = _selected(api, controller, rule, parent, parent_kind)
            groups.setdefault(f"{kind.kind}.{rule['apiVersion']}", []).extend(found)
        return groups

    async def _rules_for(self, controller: Controller, parent: Json) -> tuple[Json, ...]:
        webhook = controller.hooks.get(Hook.CUSTOMIZE)
        if webhook is None:
            return ()
        key = (controller.name, uid_of(parent), at(parent, "metadata", "generation") or 0)
        kept = self._rules.get(key)
        if kept and self.now() - kept[0] < KEPT_FOR:
            return kept[1]
        request = {"controller": controller.body, "parent": parent}
        body = await self.webhooks.call(webhook, request, f"customize/{uid_of(parent)}")
        rules = decode_rules(body, strict=webhook.strict)
        self._rules[key] = (self.now(), rules)
        return rules


def _selected(
    api: Client, controller: Controller, rule: Json, parent: Json, parent_kind: Kind
) -> tuple[Kind, list[Json]]:
    """The kind of a rule and the objects it selects. Raises SyncError for a rule that cannot be followed."""
    try:
        kind = api.kinds.of_resource(rule.get("apiVersion", ""), rule.get("resource", ""))
    except ApiError as exc:
        raise SyncError(f"can't follow related rule: {exc}") from exc
    by_name = bool(rule.get("names") or rule.get("namespace"))
    if by_name and rule.get("labelSelector"):
        raise SyncError("related rule: labelSelector excludes namespace and names")
    everything = api.list_all(rule["apiVersion"], kind.kind)
    if by_name:
        return kind, [body for body in everything if _named_by(rule, body, parent, parent_kind)]
    only = namespace_of(parent) if _own_namespace_only(controller, kind, parent_kind) else ""
    return kind, [
        body
        for body in everything
        if selects(rule.get("labelSelector"), labels_of(body)) and only in ("", namespace_of(body))
    ]


def _own_namespace_only(controller: Controller, kind: Kind, parent_kind: Kind) -> bool:
    """v1 under a namespaced parent selects from its namespace only, v2 from all."""
    version = controller.hooks[Hook.CUSTOMIZE].version
    return kind.namespaced and parent_kind.namespaced and version is HookVersion.V1


def _named_by(rule: Json, body: Json, parent: Json, parent_kind: Kind) -> bool:
    wanted = rule.get("namespace") or ""
    if wanted and parent_kind.namespaced and wanted != namespace_of(parent):
        raise SyncError(f"related namespace {wanted} differs from the parent's {namespace_of(parent)}")
    names = rule.get("names") or []
    return wanted in ("", namespace_of(body)) and (not names or name_of(body) in names)
