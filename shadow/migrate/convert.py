"""Converts the controllers in a YAML or JSON text, and leaves everything else in it as it was written.

What a controller becomes is decided on its JSON (`shadow.migrate.controllers`), how it is written back in
`shadow.migrate.rewriting`; here each caveat gets its place.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ruamel.yaml.nodes import MappingNode, Node

from shadow.errors import ShadowError
from shadow.migrate.controllers import Wishes, malformed, successor
from shadow.migrate.found import Found, find_controllers
from shadow.migrate.rewriting import rewritten
from shadow.migrate.yamltext import Document, dump, entries, find, line_of, read_documents
from shadow.protocol.convert import Caveat, Level
from shadow.protocol.names import CONTROLLER_KIND
from shadow.protocol.objects import Json
from shadow.terms import Protocol

PAGE = "docs/reference/convert.md"


@dataclass(frozen=True, slots=True)
class Notice:
    """One caveat with its place in a file, counted from line 1."""

    source: str
    line: int
    level: Level
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}: {self.level}: {self.message} [{self.code}, {PAGE}#{self.code}]"


class NotConvertibleError(ShadowError):
    """There is no such controller; carries every reason."""

    def __init__(self, notices: list[Notice]) -> None:
        super().__init__("; ".join(map(str, notices)))
        self.notices = notices


@dataclass(frozen=True, slots=True)
class Converted:
    """The whole text, every controller in it after the conversion, and what to know."""

    text: str
    controllers: tuple[Json, ...]
    notices: tuple[Notice, ...]


def controllers_in(text: str, source: str) -> list[Json]:
    """Every controller of a text.

    Raises:
        UnreadableTextError: it is no YAML.
        NotConvertibleError: one of them is malformed.
    """
    found = find_controllers(read_documents(text, source))
    if faults := [_placed(caveat, each, source) for each in found for caveat in malformed(each.value)]:
        raise NotConvertibleError(faults)
    return [each.value for each in found]


def convert_text(text: str, source: str, wishes: Wishes) -> Converted:
    """The text with its controllers as they are wished for.

    Raises:
        UnreadableTextError: it is no YAML.
        NotConvertibleError: it holds no controller, or one that has no counterpart.
    """
    documents = read_documents(text, source)
    found = find_controllers(documents)
    if not found:
        message = "there is no CompositeController or DecoratorController in it"
        raise NotConvertibleError([Notice(source, 1, "impossible", "no-controller", message)])
    notices = _mentions(documents, source, wishes)
    wanted: list[Json] = []
    for each in found:
        body, caveats = successor(each.value, wishes)
        notices += [_placed(caveat, each, source) for caveat in caveats]
        wanted.append(body)
    if impossible := [notice for notice in notices if notice.level == "impossible"]:
        raise NotConvertibleError(impossible)
    result, lost = rewritten(text, documents, found, wanted)
    notices += [Notice(source, line, "warning", "comments-lost", _LOST) for line in lost]
    return Converted(result, tuple(wanted), tuple(sorted(notices, key=lambda notice: notice.line)))


_LOST = "spelled in a way that cannot be changed in place: written anew, and its comments are gone"


def _mentions(documents: list[Document], source: str, wishes: Wishes) -> list[Notice]:
    """Kustomizations that aim at the kind which is no more."""
    gone = CONTROLLER_KIND[Protocol.COMPOSITE if wishes.to is Protocol.DECORATOR else Protocol.DECORATOR]
    message = f"a kustomization that patches {gone}s: its targets and paths have to follow by hand"
    return [
        Notice(source, line_of(document.node), "warning", "kustomize-target", message)
        for document in documents
        if isinstance(document.value, Mapping)
        and document.value.get("kind") in ("Kustomization", "Component")
        and gone in dump(dict(document.value))
    ]


def _placed(caveat: Caveat, found: Found, source: str) -> Notice:
    steps = [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", caveat.path)]
    return Notice(source, line_of(_key_node(found.node, steps)), caveat.level, caveat.code, caveat.message)


def _key_node(node: Node, steps: list[str | int]) -> Node:
    """Where the last step is spelled: its key, since a block value may begin a line later."""
    holder = find(node, steps[:-1])
    if isinstance(holder, MappingNode) and steps and steps[-1] in (held := entries(holder)):
        return held[str(steps[-1])][0]
    return find(node, steps)
