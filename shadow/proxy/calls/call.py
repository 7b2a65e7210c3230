"""One call while it is under way: who was asked, what they said, what goes out. A record; it decides nothing."""

from collections.abc import Awaitable, Callable

import msgspec
from msgspec import field

from shadow.memory import Allotment, Memory
from shadow.protocol.adapt import Adapted
from shadow.protocol.draft import Note
from shadow.protocol.messages import Request
from shadow.protocol.objects import Identity
from shadow.proxy.calls.related import Shares
from shadow.proxy.cutover.assignment import Assignment
from shadow.proxy.migrations.migration import Migration
from shadow.telemetry.trace import TraceContext
from shadow.terms import Effect, Hook, HookVersion, Role, Side
from shadow.upstream.base import Headers, Observation

SIGNALS = frozenset((304, 412, 429))
"""Statuses that are valid answers without anything to compare."""


class Asking(msgspec.Struct):
    """One implementation asked once in a call, and what its answer is worth.

    `failure` is a code (`timeout`, `status-500`, `refused:other-list-key`), None for a valid answer or a signal.
    `adapted` is the answer in the front's dialect when there is one.
    """

    side: Side
    role: Role
    started: float  # unix seconds
    observation: Observation
    failure: str | None = None
    adapted: Adapted | None = None
    notes: tuple[Note, ...] = ()  # of the request as it was sent
    revision: str | None = None  # of the implementation, as configured or as told in the answer

    @property
    def all_notes(self) -> tuple[Note, ...]:
        """What there is to know about the translation, there and back."""
        return self.notes if self.adapted is None else self.notes + self.adapted.notes

    @property
    def reason(self) -> str | None:
        """The failure; with what Metacontroller would log where it rejects the answer by itself."""
        rejected = self.adapted.rejected if self.adapted is not None and self.failure == "rejected" else None
        return f"rejected: {rejected}" if rejected is not None else self.failure

    @property
    def comparable(self) -> bytes | None:
        """What can be compared: also what is not served only because the front has no words for all of it."""
        if self.adapted is not None and self.failure == "refused:inexpressible":
            return self.adapted.body
        return self.body

    @property
    def is_signal(self) -> bool:
        return self.failure is None and self.observation.status in SIGNALS

    @property
    def refusal(self) -> str | None:
        """The code of the refusal if that is why the answer is not served."""
        prefix, _, code = (self.failure or "").partition(":")
        return code or None if prefix == "refused" else None

    @property
    def body(self) -> bytes | None:
        """What may be served to the front, or None."""
        return self.adapted.body if self.adapted is not None and self.failure is None else None


class Reply(msgspec.Struct, frozen=True):
    """What goes out to Metacontroller. `side` is whose answer it is, None for an error of the proxy's own."""

    status: int
    headers: Headers
    body: bytes
    side: Side | None
    reason: str  # stage, weight, pin, brake, fallback; or the code of the proxy's own error
    own: bool = False  # the proxy's own words, even where it speaks of what `side` did


class Call(msgspec.Struct):
    """Everything about one call, from its first byte to its record."""

    id: str
    migration: Migration
    hook: Hook
    request: Request
    at: float  # unix seconds
    started: float  # monotonic
    trace: TraceContext
    front_version: HookVersion
    front: str  # `DecoratorController/profiles`
    last_served: Side | None  # whose answer this parent was served last
    last_tag: bytes | None  # and with which entity tag; of a customize call, the primary's last known rules
    assignment: Assignment
    headers: Headers = ()  # as they came in
    memory: Allotment = field(default_factory=lambda: Memory().allot())  # what its bodies take, until it is counted
    previous: str | None = None  # the call in which this parent was last given an answer
    shares: Shares | None = None  # of the related objects; None: everybody is shown everything
    askings: dict[Side, Asking] = field(default_factory=dict)
    ask_twice: Callable[[], Awaitable[None]] | None = None  # how to; None: chance was against it
    again: dict[Side, Asking] = field(default_factory=dict)  # asked the same once more
    not_asked: str | None = None  # why the shadow is not asked: stage, sample, shadow-when, never, brake-unknown
    reply: Reply | None = None
    replied_at: float | None = None
    fallback: bool | None = None  # None: not tried; False: withheld
    held: dict[Identity, Effect] = field(default_factory=dict)  # what a held answer would have removed
    counted: bool = False  # its outcome is: a fault of ours after that must not count it again

    @property
    def is_sync(self) -> bool:
        """Whether it is about what the parent's objects should be, not about its end: told by path and body alike."""
        return self.hook is Hook.SYNC and not self.request.is_finalize

    def sees_everything(self, side: Side) -> bool:
        """Whether all related objects that this implementation would select are in the call, as far as is known."""
        return self.shares is None or side not in self.shares.unknown
