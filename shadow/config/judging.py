"""When evidence is enough, when `new` goes too far, and how soon parents are asked back after a move."""

from collections.abc import Mapping
from typing import Annotated, Literal

from shadow.config.base import Section, Spelled, fault, shown
from shadow.config.scalars import Seconds, Share, Text, number, whole
from shadow.terms import Effect, Hook

_HARMLESS = (Effect.NONE, Effect.LATENT)
_LIMITED = tuple(effect for effect in Effect if effect not in _HARMLESS)

SituationName = Literal["nothing observed", "partial", "steady", "finalizing", "unselected"]


def effect_limits(value: object) -> tuple[tuple[Effect, int], ...]:
    """`{delete: 0, recreate: 0}`: how many of each may be served within the window."""
    if isinstance(value, tuple):
        value = dict(value)
    if not isinstance(value, Mapping):
        raise fault(f"must be a mapping such as {{delete: 0, recreate: 0}}, not {shown(value)}")
    names = ", ".join(_LIMITED)
    if unknown := [key for key in value if key not in _LIMITED]:
        raise fault(f"has no limit for {shown(unknown[0])}: effects are {names}")
    return tuple((Effect(key), whole(limit, 0, 10**9)) for key, limit in sorted(value.items()))


def allowed_effects(value: object) -> tuple[Effect, ...]:
    """A list of effects; its order does not count."""
    if not isinstance(value, list | tuple) or not all(effect in tuple(Effect) for effect in value):
        raise fault(f"must be a list out of {', '.join(Effect)}, not {shown(value)}")
    return tuple(effect for effect in Effect if effect in value)


def latency_ratio(value: object) -> float:
    """How many times as long as `old`; more than 0."""
    ratio = number(value, "a number such as 3 or 1.5")
    if ratio <= 0:
        raise fault(f"must be more than 0, not {shown(value)}")
    return ratio


def _schema_of_limits() -> dict[str, object]:
    limit = {"type": "integer", "minimum": 0}
    return {"type": "object", "properties": {str(effect): limit for effect in _LIMITED}, "additionalProperties": False}


EffectLimits = Annotated[
    tuple[tuple[Effect, int], ...],
    Spelled(effect_limits, lambda limits: {str(key): limit for key, limit in limits}, _schema_of_limits()),
]
AllowedEffects = Annotated[
    tuple[Effect, ...],
    Spelled(allowed_effects, list, {"type": "array", "items": {"enum": list(map(str, Effect))}, "uniqueItems": True}),
]
Ratio = Annotated[float, Spelled(latency_ratio, float, {"type": "number", "exclusiveMinimum": 0})]
Calls = Annotated[int, Spelled(lambda value: whole(value, 1, 10**9), int, {"type": "integer", "minimum": 1})]


class Guard(Section):
    """Pulls the brake by itself in canary, live and complete. In shadow it only warns."""

    window: Seconds = 600.0
    """What counts: the last so many seconds, in steps of 10s. A release and new evidence start an empty one."""

    min_calls: Calls = 50
    """Rates and latency wait for so many calls of `new` within the window; effects do not wait."""

    max_failed: Share = 0.01
    """Share of the calls of `new` that may fail: time-outs, errors, refused and held answers."""

    max_effects: EffectLimits = ((Effect.DELETE, 0), (Effect.RECREATE, 0))
    """Effects of served answers of `new` that `old`'s would not have had and no rule explains; what is not named has no
    limit. Default: `{delete: 0, recreate: 0}`."""

    max_latency_ratio: Ratio | None = None
    """How many times as long as `old` an answer of `new` may take, on average. Null: does not matter."""

    then: Literal["brake", "warn"] = "brake"
    """warn: the change log, the log and the status say so, and nothing else happens."""


class Waiver(Section):
    """A situation that need not have been tried."""

    situation: SituationName
    """Which one."""

    because: Text
    """Why it does not matter; shown with the verdict."""

    hook: Hook | None = None
    """Only in this hook. Null: in each."""


class Verdict(Section):
    """When a migration is ready for its next step."""

    window: Seconds = 86400.0
    """Only comparisons of the last so many seconds count."""

    min_comparisons: Calls = 20
    """So many in the window, at the present evidence."""

    min_parents: Calls = 1
    """Of so many parents."""

    allow_effects: AllowedEffects = (Effect.NONE, Effect.LATENT)
    """Unexplained differences with these effects do not stand in the way."""

    waive: tuple[Waiver, ...] = ()
    """Situations that need not have been tried."""


class Resync(Section):
    """Asks Metacontroller to come back sooner than its resync while parents have not met their primary."""

    after: Seconds
    """The longest `resyncAfterSeconds` of a served sync answer meanwhile; an answer's own is never raised."""


class Noise(Section):
    """Whether an implementation agrees with itself: what it says at random is no difference between the two."""

    ask_twice: Share = 0.0
    """Share of the compared sync calls in which each implementation is asked the same once more, after the answer.

    `shadow_when` governs it: a hook that acts when it is asked would act once more.
    """
