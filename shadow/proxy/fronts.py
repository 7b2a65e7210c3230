"""Which controllers call a migration: kind, name, resourceVersion and when, as their requests say."""

from typing import Any

import msgspec

from shadow.protocol.controller import Controller
from shadow.protocol.names import CONTROLLER_KIND
from shadow.report.readiness import FrontFacts
from shadow.report.window import instant
from shadow.store.base import Change
from shadow.terms import Hook

_MOST = 8  # controllers remembered per migration; a name is the caller's to choose
_MOST_TOLD = 200  # lines in the change log, of one migration and process, for the same reason


class Fronts:
    """The controllers seen lately, by migration."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[tuple[str, str], tuple[Controller, float]]] = {}
        self._told: dict[str, int] = {}

    def saw(self, migration: str, controller: Controller, now: float) -> Change | None:
        """A line for the change log if it is new here, or its spec is."""
        seen = self._seen.setdefault(migration, {})
        key = CONTROLLER_KIND[controller.protocol], controller.name
        before = seen.get(key)
        if before is None and len(seen) >= _MOST:
            seen.pop(min(seen, key=lambda other: seen[other][1]))
        seen[key] = controller, now
        if before is not None and before[0].spec_digest == controller.spec_digest:
            return None
        told = self._told.get(migration, 0)
        if told >= _MOST_TOLD:
            return None
        self._told[migration] = told + 1
        return change_of(migration, controller, now)

    def latest(self, migration: str) -> dict[str, Any] | None:
        """`{kind, name, resourceVersion, seen_at}` of the controller that called last."""
        seen = self._seen.get(migration)
        if not seen:
            return None
        (kind, name), (controller, at) = max(seen.items(), key=lambda item: item[1][1])
        return {"kind": kind, "name": name, "resourceVersion": controller.resource_version, "seen_at": instant(at)}

    def controller(self, migration: str) -> Controller | None:
        """The one that called last."""
        seen = self._seen.get(migration)
        return max(seen.values(), key=lambda value: value[1])[0] if seen else None

    def facts(self, migration: str) -> FrontFacts | None:
        """What evidence depends on, of the controller that called last."""
        controller = self.controller(migration)
        return facts_of(controller) if controller is not None else None


def change_of(migration: str, controller: Controller, now: float) -> Change:
    """The line of the change log; it also lets a report be judged when no proxy runs any more."""
    kind, facts = CONTROLLER_KIND[controller.protocol], facts_of(controller)
    details = {"kind": kind, "name": controller.name, "resourceVersion": controller.resource_version}
    details |= msgspec.to_builtins(facts)
    return Change(
        now, migration, "front", f"{kind} {controller.name}", "it called, and had not with this spec", details
    )


def facts_of(controller: Controller) -> FrontFacts:
    """What its object says."""
    return FrontFacts(controller.spec_digest, Hook.FINALIZE in controller.hooks, controller.resync_period_seconds)
