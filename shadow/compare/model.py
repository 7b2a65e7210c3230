"""What goes into a comparison and what comes out: plain records that cross the worker's pipe and rest in the store.

Everything in here that came from an answer is already redacted when it leaves `shadow.compare`.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from shadow.protocol.dialect import Strictness
from shadow.protocol.draft import Inexpressible, Note
from shadow.protocol.objects import Identity, ParentRef
from shadow.terms import Change, Effect, Hook, Outcome, Protocol, Side


class Candidate(msgspec.Struct, frozen=True):
    """One implementation's side of a call, as the *front* would have seen it.

    `body` is the answer in the front's own dialect with every alteration the proxy makes (translation, ownership
    marks, status); None when there is no valid answer, and then `failure` is a code such as `timeout`, `status-500`,
    `refused:other-list-key`. Only an answer refused for what it says of the parent's labels has both: all else of it
    can be compared.
    """

    body: bytes | None
    status: int | None = None
    failure: str | None = None
    seconds: float = 0.0
    notes: tuple[Note, ...] = ()  # what a person should know of the translation
    unsaid: tuple[Inexpressible, ...] = ()  # wanted of the parent, and not in the body: a composite has no words for it


class Predicted(msgspec.Struct, frozen=True):
    """A write that a served answer should cause.

    `mark` tells by what it shows: of an update the digest of the last-applied configuration, of a delete or recreate
    the uid that will be gone. `again`: the call after it came too soon to show it. `version`: the resourceVersion that
    an update leaves behind although the last-applied configuration stays; empty where nothing can be told by that.
    """

    object: Identity
    effect: Effect
    mark: str = ""
    again: bool = False
    version: str = ""


class Foresight(msgspec.Struct, frozen=True):
    """What a parent's next call should show, kept between its calls.

    `unseen` are objects that this front had created and that it still does not observe.
    """

    front: str  # `DecoratorController/profiles`
    call: str  # in which the answer was served
    at: float  # unix seconds of that call
    served: Side
    writes: tuple[Predicted, ...] = ()
    unseen: tuple[Identity, ...] = ()


class Pair(msgspec.Struct, frozen=True):
    """Everything a comparison needs: one request, the two candidates, and the settings that decide effects."""

    id: str
    migration: str
    hook: Hook
    front: Protocol
    request: bytes  # as Metacontroller sent it, in the front's dialect
    parent: ParentRef
    old: Candidate
    new: Candidate
    apply: str = "dynamic"  # dynamic | server-side
    strict: Strictness = "auto"  # how Metacontroller reads answers
    rules_digest: str = ""  # which compiled rules of the worker apply
    keep_bodies: bool = False  # ask for the redacted bodies even if the pair matches
    at: float = 0.0  # unix seconds
    caller: str = ""  # the controller in front, `DecoratorController/profiles`
    served: Side | None = None  # whose answer went out; None: an error did
    old_again: Candidate | None = None  # asked the same once more, to see whether it agrees with itself
    new_again: Candidate | None = None
    previous: str | None = None  # the call in which this parent was last given an answer
    foresight: Foresight | None = None  # what was expected of this call, as far as the proxy knows


class ObjectEffect(msgspec.Struct, frozen=True):
    """What Metacontroller would do to one object if given one answer. `fields` are paths that an update writes."""

    object: Identity
    effect: Effect
    repeats: bool = False
    why: str = ""  # a short phrase when the effect is not plain from the two objects, e.g. `no last-applied`


class EffectPair(msgspec.Struct, frozen=True):
    """The effect on one object under either answer."""

    old: Effect
    new: Effect


class Difference(msgspec.Struct, frozen=True):
    """One place where the two answers want different things.

    `object` is None when it is the parent itself (`path` then starts with `parent.`). `old` and `new` are redacted
    JSON values, None with `has_old`/`has_new` False when absent. `group` is the stable id under which the same cause
    in many parents is one line: sha256 over the generalised object, path, change and effects, never over values that
    were redacted. `shown` is the generalised object and path (`Service/<namespace>/ml-pipeline`).
    """

    group: str
    object: Identity | None
    path: str
    change: Change
    effects: EffectPair
    repeats: bool
    old: Any
    new: Any
    has_old: bool
    has_new: bool
    shown_object: Identity | None
    shown_path: str
    ignored_because: str | None = None
    expected_because: str | None = None
    normalized: str | None = None  # the rule of `shadow.compare.normalize` by which it is a matter of spelling

    @property
    def effect(self) -> Effect:
        """`new`'s effect where that is not none, else `old`'s."""
        return self.effects.new if self.effects.new is not Effect.NONE else self.effects.old

    @property
    def side(self) -> Side:
        return Side.OLD if self.effects.new is Effect.NONE and self.effects.old is not Effect.NONE else Side.NEW


class Advice(msgspec.Struct, frozen=True):
    """A trap seen in request and answer; `code` is of a closed, documented set."""

    code: str
    implementation: Side | None
    object: Identity | None
    message: str


class Noise(msgspec.Struct, frozen=True):
    """A place in which an implementation differs from itself; `object` stands for its kind, null: the parent."""

    implementation: Side
    object: Identity | None
    path: str
    one: Any = None
    other: Any = None


class Comparison(msgspec.Struct, frozen=True):
    """The result: what is counted, grouped and kept. `reason` says why for failed and dropped."""

    id: str
    outcome: Outcome
    reason: str | None
    situation: str  # nothing observed | partial | steady | finalizing | unselected
    differences: tuple[Difference, ...]
    effects_old: tuple[ObjectEffect, ...]  # every object, none included; empty without an answer
    effects_new: tuple[ObjectEffect, ...]
    advice: tuple[Advice, ...]
    old_answer: bytes | None = None  # redacted JSON in the front's dialect; kept for mismatched, failed or on request
    new_answer: bytes | None = None
    moves_old: tuple[ObjectEffect, ...] = ()  # what giving old's answer would write once new's was applied
    moves_new: tuple[ObjectEffect, ...] = ()  # the same the other way round; nothing where the answers agree
    parent_labels: Mapping[str, str] = {}  # of the request; a pin may select by them
    confirmed: int = 0  # predicted writes that this call shows
    contradicted: int = 0  # and those that it should show and does not
    foresight: Foresight | None = None  # what the parent's next call should show
    noise: tuple[Noise, ...] = ()
    asked_twice: tuple[Side, ...] = ()  # and answered twice
    cpu_seconds: float = 0.0
    repeated: int = 0  # how often within a minute the very same pair had been compared before
