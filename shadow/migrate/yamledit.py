"""Changes a YAML or JSON text in place: what is not touched stays as it was written, comments and order included.

A value is fitted to a wanted one, and only what differs is rewritten. Whoever edits checks that the result says what it
should: see `shadow.migrate.rewriting`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from shadow.errors import ShadowError
from shadow.migrate.yamltext import dump, entries


class UneditableError(ShadowError):
    """The text is spelled in a way that cannot be changed piece by piece."""


@dataclass(slots=True)
class Editor:
    """Collects edits of one text and applies them at once."""

    text: str
    _edits: list[tuple[int, int, str]] = field(default_factory=list)

    def result(self) -> str:
        """Raises UneditableError where two edits meet."""
        pieces, at = [], 0
        for start, end, new in sorted(self._edits, key=lambda edit: edit[:2]):
            if start < at:
                raise UneditableError("two changes of the same place")
            pieces += [self.text[at:start], new]
            at = end
        return "".join([*pieces, self.text[at:]])

    def fit(self, node: Node, present: Any, wanted: Any) -> None:
        """Make the node, which says `present`, say `wanted`.

        Raises:
            UneditableError: where that cannot be done piece by piece.
        """
        if _same(present, wanted):
            return
        if isinstance(node, MappingNode) and isinstance(wanted, Mapping) and wanted:
            self._fit_mapping(node, present, wanted)
        elif isinstance(node, SequenceNode) and isinstance(wanted, Sequence) and 0 < len(present) <= len(wanted):
            for child, was, value in zip(node.value, present, wanted, strict=False):
                self.fit(child, was, value)
            self._append_items(node, wanted[len(present) :])
        else:
            self.replace(node, wanted)

    def rename(self, key: ScalarNode, name: str) -> None:
        quote = key.style or ""
        self._edit(key.start_mark.index, self._end(key), f"{quote}{name}{quote}")

    def into_list(self, node: Node) -> None:
        """Make a mapping the only item of a list; where it is indented by two or more, its lines stay as they are."""
        start = node.start_mark.index
        if isinstance(node, CollectionNode) and node.flow_style:
            self._edit(start, start, "[")
            self._edit(self._end(node), self._end(node), "]")
            return
        if self.text[start - 2 : start] != "  ":
            raise UneditableError("no room for a dash")
        self._edit(start - 2, start, "- ")

    def out_of_list(self, node: SequenceNode) -> None:
        """Make a list of one mapping that mapping."""
        (item,) = node.value
        if node.flow_style:
            self._edit(node.start_mark.index, item.start_mark.index, "")
            self._edit(self._end(item), self._end(node), "")
            return
        start = item.start_mark.index
        dash = self.text.rfind("-", 0, start)
        if self.text[dash + 1 : start].strip():
            raise UneditableError("something stands between the dash and its item")
        self._edit(dash, dash + 1, " ")

    def replace(self, node: Node, wanted: Any) -> None:
        """Write a value anew, in the style of what surrounds it."""
        start, end = node.start_mark.index, self._end(node)
        if isinstance(node, ScalarNode) and not isinstance(wanted, (Mapping, list)):
            quoted = node.style == '"' or self._is_json()
            self._edit(start, end, json.dumps(wanted) if quoted else dump(wanted).rstrip("\n"))
        elif not isinstance(node, CollectionNode) or node.flow_style or not wanted:
            self._edit(start, end, json.dumps(wanted))
        else:
            column = node.start_mark.column
            self._edit(start, end, _indented(wanted, column).lstrip(" ").rstrip("\n"))

    def drop(self, node: MappingNode, name: str) -> None:
        """Take an entry out, with the comment beside it."""
        pairs = node.value
        at = next(index for index, (key, _) in enumerate(pairs) if key.value == name)
        start, end = pairs[at][0].start_mark.index, self._end(pairs[at][1])
        if len(pairs) == 1:
            raise UneditableError("nothing would be left")
        if node.flow_style:
            if at + 1 < len(pairs):
                self._edit(start, pairs[at + 1][0].start_mark.index, "")
            else:
                self._edit(self._end(pairs[at - 1][1]), end, "")
            return
        line_start = self.text.rfind("\n", 0, start) + 1
        if not self.text[line_start:start].strip():
            self._edit(line_start, self._line_end(end), "")
        elif at + 1 < len(pairs):
            self._edit(start, pairs[at + 1][0].start_mark.index, "")
        else:
            raise UneditableError("nothing would be left beside the dash")

    # --- parts -------------------------------------------------------------------------------------------------------
    def _fit_mapping(self, node: MappingNode, present: Any, wanted: Mapping[str, Any]) -> None:
        held = entries(node)
        if len(held) != len(node.value) or "<<" in held:
            raise UneditableError("keys that are no plain text")
        if not held.keys() & wanted.keys():  # taken out one by one, nothing would be left to add to
            self.replace(node, wanted)
            return
        for name, (_, value) in held.items():
            if name in wanted:
                self.fit(value, present[name], wanted[name])
            else:
                self.drop(node, name)
        self._append(node, {name: value for name, value in wanted.items() if name not in held})

    def _append(self, node: MappingNode, new: Mapping[str, Any]) -> None:
        if not new:
            return
        if node.flow_style:
            text = "".join(f", {json.dumps(name)}: {json.dumps(value)}" for name, value in new.items())
            self._edit(self._end(node.value[-1][1]), self._end(node.value[-1][1]), text)
        else:
            self._add_lines(node, _indented(dict(new), node.value[0][0].start_mark.column))

    def _append_items(self, node: SequenceNode, new: Sequence[Any]) -> None:
        if not new:
            return
        if node.flow_style:
            text = "".join(f", {json.dumps(value)}" for value in new)
            self._edit(self._end(node.value[-1]), self._end(node.value[-1]), text)
        else:
            self._add_lines(node, _indented(list(new), node.start_mark.column))

    def _add_lines(self, node: Node, lines: str) -> None:
        at = self._line_end(self._end(node))
        self._edit(at, at, lines if self.text[:at].endswith("\n") else "\n" + lines)

    def _end(self, node: Node) -> int:
        """Where the node's own text ends; a block's mark is where the next thing begins."""
        start, end = node.start_mark.index, node.end_mark.index
        if not isinstance(node, CollectionNode) or node.flow_style or not node.value:
            return int(start) + len(self.text[start:end].rstrip())
        last = node.value[-1]
        return self._end(last[1] if isinstance(node, MappingNode) else last)

    def _line_end(self, at: int) -> int:
        found = self.text.find("\n", at)
        return len(self.text) if found < 0 else found + 1

    def _is_json(self) -> bool:
        return self.text.lstrip()[:1] in "{["

    def _edit(self, start: int, end: int, new: str) -> None:
        self._edits.append((start, end, new))


def edited(text: str, change: Callable[[Editor], None]) -> str:
    """The text after a change. Raises UneditableError."""
    editor = Editor(text)
    change(editor)
    return editor.result()


def _indented(value: Any, column: int) -> str:
    return "".join(f"{' ' * column}{line}" for line in dump(value).splitlines(keepends=True))


def _same(one: Any, other: Any) -> bool:
    """Equal, and of one type: `true` is not `1`."""
    return json.dumps(one, sort_keys=True, default=str) == json.dumps(other, sort_keys=True, default=str)
