"""Which parents are tied to one implementation whatever the weight: globs over parents, and label selectors.

Pure. `*` does not cross `/`; a glob without `/` means the name, in any namespace; `pin.old` beats `pin.new`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Protocol

from shadow.config.base import Section, Spelled, fault, shown
from shadow.fieldpath import glob
from shadow.terms import Side


class Parent(Protocol):
    """What is matched; `namespace` is empty for a cluster-scoped parent."""

    @property
    def namespace(self) -> str: ...

    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Glob:
    """`team-a`, `prod-*`, `team-*/pipelines`."""

    pattern: str

    def matches(self, parent: Parent, labels: Mapping[str, str]) -> bool:  # noqa: ARG002 - one signature with Selector
        if "/" not in self.pattern:
            return glob(self.pattern, parent.name)
        # Part by part, so that no star crosses the slash; a cluster-scoped parent has no first part.
        namespace, _, name = self.pattern.partition("/")
        return bool(parent.namespace) and glob(namespace, parent.namespace) and glob(name, parent.name)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One term of a selector. Without values it asks for the key alone; `negated` is `!=`, `notin` or `!key`."""

    key: str
    values: frozenset[str] | None
    negated: bool = False

    def holds(self, labels: Mapping[str, str]) -> bool:
        """As Kubernetes has it, an absent key satisfies `!=` and `notin`."""
        found = self.key in labels and (self.values is None or labels[self.key] in self.values)
        return found is not self.negated


@dataclass(frozen=True, slots=True)
class Selector:
    """`tier=dev,env in (a,b),!legacy`: every term has to hold for the parent's labels."""

    text: str
    requirements: tuple[Requirement, ...]

    def matches(self, parent: Parent, labels: Mapping[str, str]) -> bool:  # noqa: ARG002 - one signature with Glob
        return all(requirement.holds(labels) for requirement in self.requirements)


Pin = Glob | Selector

_KEY = r"(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_VALUE = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_EQUALITY = re.compile(rf"({_KEY})\s*(!=|==|=)\s*({_VALUE})?")
_MEMBERSHIP = re.compile(rf"({_KEY})\s+(in|notin)\s*\(([^()]*)\)")
_EXISTENCE = re.compile(rf"(!?)\s*({_KEY})")
_TERM = re.compile(r"(?:[^,()]|\([^()]*\))+")


def parse_selector(text: str) -> Selector:
    """A label selector as kubectl takes it, without `<` and `>`.

    Raises:
        PydanticCustomError: naming the term that cannot be read.
    """
    terms = [term.strip() for term in _TERM.findall(text)]
    if len(text) > 4096 or ",".join(_TERM.findall(text)) != text or not terms:
        raise fault(f"must be a label selector such as tier=dev,env in (a,b),!legacy, not {shown(text)}")
    return Selector(text, tuple(_requirement(term) for term in terms))


def _requirement(term: str) -> Requirement:
    if match := _EQUALITY.fullmatch(term):
        return Requirement(match[1], frozenset({match[3] or ""}), match[2] == "!=")
    if match := _MEMBERSHIP.fullmatch(term):
        values = [value.strip() for value in match[3].split(",")]
        if all(re.fullmatch(f"(?:{_VALUE})?", value) for value in values):
            return Requirement(match[1], frozenset(values), match[2] == "notin")
    elif match := _EXISTENCE.fullmatch(term):
        return Requirement(match[2], None, bool(match[1]))
    raise fault(f"has a term that is no label requirement: {shown(term)}")


def parse_pin(value: object) -> Pin:
    """A glob over parents, or `{selector: ...}`."""
    if isinstance(value, str):
        if not re.fullmatch(r"[A-Za-z0-9.*_-]+(?:/[A-Za-z0-9.*_-]+)?", value):
            raise fault(f"must be a glob over NAME or NAMESPACE/NAME such as prod-*, not {shown(value)}")
        return Glob(value)
    if isinstance(value, dict) and set(value) == {"selector"} and isinstance(value["selector"], str):
        return parse_selector(value["selector"])
    raise fault(f"must be a glob such as prod-* or {{selector: tier=dev}}, not {shown(value)}")


def spell_pin(pin: Pin) -> str | dict[str, str]:
    """The form in which it is configured."""
    return pin.pattern if isinstance(pin, Glob) else {"selector": pin.text}


_SELECTOR_SCHEMA = {
    "type": "object",
    "properties": {"selector": {"type": "string"}},
    "required": ["selector"],
    "additionalProperties": False,
}
PinEntry = Annotated[Pin, Spelled(parse_pin, spell_pin, {"anyOf": [{"type": "string"}, _SELECTOR_SCHEMA]})]


class Pins(Section):
    """Parents tied to one implementation in stage canary."""

    new: tuple[PinEntry, ...] = ()
    """Globs over `namespace/name` (without `/` the name is meant) or `{selector: ...}` over the parent's labels."""

    old: tuple[PinEntry, ...] = ()
    """The same for `old`; it wins where both say something about a parent."""

    def side(self, parent: Parent, labels: Mapping[str, str]) -> Side | None:
        """The implementation that this parent is tied to; None leaves it to the weight."""
        if any(pin.matches(parent, labels) for pin in self.old):
            return Side.OLD
        if any(pin.matches(parent, labels) for pin in self.new):
            return Side.NEW
        return None

    def asks_labels(self, parent: Parent) -> bool:
        """Whether this parent's labels decide: a glob that names it leaves nothing to the selectors after it."""
        for pins in (self.old, self.new):
            if any(isinstance(pin, Glob) and pin.matches(parent, {}) for pin in pins):
                return False
            if any(isinstance(pin, Selector) for pin in pins):
                return True
        return False
