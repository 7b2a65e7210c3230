"""An answer on its way from an implementation to the front: its fields so far, and what there is to say about it."""

from dataclasses import dataclass, field
from typing import Literal

import msgspec

from shadow.protocol.objects import Identity
from shadow.protocol.wire import Fields, join_object


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person should know about a translation or an alteration. `code` is of a closed set:

    `resync-lowered`, `observed-generation` (not added, and why), `finalized-dropped`, `finalize-completed`,
    `finalize-left`, `status-kept`, `foreign-field-dropped`, `mark-withheld`, `mark-impossible`,
    `objects-not-shown` (v1 hides them), `objects-not-known` (v1 hid them already), `front-lacks-kind` (told to read
    what is not observed), `front-lacks-hook` (it has one that is never called), and of a converted controller
    `controller-warning`, `controller-error`, `controller-impossible`.
    """

    code: str
    message: str
    object: Identity | None = None


@dataclass(frozen=True, slots=True)
class Inexpressible:
    """A label or annotation of a decorator answer that the parent does not have, and a composite answer cannot say."""

    field: Literal["labels", "annotations"]
    key: str
    value: str | None  # None: to be deleted


@dataclass(slots=True)
class Draft:
    """Edited in place by the steps of `adapt`. While `changed` is False the original bytes can be served."""

    fields: Fields
    changed: bool = False
    completed: bool = False  # its list is every observed object as it was applied, to be left as they are
    notes: list[Note] = field(default_factory=list)
    inexpressible: list[Inexpressible] = field(default_factory=list)

    def put(self, name: str, value: msgspec.Raw) -> None:
        """Set a field; in its old place if it is there, else at the end."""
        if name in self.fields and bytes(self.fields[name]) == bytes(value):
            return
        self.fields = {**self.fields, name: value}
        self.changed = True

    def drop(self, name: str) -> None:
        if name in self.fields:
            self.fields = {key: value for key, value in self.fields.items() if key != name}
            self.changed = True

    def rename(self, name: str, to: str) -> None:
        """In its place; no-op if the field is absent."""
        if name in self.fields:
            self.fields = {(to if key == name else key): value for key, value in self.fields.items()}
            self.changed = True

    def note(self, code: str, message: str, about: Identity | None = None) -> None:
        self.notes.append(Note(code, message, about))

    def body(self, original: bytes) -> bytes:
        """The answer as bytes: the very `original` while nothing changed."""
        return bytes(join_object(self.fields)) if self.changed else original
