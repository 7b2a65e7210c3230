"""The controllers in a YAML or JSON text, alone in a document or in a list, each with its place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from shadow.migrate.controllers import protocol_of
from shadow.migrate.yamltext import Document, Path, find
from shadow.protocol.objects import Json
from shadow.terms import Protocol


@dataclass(frozen=True, slots=True)
class Found:
    """A controller in the text: where, and of which kind."""

    document: int
    path: Path
    node: MappingNode
    value: Json
    protocol: Protocol


def find_controllers(documents: list[Document]) -> list[Found]:
    return [
        Found(number, path, node, value, protocol)
        for number, document in enumerate(documents)
        for path, node, value in _objects(document)
        if isinstance(node, MappingNode) and (protocol := protocol_of(value))
    ]


def _objects(document: Document) -> Iterator[tuple[Path, Node, Any]]:
    """The object of a document, or the items of a list of them."""
    value, node = document.value, document.node
    if isinstance(value, Mapping) and str(value.get("kind", "")).endswith("List") and "items" in value:
        items = find(node, ["items"])
        if isinstance(items, SequenceNode):
            for at, (child, held) in enumerate(zip(items.value, value["items"], strict=True)):
                yield ("items", at), child, held
    else:
        yield (), node, value
