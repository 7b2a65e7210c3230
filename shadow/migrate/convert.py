"""Converts the controllers in a YAML or JSON text, and leaves everything else in it as it was written.

What a controller becomes is decided on its JSON (`shadow.migrate.controllers`). The text is then changed in place and
read again: if it does not say exactly that, the controller is written anew and a warning says that comments are gone.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from shadow.errors import ShadowError
from shadow.migrate.controllers import OBJECTS_KEY, PARENTS_KEY, Wishes, malformed, protocol_of, successor
from shadow.migrate.yamltext import (
    Document,
    Editor,
    Path,
    UneditableError,
    dump,
    edited,
    entries,
    find,
    has_aliases,
    line_of,
    read_documents,
)
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


@dataclass(frozen=True, slots=True)
class _Found:
    """A controller in the text: where, and of which kind."""

    document: int
    path: Path
    node: MappingNode
    value: Json
    protocol: Protocol


def controllers_in(text: str, source: str) -> list[Json]:
    """Every controller of a text.

    Raises:
        UnreadableTextError: it is no YAML.
        NotConvertibleError: one of them is malformed.
    """
    found = _controllers(read_documents(text, source))
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
    found = _controllers(documents)
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
    written, lost = _written(text, documents, found, wanted)
    notices += [Notice(source, line, "warning", "comments-lost", _LOST) for line in lost]
    return Converted(written, tuple(wanted), tuple(sorted(notices, key=lambda notice: notice.line)))


_LOST = "spelled in a way that cannot be changed in place: written anew, and its comments are gone"


# --- finding -------------------------------------------------------------------------------------------------------
def _controllers(documents: list[Document]) -> list[_Found]:
    return [
        _Found(number, path, node, value, protocol)
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


def _placed(caveat: Caveat, found: _Found, source: str) -> Notice:
    steps = [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", caveat.path)]
    return Notice(source, line_of(_key_node(found.node, steps)), caveat.level, caveat.code, caveat.message)


def _key_node(node: Node, steps: list[str | int]) -> Node:
    """Where the last step is spelled: its key, since a block value may begin a line later."""
    holder = find(node, steps[:-1])
    if isinstance(holder, MappingNode) and steps and steps[-1] in (held := entries(holder)):
        return held[str(steps[-1])][0]
    return find(node, steps)


# --- writing -------------------------------------------------------------------------------------------------------
def _written(text: str, documents: list[Document], found: list[_Found], wanted: list[Json]) -> tuple[str, list[int]]:
    """The text that says what is wanted, and the lines of controllers whose comments had to go."""
    expected = [document.value for document in documents]
    for each, body in zip(found, wanted, strict=True):
        expected[each.document] = _replaced(expected[each.document], each.path, body)
    typed = {
        each.document: f"{body['kind']}List"
        for each, body in zip(found, wanted, strict=True)
        if _typed(each, documents)
    }
    for number, kind in typed.items():
        expected[number] = {**expected[number], "kind": kind}
    if has_aliases(text):
        return _anew(expected), [line_of(each.node) for each in found]
    in_place = [_holds(text, documents, each, body) for each, body in zip(found, wanted, strict=True)]

    def change(editor: Editor) -> None:
        for each, body, gently in zip(found, wanted, in_place, strict=True):
            if gently:
                _convert_node(editor, each.node, each.value, body, each.protocol)
            else:
                editor.replace(each.node, body)
        for number, kind in typed.items():
            editor.replace(find(documents[number].node, ["kind"]), kind)

    try:
        result = edited(text, change)
        if [document.value for document in read_documents(result, "result")] == expected:
            return result, [line_of(each.node) for each, gently in zip(found, in_place, strict=True) if not gently]
    except ShadowError:
        pass
    return _anew(expected), [line_of(each.node) for each in found]


def _typed(found: _Found, documents: list[Document]) -> bool:
    """Whether it is in a list of its kind, as the API server gives one, which then is a list of the other kind."""
    return bool(found.path) and documents[found.document].value["kind"] == f"{found.value['kind']}List"


def _holds(text: str, documents: list[Document], found: _Found, body: Json) -> bool:
    """Whether changing this controller in place says what is wanted, and only that."""
    expected = [document.value for document in documents]
    expected[found.document] = _replaced(expected[found.document], found.path, body)
    try:
        result = edited(text, lambda editor: _convert_node(editor, found.node, found.value, body, found.protocol))
        return [document.value for document in read_documents(result, "result")] == expected
    except ShadowError:
        return False


def _replaced(value: Any, path: Path, body: Json) -> Any:
    if not path:
        return body
    key, at = path
    assert isinstance(at, int)
    return {**value, key: [*value[key][:at], body, *value[key][at + 1 :]]}


def _anew(documents: list[Any]) -> str:
    return "---\n".join(dump(document) for document in documents)


def _convert_node(editor: Editor, node: MappingNode, present: Json, wanted: Json, protocol: Protocol) -> None:
    """Rename what the two kinds call differently, then fit the rest."""
    other = protocol_of(wanted)
    if other is None or other is protocol:
        editor.fit(node, present, wanted)
        return
    spec = find(node, ["spec"])
    if not isinstance(spec, MappingNode):
        raise UneditableError("no spec to change")
    renamed = {PARENTS_KEY[protocol]: PARENTS_KEY[other], OBJECTS_KEY[protocol]: OBJECTS_KEY[other]}
    as_before = {
        name if name in present["spec"] else after: wanted["spec"][after]
        for name, after in renamed.items()
        if after in wanted["spec"]
    }
    rest = {name: value for name, value in wanted["spec"].items() if name not in renamed.values()}
    parents_key = PARENTS_KEY[protocol]
    parents, held = entries(spec)[parents_key][1], present["spec"]
    for name, after in renamed.items():
        if name in held:
            editor.rename(entries(spec)[name][0], after)
    if protocol is Protocol.COMPOSITE:
        editor.into_list(parents)
        as_before[parents_key] = as_before[parents_key][0]
    else:
        assert isinstance(parents, SequenceNode)
        editor.out_of_list(parents)
        editor.fit(parents.value[0], held[parents_key][0], as_before[parents_key])
        as_before[parents_key] = held[parents_key]
    editor.fit(node, present, {**wanted, "spec": {**as_before, **rest}})
