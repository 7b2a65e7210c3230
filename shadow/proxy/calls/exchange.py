"""The asking of one call: who is asked how, and waiting for an answer that decides what may be served."""

import asyncio
import time
from collections.abc import Callable

import msgspec

from shadow.compare.effects import RequestView
from shadow.protocol.draft import Note
from shadow.protocol.fitting import hooks_not_called
from shadow.protocol.messages import Request
from shadow.protocol.shown import AdaptedRequest, adapt_request
from shadow.proxy.calls.call import Asking, Call
from shadow.proxy.calls.headers import incoming_tag
from shadow.proxy.calls.judge import answer_for, judge, revision_of, tag_namespace
from shadow.proxy.migrations.migration import Migration, Party
from shadow.terms import Hook, Role, Side, Stage
from shadow.upstream.base import NO_ROOM, Headers, Observation
from shadow.upstream.headers import first, lines_of

_ROLES = {role: role.value.encode() for role in Role}

_MARGIN_SECONDS = 0.2
"""Kept of `front_timeout` for the way back, so that our answer is there before Metacontroller gives up."""


def why_not_asked(migration: Migration, hook: Hook, request: Request, shadow: Side | None, chance: float) -> str | None:
    """The rule that forbids asking the shadow in this call, or None.

    Args:
        chance: a random number, 0 <= chance < 1, held against `sample`.
    """
    if shadow is None:
        return "stage"
    if why := forbidden(migration, hook, request, shadow):
        return why
    if hook is not Hook.CUSTOMIZE and chance >= migration.sample:
        return "sample"
    return None


def forbidden(migration: Migration, hook: Hook, request: Request, side: Side) -> str | None:
    """Why this implementation must not be asked beside the primary, whatever its answer would be good for."""
    party = migration.parties[side]
    if hook not in party.dialects:
        return None  # it has no such hook, so nobody is asked
    if party.shadow_when.mode == "never":
        return "never"
    if (hook is Hook.FINALIZE or (hook is Hook.SYNC and request.is_finalize)) and not party.shadow_finalize:
        return "never"
    # A customize call shows nothing observed, so there is nothing a condition on that could be held against.
    conditional = party.shadow_when.mode == "observed" and hook is not Hook.CUSTOMIZE
    if conditional and not party.shadow_when.allows(observed_kinds(request)):
        return "shadow-when"
    return None


def observed_kinds(request: Request) -> frozenset[str]:
    """The group keys (`Secret.v1`) of which an object is observed."""
    return frozenset(key for key, objects in request.observed_groups.items() if objects)


def shown_to(call: Call, side: Side) -> AdaptedRequest:
    """The request as an implementation that has this hook is sent it, with what there is to know about that."""
    party, related = call.migration.parties[side], call.shares.shown[side] if call.shares is not None else None
    shown = adapt_request(call.request, party.dialects[call.hook], call.front_version, party.controller, related)
    never_called = _never_called(call, party)
    return msgspec.structs.replace(shown, notes=shown.notes + never_called) if never_called else shown


def _never_called(call: Call, party: Party) -> tuple[Note, ...]:
    """Told with each sync, which there is for every parent."""
    if call.hook is not Hook.SYNC or len(party.dialects) == 1:
        return ()
    return hooks_not_called(party.dialects, call.request.caller)


class Exchange:
    """Asks the implementations of one call."""

    def __init__(self, call: Call, headers: Headers, clock: Callable[[], float]) -> None:
        self.call = call
        self.shadow: asyncio.Task[None] | None = None
        self._headers = headers
        self._shown = lines_of(headers).shown
        self._clock = clock
        self._view: RequestView | None = None

    @property
    def view(self) -> RequestView:
        """The request as the effects are computed from; parsed when first needed."""
        if self._view is None:
            self._view = RequestView(self.call.request)
        return self._view

    async def ask(self, side: Side, role: Role, *, urgent: bool = False, within: float | None = None) -> Asking:
        """Ask one implementation and judge what it says; the asking is noted in the call."""
        call = self.call
        party = call.migration.parties[side]
        if call.hook not in party.dialects:
            asking = call.askings[side] = answer_for(call, side, role, self._clock())
            return asking
        shown = shown_to(call, side)
        tag = self._tag(side, role)
        own = [
            (b"x-shadow-role", _ROLES[role]),
            (b"x-shadow-call", call.id.encode()),
            (b"traceparent", call.trace.traceparent(side)),
        ]
        if tag is not None:
            own.append((b"if-none-match", tag))
        started = self._clock()
        if role is not Role.PRIMARY and not urgent and call.memory.is_scarce:
            observation = Observation(None, (), b"", 0.0, "memory", "what is left is for answering calls")
        else:
            observation = await party.asked.ask(
                call.hook, self._shown, shown.body, role, urgent=urgent, timeout_seconds=within, own=own
            )
        call.memory.add(len(observation.body))
        asking = judge(call, side, role, observation, tag is not None, started)
        asking.notes = shown.notes
        asking.revision = revision_of(party, observation)
        (call.again if role is Role.TWICE else call.askings)[side] = asking
        return asking

    async def ask_twice(self) -> None:
        """Ask each implementation the same once more, one after the other, as far as it may be asked in the shadow."""
        call = self.call
        for side in Side:
            if forbidden(call.migration, call.hook, call.request, side) is None:
                await self.ask(side, Role.TWICE)

    async def answer_of(self, side: Side) -> Asking | None:
        """The other implementation's asking, because it decides what may be served; None if it may not be asked.

        Waits for it if it is under way, asks now if it was not asked or found no room; both within what is left of
        `front_timeout`.
        """
        if self.shadow is not None:
            await asyncio.wait((self.shadow,), timeout=self.left())
        asking = self.call.askings.get(side)
        if asking is not None and asking.observation.error not in NO_ROOM:
            return asking
        if self.shadow is not None and not self.shadow.done():
            return None
        if forbidden(self.call.migration, self.call.hook, self.call.request, side) is not None:
            return None
        left = self.left()
        if left <= 0:
            return None
        timeout = min(left, self.call.migration.parties[side].timeout_seconds)
        return await self.ask(side, Role.SHADOW, urgent=True, within=timeout)

    def left(self) -> float:
        """Seconds of `front_timeout` in which an answer is still of use."""
        elapsed = time.monotonic() - self.call.started
        return max(0.0, self.call.migration.front_timeout_seconds - _MARGIN_SECONDS - elapsed)

    def _tag(self, side: Side, role: Role) -> bytes | None:
        """The caller's entity tag if it came from this implementation at this evidence.

        To `new` under a hold only the tag of the very answer that this parent was served last: a 304 makes
        Metacontroller replay the body it kept, and an older one may lack what was listed since. In a customize call
        only that of the rules which are known: they are what it will go on with.
        """
        value = first(self._headers, b"if-none-match") if role is Role.PRIMARY else None
        if value is None or (namespace := tag_namespace(self.call, side)) is None:
            return None
        migration = self.call.migration
        held = side is Side.NEW and migration.hold and migration.stage in (Stage.CANARY, Stage.LIVE)
        if held and self.call.last_served is not Side.NEW:
            return None
        if (held or self.call.hook is Hook.CUSTOMIZE) and self.call.last_tag != value:
            return None
        return incoming_tag(value, side, namespace)


def crashed(exc: BaseException) -> Observation:
    """A fault of our own while asking the shadow, as data: nothing on that path may raise into a call."""
    return Observation(None, (), b"", 0.0, "internal", f"{type(exc).__name__} in the proxy")
