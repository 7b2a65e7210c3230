"""What rolling strategies add to a composite's status while every child is on the parent's latest revision.

A rollout over several revisions is not simulated: a change of the parent's spec reaches all children in one sync here.
"""

import hashlib

from shadow.compare.golang import compact_json
from shadow.protocol.names import ROLLING_METHODS
from shadow.protocol.objects import Json
from shadow.simulate.controller import Controller
from shadow.simulate.kinds import Kind
from shadow.simulate.objects import uid_of
from shadow.simulate.values import at
from shadow.terms import Protocol

_PREFIX_LENGTH = 253 - 41  # a name's limit, less a dash and the hash


def rolls(controller: Controller) -> bool:
    """Whether any kind of a composite has a rolling strategy; a decorator takes the word for its plain half."""
    composite = controller.protocol is Protocol.COMPOSITE
    return composite and any(rule.method in ROLLING_METHODS for rule in controller.children)


def with_updated_condition(status: Json, controller: Controller, parent: Json, kind: Kind) -> Json:
    """The status with the condition `Updated`, in the place it had, or as the last one."""
    condition = {
        "type": "Updated",
        "status": "True",
        "reason": "OnLatestRevision",
        "message": f"latest ControllerRevision: {revision_name(controller, parent, kind)}",
    }
    before = status.get("conditions") or []
    others = [entry if entry.get("type") != "Updated" else condition for entry in before]
    return {**status, "conditions": others if condition in others else [*others, condition]}


def revision_name(controller: Controller, parent: Json, kind: Kind) -> str:
    """`widgets.lab.example.com-<sha1 of uid and the revisioned fields>`."""
    history = at(controller.body, "spec", "parentResource", "revisionHistory") or {}
    patch: Json = {}
    for path in history.get("fieldPaths") or ["spec"]:
        _copy_field(path.split("."), parent, patch)
    digest = hashlib.sha1(f"{uid_of(parent)}{compact_json(patch)}".encode(), usedforsecurity=False).hexdigest()
    return f"{kind.plural}.{kind.group or 'core'}"[:_PREFIX_LENGTH] + f"-{digest}"


def _copy_field(path: list[str], source: Json, target: Json) -> None:
    value = at(source, *path)
    if value is None:
        return
    for step in path[:-1]:
        target = target.setdefault(step, {})
    target[path[-1]] = value
