"""One call from its bytes to its answer: assign, ask, decide, and read the brake once more before the first byte.

The primary is asked first and answered without waiting for the shadow, except where the shadow's answer decides what
may be served. Nothing that the shadow does can raise into a call or delay it.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec

from shadow.compare.view import RequestView
from shadow.errors import RequestError
from shadow.protocol.controller import Controller, read_controller
from shadow.protocol.known import KnownRequests
from shadow.protocol.messages import Request, read_root
from shadow.protocol.objects import Identity
from shadow.protocol.wire import UnreadableError
from shadow.proxy.calls.call import Asking, Call, Reply
from shadow.proxy.calls.customizing import customize, note, seeing
from shadow.proxy.calls.exchange import Exchange, crashed, why_not_asked
from shadow.proxy.calls.headers import first
from shadow.proxy.calls.judge import error_reply, reply_with
from shadow.proxy.calls.related import UNKNOWN, Shares, shares
from shadow.proxy.calls.related_memory import RelatedMemory, front_of
from shadow.proxy.cutover.assignment import Assignment, assign
from shadow.proxy.cutover.brakes import Brakes
from shadow.proxy.cutover.convergence import Convergences
from shadow.proxy.cutover.footing import Footing
from shadow.proxy.cutover.parents import Parents
from shadow.proxy.cutover.recall import Recall
from shadow.proxy.migrations.fronts import Fronts
from shadow.proxy.migrations.migration import Migration
from shadow.proxy.record.recorder import Recorder
from shadow.proxy.record.settle import settle
from shadow.proxy.serving.decision import decide
from shadow.proxy.serving.guarded import unconfirmed
from shadow.proxy.serving.resyncing import hurried
from shadow.proxy.serving.unsure import changes_hands, cut_off, is_cut_off, moving, unsure
from shadow.store.base import ParentState
from shadow.telemetry.trace import begin
from shadow.terms import Hook, Role, Side, Stage
from shadow.upstream.base import Headers

_log = logging.getLogger(__name__)
_APPLIED = (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED, HTTPStatus.PRECONDITION_FAILED)
"""With these Metacontroller applies something: the answer, or the one that it remembers."""


@dataclass(frozen=True, slots=True)
class Chance:
    """Where time, names and luck come from; given, so that tests decide them."""

    clock: Callable[[], float]
    call_id: Callable[[], str]
    luck: Callable[[], float]


class Dispatcher:
    """Answers hook calls."""

    def __init__(
        self,
        brakes: Brakes,
        footing: Footing,
        present: Callable[[], Mapping[str, Migration]],
        parents: Parents,
        recall: Recall,
        recorder: Recorder,
        fronts: Fronts,
        convergences: Convergences,
        related: RelatedMemory,
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        chance: Chance,
        trace_sample: float,
    ) -> None:
        self._brakes = brakes
        self._footing = footing
        self._present = present
        self._parents = parents
        self._recall = recall
        self._recorder = recorder
        self._fronts = fronts
        self._convergences = convergences
        self._related = related
        self._spawn = spawn
        self._chance = chance
        self._trace_sample = trace_sample
        self._requests = KnownRequests()

    async def handle(self, migration: Migration, hook: Hook, headers: Headers, body: bytes) -> tuple[Reply, str]:
        """Answer one call; the second is its id.

        Send what is returned without awaiting anything in between: the brake was read for this very answer.

        Raises:
            RequestError: the body is no call of this hook; nothing was counted.
        """
        await self._footing.fresh()
        lapses = self._footing.lapses
        call = self._open(migration, hook, self._requests.read(body, hook), headers)
        self._recorder.opened(call)
        try:
            reply = await self._reply(call, headers)
            await self._remember_first(call, reply)
            await self._footing.fresh()
            guarded = migration.serves_new and self._brakes.is_guards(migration.name)
            last = await self._recall.listed(migration.name, call.request.parent.uid) if guarded else None
            reply = self._last_word(call, reply, last)
            if reply.side is not None:
                reply = self._unsure_since(call, lapses) or reply
            self._note_served(call, reply)
            self._recorder.noted()
        except Exception:  # noqa: BLE001 - a fault of ours must end in an error, never in a wrong answer or an uncounted call
            _log.exception("call %s of %s failed in the proxy", call.id, migration.name)
            reply = error_reply(500, "internal", "the proxy failed; its log says how", call.id)
            call.reply, call.replied_at = reply, self._chance.clock()
            self._recorder.crashed(call)
            return reply, call.id
        call.reply, call.replied_at = reply, self._chance.clock()
        shadow = call.assignment.shadow
        if call.not_asked is not None or shadow is None or shadow in call.askings:
            self._complete(call)
        return reply, call.id

    def _open(self, migration: Migration, hook: Hook, request: Request, headers: Headers) -> Call:
        last = self._parents.get(migration.name, request.parent.uid)
        try:
            controller = read_controller(request.controller)
        except UnreadableError as exc:
            raise RequestError(400, "controller", f"`controller` is no controller object: {exc}") from exc
        now = self._chance.clock()
        if (change := self._fronts.saw(migration.name, controller, now)) is not None:
            self._recorder.change(change)
        return Call(
            id=self._chance.call_id(),
            migration=migration,
            hook=hook,
            request=request,
            at=now,
            started=time.monotonic(),
            trace=begin(headers, self._trace_sample, self._chance.luck),
            front_version=controller.version(hook),
            front=(front := front_of(controller)),
            last_served=last.served if last is not None else None,
            last_tag=self._parents.tag(migration.name, request.parent.uid),
            assignment=self._assign(migration, request),
            headers=headers,
            previous=last.answered_in if last is not None else None,
            shares=self._shares(migration, request, controller, front, now) if hook is not Hook.CUSTOMIZE else None,
        )

    def _shares(
        self, migration: Migration, request: Request, controller: Controller, front: str, now: float
    ) -> Shares | None:
        state = self._related.get((migration.name, request.parent.uid, front))
        return shares(migration, controller, state, request.generation, now)

    def _assign(self, migration: Migration, request: Request) -> Assignment:
        pinned = None
        if migration.stage is Stage.CANARY and migration.pins:
            pinned = migration.pins.side(request.parent, labels_of(request))
        on = self._brakes.is_on(migration.name)
        return assign(migration.stage, migration.weight_buckets, pinned, on, request.parent.uid)

    async def _reply(self, call: Call, headers: Headers) -> Reply:
        migration = call.migration
        if (refused := unsure(call, self._footing, self._brakes, self._after(call))) is not None:
            return refused
        exchange = Exchange(call, headers, self._chance.clock)
        if migration.ask_twice and call.is_sync and self._chance.luck() < migration.ask_twice:
            call.ask_twice = exchange.ask_twice
        shadow = call.assignment.shadow
        call.not_asked = why_not_asked(migration, call.hook, call.request, shadow, self._chance.luck())
        if call.not_asked is None and not all(map(call.sees_everything, Side)):
            call.not_asked = UNKNOWN
        if shadow is not None and call.not_asked is None:
            exchange.shadow = self._spawn(self._ask_shadow(exchange, shadow))
        primary = await exchange.ask(call.assignment.primary, Role.PRIMARY)
        if call.hook is Hook.CUSTOMIZE:
            return await customize(exchange, primary, self._related, self._chance.clock())
        return await decide(exchange, primary, lambda: self._recall.of(migration.name, call.request.parent.uid))

    async def _ask_shadow(self, exchange: Exchange, side: Side) -> None:
        call = exchange.call
        started = self._chance.clock()
        try:
            if call.hook is Hook.CUSTOMIZE:
                await exchange.ask(side, Role.SHADOW, urgent=True, within=exchange.left())
            else:
                await exchange.ask(side, Role.SHADOW)
        except Exception as exc:  # noqa: BLE001 - nothing of the shadow may reach the call
            _log.exception("call %s: asking `%s` in the shadow failed in the proxy", call.id, side)
            call.askings[side] = Asking(side, Role.SHADOW, started, crashed(exc), failure="internal")
        if call.reply is not None:
            self._complete(call)

    async def _remember_first(self, call: Call, reply: Reply) -> None:
        """What `new` lists for the first time is stored before it can be created: a crash must not forget it."""
        migration, asking = call.migration, call.askings.get(Side.NEW)
        measured = reply.side is Side.NEW and reply.status == HTTPStatus.OK and call.is_sync and migration.hold
        if not measured or asking is None or asking.adapted is None or migration.stage is Stage.COMPLETE:
            return
        names = self._listed(call, asking)
        state = self._parents.grow(migration.name, call.request.parent, names)
        if state is not None:
            await self._recorder.keep(state)

    def _listed(self, call: Call, asking: Asking) -> tuple[Identity, ...]:
        assert asking.adapted is not None, "only a valid answer lists anything"
        uid, adapted = call.request.parent.uid, asking.adapted
        return self._parents.identities(call.migration.name, uid, asking.side, adapted.body, adapted.identities)

    def _complete(self, call: Call) -> None:
        """Everybody has spoken. What `old` wants beside a served `new` is what its agreement will be worth."""
        if call.counted:
            return
        try:
            old = call.askings.get(Side.OLD)
            served_new = call.reply is not None and call.reply.side is Side.NEW and call.reply.status == HTTPStatus.OK
            if served_new and call.is_sync and old is not None and old.body is not None:
                self._parents.beside(call.migration.name, call.request.parent.uid, self._listed(call, old))
            if call.ask_twice is not None and settle(call) is None:
                self._spawn(self._complete_later(call, call.ask_twice))
            else:
                self._recorder.completed(call)
        except Exception:  # noqa: BLE001 - whatever it is, the answer must go out
            self._recorder.unrecorded(call)

    async def _complete_later(self, call: Call, ask_twice: Callable[[], Awaitable[None]]) -> None:
        try:
            await ask_twice()
        except Exception:  # noqa: BLE001 - what was said the first time is compared all the same
            _log.exception("call %s: asking the same twice failed in the proxy", call.id)
        self._recorder.completed(call)

    def _unsure_since(self, call: Call, lapses: int) -> Reply | None:
        """An error, where others decided during this call what it does not know of, or may have."""
        if self._footing.lapses != lapses or is_cut_off(call, self._footing, self._brakes):
            return cut_off(call)
        after = self._after(call) if not self._brakes.is_on(call.migration.name) else None
        return moving(call) if after is not None and changes_hands(call, *after) else None

    def _after(self, call: Call) -> tuple[Migration, Assignment] | None:
        """What follows this call's configuration, or has followed it by now, and who is who in that.

        Without other replicas nobody else answers, and a call keeps what it began with.
        """
        if not self._footing.others:
            return None
        name = call.migration.name
        following = self._footing.followers.get(name) or self._present().get(name)
        if following is None or following is call.migration:
            return None
        return following, self._assign(following, call.request)

    def _last_word(self, call: Call, reply: Reply, last: ParentState | None) -> Reply:
        """The brake was perhaps pulled while `new` was answering: then nothing of `new` goes out any more."""
        migration = call.migration
        if reply.side is Side.NEW and migration.serves_new and self._brakes.is_on(migration.name):
            old = call.askings.get(Side.OLD)
            if call.customized is not None and Side.OLD in call.customized.answered:
                reply = msgspec.structs.replace(reply, side=Side.OLD, reason="brake")
            elif old is not None and old.body is not None:
                reply = reply_with(call, old, "brake")
            else:
                reply = error_reply(503, "brake", "the brake was pulled during this call; ask again", call.id)
        if migration.serves_new and self._brakes.is_guards(migration.name):
            reply = unconfirmed(call, reply, last)
        reply = seeing(call, reply)
        if call.hook is Hook.SYNC and migration.resync_after_seconds is not None:
            reply = self._hurried(call, reply, migration.resync_after_seconds)
        return reply

    def _hurried(self, call: Call, reply: Reply, after_seconds: float) -> Reply:
        return hurried(call, reply, after_seconds) if self._convergences.of(call.migration).outstanding else reply

    def _note_served(self, call: Call, reply: Reply) -> None:
        """Remember what a sync was answered, the measure of what the next one may remove."""
        if call.hook is Hook.CUSTOMIZE:
            note(call, reply, self._related, self._chance.clock())
            return  # also called for parents that are never synced
        name, parent = call.migration.name, call.request.parent
        if reply.status in _APPLIED:
            self._parents.answered(name, parent, call.assignment.primary, call.id)
        measure = call.is_sync and reply.status == HTTPStatus.OK
        asking = call.askings.get(reply.side) if measure and reply.side is not None else None
        served = identities = None
        if asking is not None and asking.failure is None and asking.adapted is not None:
            served = asking.side
            identities = self._listed(call, asking)
        self._parents.served(
            name,
            parent,
            call.assignment.primary,
            served,
            identities,
            self._chance.clock(),
            lambda: frozenset(RequestView(call.request)),
            first(reply.headers, b"etag"),
        )


def labels_of(request: Request) -> dict[str, str]:
    """The parent's labels."""
    labels = (read_root(request).get("metadata") or {}).get("labels") or {}
    return {name: value for name, value in labels.items() if isinstance(value, str)}


def new_call_id() -> str:
    """26 hexadecimal digits that sort by time: milliseconds since 1970, then chance."""
    return f"{time.time_ns() // 1_000_000:012x}{random.getrandbits(56):014x}"
