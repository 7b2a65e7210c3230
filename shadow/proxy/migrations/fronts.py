"""Which controllers call a migration: kind, name, resourceVersion and when, as their requests say."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from shadow.protocol.controller import Controller
from shadow.protocol.label_selectors import Selector
from shadow.protocol.names import CONTROLLER_KIND
from shadow.protocol.objects import Json
from shadow.report.readiness import FrontFacts
from shadow.report.window import instant
from shadow.store.base import Change
from shadow.terms import Hook

_MOST = 8  # controllers remembered per migration; a name is the caller's to choose
_RESYNC_SECONDS = 1800.0  # Metacontroller's own cache comes round so often where a controller names no period
_SLACK_SECONDS = 30.0  # a sync has a queue before it
_MOST_TOLD = 200  # lines in the change log, of one migration and process, for the same reason


Seen = tuple[Controller, float]
"""And when it called last, in unix seconds."""


class Fronts:
    """The controllers seen lately, by migration."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[tuple[str, str], Seen]] = {}
        self._told: dict[str, int] = {}

    def saw(self, migration: str, controller: Controller, now: float) -> Change | None:
        """A line for the change log if it is new here, or its spec is."""
        before = self._put(migration, controller, now)
        if before is not None and before[0].spec_digest == controller.spec_digest:
            return None
        told = self._told.get(migration, 0)
        if told >= _MOST_TOLD:
            return None
        self._told[migration] = told + 1
        return change_of(migration, controller, now)

    def _put(self, migration: str, controller: Controller, at: float) -> Seen | None:
        """Returns what was known of it before."""
        seen = self._seen.setdefault(migration, {})
        key = CONTROLLER_KIND[controller.protocol], controller.name
        before = seen.get(key)
        if before is None and len(seen) >= _MOST:
            seen.pop(min(seen, key=lambda other: seen[other][1]))
        seen[key] = controller, at
        return before

    def told(self) -> Mapping[str, tuple[Seen, ...]]:
        """All of them, for other replicas."""
        return {migration: tuple(seen.values()) for migration, seen in self._seen.items()}

    def learn(self, told: Mapping[str, Iterable[Seen]]) -> None:
        """Take over those that called another replica later than this one."""
        for migration, seen in told.items():
            known = self._seen.get(migration, {})
            for controller, at in seen:
                mine = known.get((CONTROLLER_KIND[controller.protocol], controller.name))
                if mine is None or mine[1] < at:
                    self._put(migration, controller, at)

    def latest(self, migration: str) -> dict[str, Any] | None:
        """`{kind, name, resourceVersion, seen_at}` of the controller that called last."""
        seen = self._latest_first(migration)
        return _shown(*seen[0]) if seen else None

    def calling(self, migration: str, now: float) -> list[dict[str, Any]]:
        """Those that called within their resync period, the latest first. Two at once undo each other's work."""
        return [
            _shown(controller, at) for controller, at in self._latest_first(migration) if _calls(controller, now - at)
        ]

    def controller(self, migration: str) -> Controller | None:
        """The one that called last."""
        seen = self._latest_first(migration)
        return seen[0][0] if seen else None

    def facts(self, migration: str) -> FrontFacts | None:
        """What evidence depends on, of the controller that called last."""
        controller = self.controller(migration)
        return facts_of(controller) if controller is not None else None

    def _latest_first(self, migration: str) -> list[Seen]:
        return sorted(self._seen.get(migration, {}).values(), key=lambda value: -value[1])


def _calls(controller: Controller, silent_seconds: float) -> bool:
    return silent_seconds <= (controller.resync_period_seconds or _RESYNC_SECONDS) + _SLACK_SECONDS


def _shown(controller: Controller, at: float) -> dict[str, Any]:
    return {
        "kind": CONTROLLER_KIND[controller.protocol],
        "name": controller.name,
        "resourceVersion": controller.resource_version,
        "seen_at": instant(at),
    }


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
    return FrontFacts(
        controller.spec_digest,
        Hook.FINALIZE in controller.hooks,
        controller.resync_period_seconds,
        tuple(_selector(rule.label_selector) for rule in controller.parents),
    )


def _selector(wire: Json | None) -> Selector | None:
    """None selects all, as does one that cannot be read: it is not for us to say that it selects nobody."""
    try:
        return msgspec.convert(wire, Selector | None)
    except msgspec.ValidationError:
        return None
