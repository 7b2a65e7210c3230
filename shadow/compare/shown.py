"""Objects as they may be shown, each redacted once: for the differences it has, and for the answer that is kept."""

from typing import Any

import msgspec

from shadow.compare.answer import Answer
from shadow.compare.budget import Check
from shadow.fieldpath import Item, Step, Steps
from shadow.protocol.objects import Json
from shadow.protocol.wire import encode, parse
from shadow.redact import Redactor


class Shown:
    """Redacts for one comparison.

    Args:
        check: called before each object and each place; what it raises ends the comparison.
    """

    def __init__(self, redactor: Redactor, check: Check) -> None:
        self._redactor = redactor
        self.check = check
        # By id, which means the same object as long as that is held here.
        self._known: dict[int, tuple[Json, Any]] = {}

    def object(self, item: Json | None) -> Any:
        """The redacted object; None of None."""
        if item is None:
            return None
        if id(item) not in self._known:
            self.check()
            self._known[id(item)] = item, self._redactor.object(item)
        return self._known[id(item)][1]

    def fields(self, fields: Json) -> Json:
        """What an answer says beside its objects, redacted."""
        redacted: Json = self._redactor.answer(fields)
        return redacted

    def path(self, steps: Steps) -> Steps:
        """A path without what looks like a credential: step by step, so that it is still a path as text."""
        return tuple(self._step(step) for step in steps)

    def _step(self, step: Step) -> Step:
        if isinstance(step, int):
            return step
        if isinstance(step, Item):
            return Item(step.key, self._redactor.text(step.value))
        return self._redactor.text(step)

    def answer(self, answer: Answer) -> bytes:
        """The whole redacted answer, as JSON in the front's dialect."""
        rest = self.fields(parse(encode(answer.other_fields)))
        items = [self._kept(item, raw) for (_, item), raw in zip(answer.read, answer.items, strict=True)]
        return bytes(encode(rest | ({answer.list_key: items} if answer.listed else {})))

    def _kept(self, item: Json | None, raw: msgspec.Raw) -> msgspec.Raw:
        if item is None:
            return encode({"notShown": f"{len(bytes(raw))} bytes, nested too deeply"})
        return encode(self.object(item))
