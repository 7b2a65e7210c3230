"""From YAML 1.2 text (JSON is YAML) to plain values, with the line of each, and nothing that a bomb could use.

Values are built here from the parsed nodes, so that every duplicate key is told with its line, a date stays text, and
what aliases blow up to is counted before anything is built.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from shadow.config.jsontext import compose
from shadow.errors import ConfigurationError, Problem

Location = tuple[str | int, ...]
"""Keys and list positions from the root."""

MAX_TEXT = 2**20  # characters: what a ConfigMap can hold
MAX_NODES = 50_000  # with every alias written out
MAX_DEPTH = 50
_LIMIT = f"at most {MAX_DEPTH} levels and {MAX_NODES} values, aliases written out"

_TAG = "tag:yaml.org,2002:"
_PLAIN = (f"{_TAG}map", f"{_TAG}seq")


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says: plain values, and the line (from 1) on which each key or item begins."""

    value: Any
    lines: dict[Location, int]


def spelled(location: Location) -> str:
    """`migrations.kfp.compare.ignore[0].because`."""
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def read(text: str, source: str) -> Document:
    """Parse one document.

    Args:
        text: YAML or JSON.
        source: What an error calls it, such as the file's name.

    Raises:
        ConfigurationError: with the line; for duplicate keys one problem each.
    """
    if len(text) > MAX_TEXT:
        raise ConfigurationError([Problem(source, f"is too long: {len(text)} characters of at most {MAX_TEXT}")])
    try:
        node = compose(text) if text.lstrip()[:1] == "{" else None
        if node is None:
            yaml = YAML(typ="safe", pure=True)
            yaml.Composer = _Composer
            node = yaml.compose(text)
        builder = _Builder()
        value = builder.build(node, ()) if node is not None else None
    except RecursionError:
        raise ConfigurationError([Problem(source, f"is nested too deeply or too large: {_LIMIT}")]) from None
    except YAMLError as error:
        raise ConfigurationError([Problem(source, _reason(error))]) from None
    if builder.problems:
        raise ConfigurationError(builder.problems)
    if not isinstance(value, dict):
        raise ConfigurationError([Problem(source, "is empty" if value is None else "must be a mapping of keys")])
    return Document(value, builder.lines)


class _Composer(Composer):
    """Stops at what is nested too deeply or too large before it is read to its end, which may take the square of its
    length."""

    warn_double_anchors = False
    _depth = 0
    _nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._depth += 1
        self._nodes += 1
        if self._depth > MAX_DEPTH + 1 or self._nodes > 2 * MAX_NODES:  # keys are nodes as well
            raise RecursionError
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def _reason(error: YAMLError) -> str:
    """One line without the text around the fault, which may be a secret in the wrong place."""
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    what = (error.problem if isinstance(error, MarkedYAMLError) else None) or "holds characters that YAML forbids"
    where = f" (line {mark.line + 1})" if mark else ""
    return f"is not valid YAML: {' '.join(what.split())}{where}"


@dataclass(slots=True)
class _Builder:
    problems: list[Problem] = field(default_factory=list)
    lines: dict[Location, int] = field(default_factory=dict)
    nodes: int = 0

    def build(self, node: Node, location: Location) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES or len(location) > MAX_DEPTH:
            # Raised, not collected: to go on would be what the bomb wants.
            raise ConfigurationError([Problem(spelled(location[:8]), f"is nested too deeply or too large: {_LIMIT}")])
        self.lines.setdefault(location, node.start_mark.line + 1)
        if not isinstance(node, ScalarNode) and node.tag not in _PLAIN:
            self._refuse(location, f"has a value that cannot be read as {node.tag}", node.start_mark.line + 1)
            return None
        if isinstance(node, MappingNode):
            return dict(self._items(node, location))
        if isinstance(node, SequenceNode):
            return [self.build(item, (*location, at)) for at, item in enumerate(node.value)]
        assert isinstance(node, ScalarNode)
        return self._scalar(node, location)

    def _items(self, node: MappingNode, location: Location) -> Iterator[tuple[str, Any]]:
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            name = self._key(key)
            if name is None:
                self._refuse(location, "must have plain text as its keys", line)
                continue
            here = (*location, name)
            if name in seen:
                self._refuse(here, "is given twice", line)
                continue
            seen.add(name)
            self.lines[here] = line
            yield name, self.build(value, here)

    def _key(self, key: Node) -> str | None:
        """A key as it is written, so that `off` and `1` are words here."""
        try:
            return _paired(key.value) if isinstance(key, ScalarNode) else None
        except ValueError:
            return None

    def _scalar(self, node: ScalarNode, location: Location) -> Any:
        kind = str(node.tag).removeprefix(_TAG)
        try:
            match kind:
                case "null":
                    return None
                case "bool":
                    return node.value.lower() == "true"
                case "int":
                    return _whole(node.value)
                case "float":
                    return float(node.value.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
                case "str" | "timestamp":
                    return _paired(node.value)
        except ValueError:
            pass
        self._refuse(location, f"has a value that cannot be read as {kind}", node.start_mark.line + 1)
        return None

    def _refuse(self, location: Location, message: str, line: int) -> None:
        self.problems.append(Problem(spelled(location), f"{message} (line {line})"))


def _whole(text: str) -> int:
    """YAML 1.2: `0o17` and `0x1f` beside decimal numbers, where a leading zero means nothing."""
    digits = text.replace("_", "").lower()
    unsigned = digits.lstrip("+-")
    base = {"0o": 8, "0x": 16, "0b": 2}.get(unsigned[:2], 10)
    if len(digits) > 30:
        raise ValueError(text)
    return int(digits, base)


def _paired(text: str) -> str:
    r"""JSON escapes what lies beyond 16 bits as two halves (`\ud83d\ude00`), which YAML leaves apart.

    Raises:
        ValueError: for a half alone.
    """
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16")
