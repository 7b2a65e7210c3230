"""Label selectors as Kubernetes evaluates them. Pure; nothing else."""

from collections.abc import Mapping
from typing import Any


def selects(selector: Any, labels: Mapping[str, object]) -> bool:
    """Whether `{"matchLabels": {...}, "matchExpressions": [{"key", "operator", "values"}]}` matches these labels.

    What is no selector selects nothing.
    """
    if not isinstance(selector, dict):
        return False
    wanted, expressions = selector.get("matchLabels") or {}, selector.get("matchExpressions") or []
    if not isinstance(wanted, dict) or not isinstance(expressions, list):
        return False
    return all(key in labels and labels[key] == value for key, value in wanted.items()) and all(
        isinstance(expression, dict) and _holds(expression, labels) for expression in expressions
    )


def _holds(expression: Mapping[str, Any], labels: Mapping[str, object]) -> bool:
    key, values = expression.get("key", ""), expression.get("values") or []
    if not isinstance(key, str) or not isinstance(values, list):
        return False
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
