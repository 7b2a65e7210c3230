"""Reading the metadata of objects: owners, finalizers, labels, selectors."""

from typing import Any

from shadow.protocol.objects import Json
from shadow.simulate.errors import SyncError
from shadow.simulate.values import at

GC_FINALIZERS = frozenset({"foregroundDeletion", "orphan"})


def text(value: Any) -> str:
    """A string as Go's accessors give it: what is none reads as empty."""
    return value if isinstance(value, str) else ""


def strings(value: Any) -> dict[str, str]:
    """A map of strings as Go's accessors give it: one value of another type, and it reads as empty."""
    whole = isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    return dict(value) if whole else {}


def api_version_of(body: Json) -> str:
    return text(body.get("apiVersion"))


def name_of(body: Json) -> str:
    return text(at(body, "metadata", "name"))


def namespace_of(body: Json) -> str:
    return text(at(body, "metadata", "namespace"))


def uid_of(body: Json) -> str:
    return text(at(body, "metadata", "uid"))


def labels_of(body: Json) -> dict[str, str]:
    return strings(at(body, "metadata", "labels"))


def annotations_of(body: Json) -> dict[str, str]:
    return strings(at(body, "metadata", "annotations"))


def finalizers_of(body: Json) -> list[str]:
    names = at(body, "metadata", "finalizers")
    return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else []


def owners_of(body: Json) -> list[Json]:
    owners = at(body, "metadata", "ownerReferences")
    return [owner for owner in owners if isinstance(owner, dict)] if isinstance(owners, list) else []


def is_being_deleted(body: Json) -> bool:
    return at(body, "metadata", "deletionTimestamp") is not None


def controller_uid_of(body: Json) -> str | None:
    """The uid of the owner that controls the object; None for an orphan."""
    return next((str(owner.get("uid")) for owner in owners_of(body) if owner.get("controller")), None)


def controller_reference(parent: Json) -> Json:
    """The ownerReference that makes `parent` the controller of an object."""
    return {
        "apiVersion": parent["apiVersion"],
        "kind": parent["kind"],
        "name": name_of(parent),
        "uid": uid_of(parent),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def described(body: Json) -> str:
    """`Deployment team-a/dep`, for messages."""
    where = "/".join(part for part in (namespace_of(body), name_of(body)) if part)
    return f"{body.get('kind')} {where}"


def is_empty(selector: Json | None) -> bool:
    """Whether a label selector says nothing; it then matches everything."""
    return not selector or not (selector.get("matchLabels") or selector.get("matchExpressions"))


def selects(selector: Json | None, labels: dict[str, str]) -> bool:
    """Whether a label (or annotation) selector matches. Raises SyncError for an unknown operator."""
    wanted = (selector or {}).get("matchLabels") or {}
    expressions = (selector or {}).get("matchExpressions") or []
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _expression_holds(expression, labels) for expression in expressions
    )


def _expression_holds(expression: Json, labels: dict[str, str]) -> bool:
    key, values = expression.get("key", ""), expression.get("values") or []
    match expression.get("operator"):
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case unknown:
            raise SyncError(f"{unknown!r} is not a valid label selector operator")


def with_member(body: Json, *path: str, value: Any) -> Json:
    """A copy with one nested member set; only the objects along the path are copied."""
    head, *rest = path
    held = body.get(head)
    inner = value if not rest else with_member(held if isinstance(held, dict) else {}, *rest, value=value)
    return {**body, head: inner}


def without_member(body: Json, *path: str) -> Json:
    """A copy without one nested member; the same object if there is none."""
    head, *rest = path
    if head not in body:
        return body
    if not rest:
        return {key: value for key, value in body.items() if key != head}
    inner = body[head]
    return {**body, head: without_member(inner, *rest)} if isinstance(inner, dict) else body
