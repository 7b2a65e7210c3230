"""What one sync was: the call that was made, what came of it, and the writes that followed."""

from dataclasses import dataclass
from enum import StrEnum

from shadow.protocol.objects import Json
from shadow.simulate.audit import Write
from shadow.simulate.decode import Answer
from shadow.terms import Hook


class Ending(StrEnum):
    """How a sync ended."""

    DONE = "done"
    IGNORED = "ignored"  # the parent is none of this controller's, or gone
    FAILED = "failed"  # tried again with back-off; a Warning event
    RETRY_LATER = "retry-later"  # 429: tried again after what the hook said, without an event
    CRASHED = "crashed"  # Metacontroller would have exited


@dataclass(frozen=True, slots=True)
class SyncRecord:
    """One sync of one parent.

    `writes` are all writes of this sync; `writes_before_call` of them were made before the hook was asked (finalizer,
    adoption, release). `again_after_seconds` is when the parent is due by itself: resyncAfterSeconds, Retry-After or
    back-off; None for not before something changes.
    """

    controller: str  # `Kind/name`
    parent: str  # `ns/name`, or `name`
    ending: Ending
    hook: Hook | None = None
    request: Json | None = None
    raw_answer: bytes | None = None
    answer: Answer | None = None
    writes: tuple[Write, ...] = ()
    writes_before_call: int = 0
    events: tuple[str, ...] = ()
    again_after_seconds: float | None = None

    @property
    def changed(self) -> bool:
        """Whether this sync left the cluster another one."""
        return any(write.changes for write in self.writes)
