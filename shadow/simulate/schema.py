"""How a Go-typed API server reads a body: unknown fields and empty maps are dropped, a wrong type is a 400.

Only as much of each type as hooks of this kind write is spelled out; `ANY` passes what is below it as it is.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shadow.simulate.errors import ApiError
from shadow.simulate.quantity import canonical


class AbsentError(Exception):
    """Internal to decoding: the member is not kept."""


@dataclass(frozen=True, slots=True)
class Where:
    """The place in the Go structs, for messages: `ConfigMap.data`."""

    path: str

    def __truediv__(self, name: str) -> "Where":
        return Where(f"{self.path}.{name}")

    def wrong(self, value: Any, wanted: str) -> ApiError:
        return ApiError(
            400, f"json: cannot unmarshal {_go_name(value)} into Go struct field {self.path} of type {wanted}"
        )


def _go_name(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    names: dict[type, str] = {int: "number", float: "number", str: "string", list: "array"}
    return names.get(type(value), "object")


class Node:
    """One type: turns a written value into the stored one. Raises AbsentError to drop the member, ApiError 400."""

    def read(self, value: Any, where: Where) -> Any:
        del where
        return value


@dataclass(frozen=True, slots=True)
class Scalar(Node):
    """A string, number or bool; `zero` is dropped as Go's omitempty does, None keeps every value."""

    go: str
    types: tuple[type, ...]
    drop_zero: bool = False

    def read(self, value: Any, where: Where) -> Any:
        if type(value) not in self.types:
            raise where.wrong(value, self.go)
        if self.drop_zero and not value:
            raise AbsentError
        return value


class QuantityNode(Node):
    """Any notation in, the canonical one out."""

    def read(self, value: Any, where: Where) -> Any:
        del where
        stored = canonical(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else None
        if stored is None:
            raise ApiError(
                400, "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            )
        return stored


class BytesNode(Node):
    """Base64, as a Secret's data."""

    def read(self, value: Any, where: Where) -> Any:
        if not isinstance(value, str):
            raise where.wrong(value, "[]uint8")
        try:
            base64.b64decode(value, validate=True)
        except binascii.Error as exc:
            raise ApiError(400, "illegal base64 data at input byte 0") from exc
        return value


@dataclass(frozen=True, slots=True)
class MapOf(Node):
    """A map of one type; an empty one is dropped."""

    item: Node

    def read(self, value: Any, where: Where) -> Any:
        if not isinstance(value, dict):
            raise where.wrong(value, "map[string]string")
        if not value:
            raise AbsentError
        return {key: ("" if item is None else self.item.read(item, where)) for key, item in value.items()}


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    """A list of one type; an empty one is dropped."""

    item: Node
    go: str = "[]object"

    def read(self, value: Any, where: Where) -> Any:
        if not isinstance(value, list):
            raise where.wrong(value, self.go)
        if not value:
            raise AbsentError
        return [self.item.read(item, where) for item in value]


@dataclass(frozen=True, slots=True)
class Struct(Node):
    """Known members only. An empty struct is kept: most are pointers or have no omitempty."""

    members: Mapping[str, Node]

    def read(self, value: Any, where: Where) -> Any:
        if not isinstance(value, dict):
            raise where.wrong(value, "struct")
        stored: dict[str, Any] = {}
        for name, node in self.members.items():
            if value.get(name) is None:
                continue
            try:
                stored[name] = node.read(value[name], where / name)
            except AbsentError:
                continue
        return stored


ANY = Node()
STRING = Scalar("string", (str,))
TEXT = Scalar("string", (str,), drop_zero=True)
INTEGER = Scalar("int32", (int,))
BOOL = Scalar("bool", (bool,))
FLAG = Scalar("bool", (bool,), drop_zero=True)
INT_OR_STRING = Scalar("intstr.IntOrString", (int, str))
QUANTITY = QuantityNode()
BYTES = BytesNode()
STRINGS = MapOf(STRING)
TEXTS = ListOf(STRING, "[]string")


def struct(**members: Node) -> Struct:
    return Struct(members)


def selector() -> Struct:
    return struct(matchLabels=STRINGS, matchExpressions=ListOf(ANY))
