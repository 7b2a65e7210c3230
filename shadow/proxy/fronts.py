"""Which controllers call a migration: kind, name, resourceVersion and when, as their requests say."""

from typing import Any

from shadow.protocol.controller import Controller
from shadow.protocol.names import CONTROLLER_KIND
from shadow.report.window import instant

_MOST = 8  # controllers remembered per migration; a name is the caller's to choose


class Fronts:
    """The controllers seen lately, by migration."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[tuple[str, str], tuple[str, float]]] = {}

    def saw(self, migration: str, controller: Controller, now: float) -> None:
        seen = self._seen.setdefault(migration, {})
        key = CONTROLLER_KIND[controller.protocol], controller.name
        if key not in seen and len(seen) >= _MOST:
            seen.pop(min(seen, key=lambda other: seen[other][1]))
        seen[key] = controller.resource_version, now

    def latest(self, migration: str) -> dict[str, Any] | None:
        """`{kind, name, resourceVersion, seen_at}` of the controller that called last."""
        seen = self._seen.get(migration)
        if not seen:
            return None
        (kind, name), (version, at) = max(seen.items(), key=lambda item: item[1][1])
        return {"kind": kind, "name": name, "resourceVersion": version, "seen_at": instant(at)}
