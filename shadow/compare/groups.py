"""When differences of many parents are one: what belongs to the parent alone is generalised, then hashed.

`Service/team-a/ml-pipeline` of the parent `team-a` and `Service/team-b/ml-pipeline` of `team-b` are both
`Service/<namespace>/ml-pipeline`. Values are never part of a group's id, so no secret is.
"""

import hashlib
import re

import msgspec

from shadow.compare.kinds import built_in
from shadow.compare.model import EffectPair
from shadow.compare.stored import TEXT_MAPS
from shadow.fieldpath import Item, Step, Steps, rendered
from shadow.protocol.objects import Identity, ParentRef
from shadow.protocol.wire import encode
from shadow.terms import Change

_STAND_IN = re.compile(r"<redacted:[0-9a-f]{8}:[0-9]+>")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9]*\Z")
"""What a field of a kind is called; with a dash or a dot in it, it is a key of the user's own."""

_FIELDS_OF_ANY = 2
"""So many steps into an object of any kind there are fields, such as `spec.replicas`, and hardly ever keys."""


class Generalizer:
    """Replaces a parent's namespace, name and uid by `<namespace>`, `<name>` and `<uid>`.

    A name counts where it stands between separators: `logs-team-a` and `team-a.v1`, but not `team-aa`. The name of a
    Namespace is its `<namespace>`.
    """

    def __init__(self, parent: ParentRef) -> None:
        self._namespace = parent.namespace or parent.name
        words = {parent.name: "<name>", self._namespace: "<namespace>", parent.uid: "<uid>"}
        self._words = {word: stand_in for word, stand_in in words.items() if word}
        alternatives = "|".join(re.escape(word) for word in sorted(self._words, key=len, reverse=True))
        self._pattern = re.compile(f"(?<![A-Za-z0-9])(?:{alternatives})(?![A-Za-z0-9])") if self._words else None

    def text(self, text: str) -> str:
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: self._words[match[0]], text)

    def path(self, steps: Steps, of: Identity | None) -> str:
        """The place as every parent would call it, as text.

        A namespace may be called as a field is: `data` stays `data`, unless it is a key of the user's own. Those are in
        maps of texts; and deep within what is no kind of Kubernetes' own, a word may be one, too.

        Args:
            of: the object; None: the parent itself.
        """
        fields = len(steps) if of is not None and built_in(of) else _FIELDS_OF_ANY + (of is None)
        before: tuple[Step, ...] = ("", *steps)
        texts = (self._step(*step, at < fields) for at, step in enumerate(zip(before, steps, strict=False)))
        return "".join(texts).removeprefix(".")

    def _step(self, before: Step, step: Step, field: bool) -> str:
        text = _STAND_IN.sub("<redacted>", rendered(step))  # no hash of a value is part of an id
        if isinstance(step, int):
            return text
        if isinstance(step, Item):
            key, equals, value = text.partition("=")
            return f"{key}{equals}{self.text(value)}"
        return text if field and _FIELD.match(step) and before not in TEXT_MAPS else self.text(text)

    def identity(self, identity: Identity) -> Identity:
        """The object as every parent would call it."""
        namespace = "<namespace>" if identity.namespace == self._namespace else self.text(identity.namespace)
        return Identity(identity.apiVersion, identity.kind, namespace, self.text(identity.name))


def group_id(
    shown_object: Identity | None, shown_path: str, change: Change, effects: EffectPair, normalized: str | None = None
) -> str:
    """A stable id of 16 hex digits for what is the same in every parent; a matter of spelling is a line of its own."""
    about = None if shown_object is None else msgspec.structs.astuple(shown_object)
    facts: tuple[object, ...] = (about, shown_path, change, effects.old, effects.new)
    if normalized is not None:
        facts = (*facts, normalized)
    return hashlib.sha256(encode(facts)).hexdigest()[:16]
