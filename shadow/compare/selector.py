"""Label selectors as Kubernetes evaluates them. Pure; nothing else."""

from collections.abc import Mapping
from typing import Any


def selects(selector: Any, labels: Mapping[str, object]) -> bool:
    """Whether `{"matchLabels": {...}, "matchExpressions": [{"key", "operator", "values"}]}` matches these labels.

    What is no selector selects nothing.
    """
    if not isinstance(selector, dict):
        return False
    wanted = selector.get("matchLabels") or {}
    expressions = selector.get("matchExpressions") or ()
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _holds(expression, labels) for expression in expressions
    )


def _holds(expression: Mapping[str, Any], labels: Mapping[str, object]) -> bool:
    key, values = expression.get("key", ""), expression.get("values") or ()
    match expression.get("operator"):
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return False
