"""Reads YAML or JSON into values and into nodes that know where in the text they stand; writes a value anew."""

from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.tokens import AliasToken

from shadow.errors import ShadowError

Key = str | int
Path = tuple[Key, ...]


class UnreadableTextError(ShadowError):
    """It is no YAML; with the line."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its value, and its node in the text."""

    value: Any
    node: Node


def read_documents(text: str, source: str) -> list[Document]:
    """Every document of the text that says something.

    Raises:
        UnreadableTextError: it is no YAML 1.2, or repeats a key.
    """
    try:
        nodes = [node for node in _yaml().compose_all(text) if node is not None]
        values = [value for value in _yaml().load_all(text) if value is not None]
    except (YAMLError, ValueError, RecursionError) as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f"{source}:{mark.line + 1}" if mark else source
        problem = getattr(exc, "problem", None) or str(exc).partition("\n")[0]
        hint = "; it looks like a template: render it first" if "{{" in text else ""
        raise UnreadableTextError(f"{where}: no YAML: {problem}{hint}") from exc
    said = [node for node in nodes if not (isinstance(node, ScalarNode) and node.value in ("", "~", "null"))]
    return [Document(value, node) for value, node in zip(values, said, strict=True)]


def has_aliases(text: str) -> bool:
    """Whether a part of the text stands for another one: editing one would change both."""
    return any(isinstance(token, AliasToken) for token in _yaml().scan(text))


def dump(value: Any) -> str:
    """A value as YAML in block style, in its own order."""
    yaml = _yaml()
    yaml.default_flow_style = False
    yaml.width = 4096
    yaml.representer.ignore_aliases = lambda _value: True
    out = StringIO()
    yaml.dump(value, out)
    return out.getvalue().removesuffix("...\n")


def find(node: Node, path: Iterable[Key]) -> Node:
    """The node at a path, or the deepest one there is on the way."""
    for key in path:
        match node:
            case MappingNode() if key in (held := entries(node)):
                node = held[str(key)][1]
            case SequenceNode() if isinstance(key, int) and key < len(node.value):
                node = node.value[key]
            case _:
                return node
    return node


def line_of(node: Node) -> int:
    """Counted from 1."""
    return int(node.start_mark.line) + 1


def entries(node: MappingNode) -> dict[str, tuple[ScalarNode, Node]]:
    """Key and value nodes by key, in order."""
    return {key.value: (key, value) for key, value in node.value if isinstance(key, ScalarNode)}


def _yaml() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # annotated by its None
    return yaml
