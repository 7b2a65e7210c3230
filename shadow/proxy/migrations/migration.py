"""One migration as a call sees it: an immutable snapshot, taken once and used for the whole call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from shadow.compare.rules import Rules
from shadow.config.implementation import ShadowWhen
from shadow.config.judging import Guard
from shadow.config.pins import Pins
from shadow.protocol.dialect import Alterations, Dialect
from shadow.terms import Effect, Hook, Role, Side, Stage
from shadow.upstream.base import Headers, Observation


class Asked(Protocol):
    """Who can be asked: an implementation behind its gate (`shadow.upstream.implementation`)."""

    async def ask(
        self,
        hook: Hook,
        headers: Headers,
        body: bytes,
        role: Role,
        *,
        urgent: bool = False,
        timeout_seconds: float | None = None,
        own: Headers = (),
    ) -> Observation:
        """`urgent`: its answer decides what may be served, so it does not wait behind the gate for shadow calls."""
        ...


@dataclass(frozen=True, slots=True)
class Party:
    """One implementation as this migration uses it."""

    asked: Asked
    digest: str  # of its settings: whether it is still the same implementation
    dialects: Mapping[Hook, Dialect]  # a hook that is missing here is one the implementation does not have
    controller: bytes | None  # the controller object it is shown; None: converted from the front's
    shadow_when: ShadowWhen
    shadow_finalize: bool
    timeout_seconds: float
    revision: str | None
    revision_header: bytes | None


@dataclass(frozen=True, slots=True)
class Migration:
    """One hook being moved, as configured."""

    name: str
    stage: Stage
    weight_buckets: int
    pins: Pins
    parties: Mapping[Side, Party]
    alterations: Alterations
    fallback: Literal["off", "safe", "always"]
    hold: frozenset[Effect]
    rules: Rules
    rules_digest: str
    sample: float  # 0 to 1
    ask_twice: float  # 0 to 1
    apply: str
    hold_unknown_brake: bool
    front_timeout_seconds: float
    evidence_digest: str
    evidence_tag: bytes  # a short form of the digest, in entity tags
    evidence_at: Callable[[tuple[tuple[Side, str], ...]], str]  # the digest once these revisions were told
    guard: Guard
    resync_after_seconds: float | None  # the longest until the next sync while parents are outstanding
    governed_digest: str  # of stage, weight, pins and implementations: what a release checks
    serves_new: bool = field(init=False)  # whether this stage can at all: there an unknown brake matters
    tells_revisions: bool = field(init=False)  # whether an implementation tells its own in its answers

    def __post_init__(self) -> None:
        """What calls ask for again and again."""
        object.__setattr__(self, "serves_new", self.stage in (Stage.CANARY, Stage.LIVE, Stage.COMPLETE))
        tells = any(party.revision_header is not None for party in self.parties.values())
        object.__setattr__(self, "tells_revisions", tells)
