"""What is told of a call, once it is over: plain facts, with nothing in them that came from a body."""

from dataclasses import dataclass

from shadow.protocol.objects import ParentRef
from shadow.telemetry.trace import TraceContext
from shadow.terms import Hook, Outcome, Protocol, Role, Side


@dataclass(frozen=True, slots=True)
class AskedImplementation:
    """One implementation asked in a call. Times are unix seconds; `failure` is a code such as `timeout`."""

    side: Side
    role: Role
    started: float
    seconds: float
    status: int | None
    failure: str | None


@dataclass(frozen=True, slots=True)
class TracedCall:
    """One call. `served` is None when an error of the proxy's own went out; times are unix seconds."""

    id: str
    trace: TraceContext
    migration: str
    hook: Hook
    front: Protocol
    parent: ParentRef
    primary: Side
    served: Side | None
    status: int
    started: float
    ended: float
    asked: tuple[AskedImplementation, ...]
    outcome: Outcome

    @property
    def kubernetes_namespace(self) -> str:
        """The namespace it is about: the parent's, or the parent if that is a Namespace; else empty."""
        is_namespace = self.parent.kind == "Namespace" and self.parent.apiVersion == "v1"
        return self.parent.name if is_namespace else self.parent.namespace
