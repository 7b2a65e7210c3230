"""The form of `ignore` and `expect` rules. What they match is decided where answers are compared."""

import re
from typing import Annotated, Any

from pydantic import model_validator

from shadow.config.base import Section, Spelled, fault, shown
from shadow.config.places import FieldPath, refuse_stand_in
from shadow.config.scalars import Flag, IsoDate, Text
from shadow.terms import Change, Effect

_OBJECT = re.compile(r"[^/\s]+(?:/[^/\s]+){1,2}")


def object_glob(value: object) -> str:
    """`Kind[.group]/name` or `Kind[.group]/namespace/name`."""
    if not isinstance(value, str) or not _OBJECT.fullmatch(value):
        raise fault(f"must be Kind[.group]/name or Kind[.group]/namespace/name, not {shown(value)}")
    refuse_stand_in(value)
    return value


def parents(value: object) -> tuple[str, ...]:
    """A glob over `namespace/name`, or a list of them."""
    globs = [value] if isinstance(value, str) else value
    if not isinstance(globs, list | tuple) or not globs:
        raise fault(f"must be a glob over NAME or NAMESPACE/NAME, or a list of them, not {shown(value)}")
    for glob in globs:
        if not isinstance(glob, str) or not re.fullmatch(r"[A-Za-z0-9.*_-]+(?:/[A-Za-z0-9.*_-]+)?", glob):
            raise fault(f"must be a glob over NAME or NAMESPACE/NAME such as prod-*, not {shown(glob)}")
    return tuple(globs)


_STRINGS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
ObjectGlob = Annotated[str, Spelled(object_glob, str, {"type": "string"})]
ParentGlobs = Annotated[tuple[str, ...], Spelled(parents, list, _STRINGS)]


class Rule(Section):
    """Differences that are known; `ignore` and `expect` take the same keys.

    What a rule leaves out, it does not ask for; for one thing it has to ask.
    """

    object: ObjectGlob | None = None
    """`Kind[.group]/name` or `Kind[.group]/namespace/name`, globs. Without group any group; null: any object."""

    path: FieldPath | None = None
    """Field path within the object: `*` one step, `**` many, `[name=main]` a list item, `["a.b/c"]` a quoted segment
    (in which `*` is itself), `[a.b/*]` every segment of that form.

    The parent's own fields are `parent.status...`, `parent.labels...`, `parent.annotations...`. Null: any field.
    """

    change: Change | None = None
    """How it differs, seen from `old` to `new`. Null: any way."""

    effect: Effect | None = None
    """What it would do to the cluster. Null: anything."""

    parents: ParentGlobs = ()
    """Globs over `namespace/name` (without `/` the name is meant). Empty: every parent."""

    because: Text
    """Why this is fine: it is shown wherever the rule hides something, so it is obligatory."""

    until: IsoDate | None = None
    """The last day (UTC) on which the rule counts. Null: it never ends."""

    owner: Text | None = None
    """Whom to ask about it."""

    @model_validator(mode="after")
    def _asks_for_something(self) -> "Rule":
        if not (self.object or self.path or self.change or self.effect or self.parents):
            raise fault("must say what it is about: object, path, change, effect or parents")
        return self


class Normalize(Section):
    """Differences of spelling that Kubernetes itself makes equal: ignored with the rule's name, where it is on."""

    null: Flag = True
    """A field that is null is one that is absent."""

    empty: Flag = True
    """Kubernetes does not store an empty map or list of its own kinds."""

    quantity: Flag = True
    """`1000m` and `1` are the same amount."""

    string_data: Flag = True
    """A Secret's `stringData` is its `data`, decoded."""

    system_fields: Flag = True
    """What the API server or another controller owns, copied from the observed object."""

    marks: Flag = True
    """Labels and annotations that Metacontroller itself adds or takes out before it applies an object."""

    set_order: Flag = True
    """The order of a list that Kubernetes takes for a set."""

    default: Flag = True
    """A default of a well-known kind, spelled out, that the observed object shows."""


class Compare(Section):
    """What is known to differ in this migration. Rules are applied to what is stored too."""

    normalize: Normalize = Normalize()
    """What is a matter of spelling only."""

    ignore: tuple[Rule, ...] = ()
    """Differences that do not matter. They never lift a hold."""

    expect: tuple[Rule, ...] = ()
    """Differences that are intended. One that covers a delete or recreate lifts the hold for it."""

    def records(self) -> list[dict[str, Any]]:
        """The rules in their order as plain records with their verb: `{"verb": "ignore", "path": ..., ...}`.

        Of the normalizing ones only those that are switched off: `{"verb": "normalize", "rule": ..., "on": False}`.
        """
        switches = self.normalize.model_dump()
        return [{"verb": "normalize", "rule": name, "on": False} for name, on in switches.items() if not on] + [
            {"verb": verb} | rule.model_dump(mode="json", exclude_none=True)
            for verb, several in (("ignore", self.ignore), ("expect", self.expect))
            for rule in several
        ]
