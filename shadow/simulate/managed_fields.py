"""Who wrote which field: as much of managedFields as a client can see the effects of.

A decorator's status write adds an entry `subresource: status`; its second PUT, made from the older copy, takes it away
again and so is no PUT without effect. And a status entry is how anyone can see that a parent has that subresource.
"""

from typing import Any

from shadow.protocol.objects import Json
from shadow.simulate.values import copied, same

_UNTRACKED = frozenset(
    {
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "managedFields",
        "selfLink",
    }
)


def tracked(stored: Json, subresource: str) -> Json:
    """The part of an object whose fields a manager owns: the status, or everything else."""
    if subresource:
        return {"status": stored["status"]} if "status" in stored else {}
    metadata = {key: value for key, value in stored.get("metadata", {}).items() if key not in _UNTRACKED}
    skipped = ("apiVersion", "kind", "metadata", "status")
    rest = {key: value for key, value in stored.items() if key not in skipped}
    return {**({"metadata": metadata} if metadata else {}), **rest}


def changed_fields(before: Any, after: Any) -> Json:
    """FieldsV1 of what `after` sets anew or otherwise than `before`; lists are taken whole."""
    fields: Json = {}
    for key, value in after.items():
        earlier = before.get(key) if isinstance(before, dict) else None
        if isinstance(value, dict) and (value or not isinstance(earlier, dict)):
            inner = changed_fields(earlier if isinstance(earlier, dict) else {}, value)
            if inner or not isinstance(earlier, dict):
                fields[f"f:{key}"] = {**({} if isinstance(earlier, dict) else {".": {}}), **inner}
        elif not same(value, earlier) or key not in (before or {}):
            fields[f"f:{key}"] = {}
    return fields


def without_times(entries: list[Json]) -> list[Json]:
    """To compare by: entries that differ in nothing but their time count as unchanged."""
    return [{key: value for key, value in entry.items() if key != "time"} for entry in entries]


def recorded(
    entries: list[Json], fields: Json, *, manager: str, api_version: str, subresource: str, now: str
) -> list[Json]:
    """The entries after `manager` wrote `fields`: its own entry grows, or is added at the end."""
    if not fields:
        return entries
    kept = copied(entries)
    for entry in kept:
        if entry.get("manager") == manager and entry.get("subresource", "") == subresource:
            entry["fieldsV1"] = _united(entry.get("fieldsV1", {}), fields)
            entry["time"] = now
            return list(kept)
    added: Json = {
        "apiVersion": api_version,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
        "manager": manager,
        "operation": "Update",
        "time": now,
    }
    return [*kept, {**added, "subresource": subresource} if subresource else added]


def _united(left: Json, right: Json) -> Json:
    return {
        key: _united(left.get(key, {}), right.get(key, {})) for key in (*left, *(k for k in right if k not in left))
    }
