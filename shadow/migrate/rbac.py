"""What Metacontroller must be allowed to do for a DecoratorController, as a ClusterRole."""

from collections.abc import Iterable

from shadow.migrate.controllers import OBJECTS_KEY, parent_rules
from shadow.protocol.objects import Json
from shadow.terms import Protocol

_OBJECT_VERBS = ["get", "list", "watch", "create", "update", "patch", "delete"]


def cluster_role(decorator: Json) -> Json:
    """The role for one DecoratorController; bind it to Metacontroller's ServiceAccount.

    A DecoratorController writes labels, annotations, finalizers and status of its parents, which a CompositeController
    does in part only: `update` on the parent and on its `/status` is what a role made for the latter often lacks.
    """
    spec = decorator["spec"]
    parents = list(_by_group(parent_rules(spec, Protocol.DECORATOR)))
    rules = [
        *(_rule(group, names, ["get", "list", "watch", "update", "patch"]) for group, names in parents),
        *(_rule(group, [f"{name}/status" for name in names], ["get", "update", "patch"]) for group, names in parents),
        # Owners that block deletion may only be named by who may set the parent's finalizers.
        *(_rule(group, [f"{name}/finalizers" for name in names], ["update"]) for group, names in parents),
        *(_rule(group, names, _OBJECT_VERBS) for group, names in _by_group(spec.get(OBJECTS_KEY[Protocol.DECORATOR]))),
    ]
    name = f"metacontroller-{decorator['metadata'].get('name', '')}"
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": rules,
    }


def _by_group(rules: Iterable[Json] | None) -> Iterable[tuple[str, list[str]]]:
    grouped: dict[str, list[str]] = {}
    for rule in rules or ():
        names = grouped.setdefault(str(rule["apiVersion"]).rpartition("/")[0], [])
        if rule["resource"] not in names:
            names.append(rule["resource"])
    return grouped.items()


def _rule(group: str, resources: list[str], verbs: list[str]) -> Json:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}
