"""Decides which related objects an implementation is shown, and whether Metacontroller brought all that it would see.

Metacontroller keeps a customize answer for 20 minutes, and a parent may change its primary within them. An
implementation whose rules were not in that answer sees too little, and would delete what it derives from the rest.
Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shadow.protocol.controller import Controller
from shadow.protocol.customize import RelatedRules, adds_nothing, inseparable, is_certain, read_rules, union_rules
from shadow.protocol.wire import UnreadableError
from shadow.proxy.migrations.migration import Migration, Party
from shadow.store.base import GivenRules, RelatedState
from shadow.terms import Hook, Side

KEPT_SECONDS = 20 * 60.0
"""How long Metacontroller works with a customize answer, unless the parent's generation changes."""

UNDER_WAY_SECONDS = 60.0
"""A sync may have begun just before its customize answer grew too old."""

UNKNOWN = "related-unknown"
"""Why a call is not compared, or not served: somebody's rules were not in what Metacontroller works with."""


@dataclass(frozen=True, slots=True)
class Shares:
    """What of the related objects in a sync or finalize call each implementation is shown.

    `shown`: what its own rules select, nothing where no rules of its own are known; None for everything as it came,
    since all of it is its own, or was asked for before this proxy was there. `unknown`: who may miss objects that it
    would select, or see others, as far as is known.
    """

    shown: Mapping[Side, RelatedRules | None]
    unknown: frozenset[Side]


def shares(
    migration: Migration,
    controller: Controller,
    state: RelatedState | None,
    generation: int,
    now: float,
    group_keys: Iterable[str] = (),
) -> Shares | None:
    """The shares in one call; None where this proxy has no part in what is related, so nobody is shown less.

    Args:
        state: what the front was answered for this parent; None: not known.
        generation: the parent's. Another one than the rules were given for: they may be others by now.
        group_keys: of the related objects in the call.
    """
    parties = migration.parties
    if Hook.CUSTOMIZE not in controller.hooks:
        return None
    if not any(Hook.CUSTOMIZE in party.dialects for party in parties.values()):
        return None
    unknown = {side for side, party in parties.items() if Hook.CUSTOMIZE in party.dialects}
    if state is None:
        return Shares(dict.fromkeys(Side), frozenset(unknown))
    fresh = now - state.answered_at <= KEPT_SECONDS + UNDER_WAY_SECONDS
    answered = state.answered if fresh else ()
    told = {*state.answered, *state.perhaps} if fresh else set(Side)
    unknown -= {side for side in answered if _in_force(known_rules(parties[side], state, side), generation)}
    shown = {side: _shown(migration, controller, state, side, beside=side.other in told) for side in Side}
    doubtful = {side for side, own in shown.items() if own is not None and not _tellable(group_keys, own)}
    return Shares(shown, frozenset(unknown | doubtful))


def _tellable(group_keys: Iterable[str], own: RelatedRules) -> bool:
    """Whether the kinds of its own rules can be told from the other one's, by their plurals."""
    try:
        return is_certain(group_keys, own)
    except UnreadableError:
        return False


def known_rules(party: Party, state: RelatedState | None, side: Side) -> GivenRules | None:
    """What this implementation last said for this parent; none at all if it has no customize hook, None: unknown."""
    given = last_rules(party, state, side)
    return given if given is not None and given.implementation == party.digest else None


def last_rules(party: Party, state: RelatedState | None, side: Side) -> GivenRules | None:
    """The same, or what an earlier revision of it said: the next best there is until it was asked itself."""
    if Hook.CUSTOMIZE not in party.dialects:
        return GivenRules((), 0, party.digest)
    return state.given.get(side) if state is not None else None


def _in_force(given: GivenRules | None, generation: int) -> bool:
    return given is not None and given.generation == generation


def _shown(
    migration: Migration, controller: Controller, state: RelatedState, side: Side, *, beside: bool
) -> RelatedRules | None:
    """None where everything that came was selected by its own rules.

    Args:
        beside: the other one's rules may be in what Metacontroller works with.
    """
    party, spoken = migration.parties[side], controller.version(Hook.CUSTOMIZE)
    own = last_rules(party, state, side)
    other = last_rules(migration.parties[side.other], state, side.other) if beside else None
    rules, others = own.rules if own is not None else (), other.rules if other is not None else ()
    version = party.dialects[Hook.CUSTOMIZE].version if Hook.CUSTOMIZE in party.dialects else spoken
    all_its_own = own is not None and adds_nothing(rules, others)
    return None if all_its_own and version is spoken else RelatedRules(rules, version, others)


def rules_known(
    migration: Migration, bodies: Mapping[Side, bytes], state: RelatedState | None, generation: int
) -> dict[Side, GivenRules]:
    """What either implementation last said for this parent, once these valid customize answers are in.

    Raises:
        UnreadableError: rules cannot be read.
    """
    given = {
        side: GivenRules(read_rules(body), generation, migration.parties[side].digest) for side, body in bodies.items()
    }
    return {**(state.given if state is not None else {}), **given}


def customized(primary: Side, own: bytes, known: Mapping[Side, GivenRules]) -> bytes:
    """The answer to a customize call while both are asked: the primary's rules and the other one's.

    For the other one without a valid answer its last known rules stand in. The primary's very bytes where nothing is
    added, and where in the union nobody could tell whose objects are whose.

    Args:
        own: the primary's valid answer.
        known: what either said, this answer included.

    Raises:
        UnreadableError: rules cannot be read.
    """
    other = known.get(primary.other)
    if other is None:
        return own
    rules = known[primary].rules
    alone = inseparable(rules, other.rules) or adds_nothing(rules, other.rules)
    return own if alone else union_rules(rules, other.rules)


def whose(body: bytes, known: Mapping[Side, GivenRules]) -> tuple[Side, ...]:
    """All of whose rules, as far as they are known, are in a customize answer, whoever gave it.

    Raises:
        UnreadableError: it is no customize answer.
    """
    rules = read_rules(body)
    return tuple(side for side, given in sorted(known.items()) if adds_nothing(rules, given.rules))
