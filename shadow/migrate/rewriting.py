"""Writes converted controllers into the text they were found in, which otherwise stays as it was.

The text is changed in place and read again: a controller that does not say exactly what is wanted is written anew.
"""

from typing import Any

from ruamel.yaml.nodes import MappingNode, SequenceNode

from shadow.errors import ShadowError
from shadow.migrate.controllers import OBJECTS_KEY, PARENTS_KEY, protocol_of
from shadow.migrate.found import Found
from shadow.migrate.yamledit import Editor, UneditableError, edited
from shadow.migrate.yamltext import Document, Path, dump, entries, find, has_aliases, line_of, read_documents
from shadow.protocol.objects import Json
from shadow.terms import Protocol


def rewritten(text: str, documents: list[Document], found: list[Found], wanted: list[Json]) -> tuple[str, list[int]]:
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


def _typed(found: Found, documents: list[Document]) -> bool:
    """Whether it is in a list of its kind, as the API server gives one, which then is a list of the other kind."""
    return bool(found.path) and documents[found.document].value["kind"] == f"{found.value['kind']}List"


def _holds(text: str, documents: list[Document], found: Found, body: Json) -> bool:
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
        if name in held and after in wanted["spec"]:
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
