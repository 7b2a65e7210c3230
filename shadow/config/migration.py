"""One hook being moved: who answers for whom, what may go out, and by what it is judged."""

from typing import Annotated, Literal

from shadow.config.base import Section, Spelled, fault, shown
from shadow.config.implementation import Implementation
from shadow.config.judging import Guard, Noise, Resync, Verdict
from shadow.config.pins import Pins
from shadow.config.rules import Compare
from shadow.config.scalars import AutoFlag, Flag, Seconds, Share, Text, Weight
from shadow.terms import Effect, Side, Stage


def holds(value: object) -> tuple[Effect, ...]:
    """A list out of delete and recreate; its order does not count."""
    if not isinstance(value, list | tuple) or not all(effect in ("delete", "recreate") for effect in value):
        raise fault(f"must be a list out of delete and recreate, not {shown(value)}")
    return tuple(Effect(effect) for effect in sorted(set(value)))


Holds = Annotated[
    tuple[Effect, ...],
    Spelled(holds, list, {"type": "array", "items": {"enum": ["delete", "recreate"]}, "uniqueItems": True}),
]


class Canary(Section):
    """Which parents have `new` as primary in stage canary."""

    weight: Weight = 0.0
    """Percent of parents, in steps of 0.01; sticky by the parent's uid, and raising it only adds parents."""

    pin: Pins = Pins()
    """Parents that are tied to one implementation whatever the weight."""

    @property
    def buckets(self) -> int:
        """How many of the 10,000 buckets belong to `new`: exact where weight x 100 in floats is not."""
        return round(self.weight * 100)


class PulledBrake(Section):
    """A brake that the configuration pulls. Taking it out again releases nothing: only a person does."""

    because: Text
    """Why; shown wherever the brake is."""


class Ownership(Section):
    """The marks written into every object of an answer, so that either kind of controller sees it as its own."""

    decorator: Text
    """Name of the DecoratorController."""

    generate_selector: Flag = False
    """Whether the CompositeController uses generateSelector; then objects carry the label `controller-uid` too."""

    observed_generation: AutoFlag = "auto"
    """Whether a decorator front gets status.observedGeneration. auto: if the parent has a status subresource."""


class Migration(Section):
    """One hook being moved, served at `/<name>/sync`."""

    stage: Stage = Stage.SHADOW
    """The place on the ladder. In shadow `old` answers and `new` is only compared."""

    canary: Canary = Canary()
    """Who moves in stage canary; without meaning in the others."""

    brake: PulledBrake | None = None
    """Pulls the brake. Null: leaves it as it is."""

    unknown_brake: Literal["hold", "off"] = "hold"
    """What an empty store means in canary, live, complete. hold: 503 until a person decides; off: it is off."""

    front_timeout: Seconds = 10.0
    """Metacontroller's own time-out for this hook: the proxy answers before it ends."""

    old: Implementation
    """The implementation moved away from."""

    new: Implementation
    """The implementation moved to."""

    ownership: Ownership | None = None
    """Null: answers get no ownership marks."""

    status: Literal["pass", "drop"] = "pass"
    """drop: the parent's status is left alone, because somebody else owns it."""

    apply: Literal["dynamic", "server-side"] = "dynamic"
    """How Metacontroller applies; decides the predicted effects."""

    strict: AutoFlag = "auto"
    """Whether the front unmarshals strictly. auto: as its controller object says."""

    inexpressible: Literal["refuse", "drop"] = "refuse"
    """Labels and annotations of the parent in an answer that a composite front cannot express."""

    missing_list: Literal["refuse", "pass"] = "refuse"
    """A sync answer without a list while objects are observed: Metacontroller would delete them all."""

    fallback: Literal["off", "safe", "always"] = "safe"
    """A failed `new` primary. safe: `old`'s answer goes out if it would change nothing."""

    hold: Holds = (Effect.DELETE, Effect.RECREATE)
    """Effects that an answer of `new` may not have in canary and live unless a rule expects them. Empty: no hold."""

    sample: Share = 1.0
    """Share of calls whose shadow is asked at all. Where `old` is not, each effect of `new`'s sync answer counts
    with the guard that no rule expects."""

    resync: Resync | None = None
    """Null: the time of the next sync is left to the hooks and the controller."""

    noise: Noise = Noise()
    """Whether implementations are asked the same twice."""

    compare: Compare = Compare()
    """What is known to differ."""

    guard: Guard = Guard()
    """When `new` goes too far."""

    verdict: Verdict = Verdict()
    """When evidence is enough."""

    def implementation(self, side: Side) -> Implementation:
        """The settings of one side."""
        return self.old if side is Side.OLD else self.new
