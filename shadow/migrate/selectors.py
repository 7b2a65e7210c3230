"""Label selectors as `kubectl -l` has them, turned into the form of a manifest."""

import re

from shadow.errors import ShadowError
from shadow.protocol.objects import Json

_NAME = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?/)?[a-zA-Z0-9](?:[a-zA-Z0-9_.-]{0,61}[a-zA-Z0-9])?"
_VALUE = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9_.-]{0,61}[a-zA-Z0-9])?)?"
_EQUAL = re.compile(rf"({_NAME})\s*(?:==|=)\s*({_VALUE})")
_UNEQUAL = re.compile(rf"({_NAME})\s*!=\s*({_VALUE})")
_AMONG = re.compile(rf"({_NAME})\s+(in|notin)\s*\(([^()]*)\)")
_EXISTS = re.compile(rf"(!?)\s*({_NAME})")


class SelectorError(ShadowError):
    """It is no label selector."""


def parse_selector(text: str) -> Json:
    """`a=b,c in (d, e),!f` as `{matchLabels, matchExpressions}`.

    Raises:
        SelectorError: also for an empty one, which would select everything.
    """
    labels: dict[str, str] = {}
    expressions: list[Json] = []
    for term in re.split(r",(?![^()]*\))", text):
        name_value = _EQUAL.fullmatch(term.strip())
        if name_value and labels.setdefault(name_value[1], name_value[2]) != name_value[2]:
            raise SelectorError(f"{name_value[1]} cannot have two values")
        if not name_value:
            expressions.append(_expression(term.strip()))
    return ({"matchLabels": labels} if labels else {}) | ({"matchExpressions": expressions} if expressions else {})


def _expression(term: str) -> Json:
    if found := _UNEQUAL.fullmatch(term):
        return {"key": found[1], "operator": "NotIn", "values": [found[2]]}
    if found := _AMONG.fullmatch(term):
        values = [value.strip() for value in found[3].split(",")]
        if all(re.fullmatch(_VALUE, value) for value in values):
            return {"key": found[1], "operator": "In" if found[2] == "in" else "NotIn", "values": values}
    if found := _EXISTS.fullmatch(term):
        return {"key": found[2], "operator": "DoesNotExist" if found[1] else "Exists"}
    raise SelectorError(f"{term!r} is no label selector: write key=value, key!=value, key in (a,b), key or !key")
