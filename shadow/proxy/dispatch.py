"""One call from its bytes to its answer: assign, ask, decide, and read the brake once more before the first byte.

The primary is asked first and answered without waiting for the shadow, except where the shadow's answer decides what
may be served. Nothing that the shadow does can raise into a call or delay it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import msgspec

from shadow.proxy.calls.call import Asking, Call, Reply
from shadow.proxy.calls.customizing import customize, holds_rules_of, seeing
from shadow.proxy.calls.exchange import Exchange, crashed, why_not_asked
from shadow.proxy.calls.judge import error_reply, reply_with
from shadow.proxy.calls.related import UNKNOWN
from shadow.proxy.calls.related_memory import RelatedMemory
from shadow.proxy.cutover.assignment import Assignment
from shadow.proxy.cutover.brakes import Brakes
from shadow.proxy.cutover.convergence import Convergences
from shadow.proxy.cutover.footing import Footing
from shadow.proxy.cutover.recall import Recall
from shadow.proxy.migrations.migration import Migration
from shadow.proxy.opening import Chance, Opening
from shadow.proxy.record.recorder import Recorder
from shadow.proxy.record.settle import settle
from shadow.proxy.record.writer import Writer
from shadow.proxy.remembering import Remembering
from shadow.proxy.serving.decision import decide
from shadow.proxy.serving.guarded import unconfirmed
from shadow.proxy.serving.resyncing import hurried
from shadow.proxy.serving.unsure import changes_hands, cut_off, is_cut_off, moving, unsure
from shadow.store.base import ParentState
from shadow.terms import Hook, Role, Side
from shadow.upstream.base import Headers

_log = logging.getLogger(__name__)


class Dispatcher:
    """Answers hook calls."""

    def __init__(
        self,
        opening: Opening,
        brakes: Brakes,
        footing: Footing,
        present: Callable[[], Mapping[str, Migration]],
        recall: Recall,
        related: RelatedMemory,
        remembering: Remembering,
        recorder: Recorder,
        writer: Writer,
        convergences: Convergences,
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        chance: Chance,
    ) -> None:
        self._opening = opening
        self._brakes = brakes
        self._footing = footing
        self._present = present
        self._recall = recall
        self._related = related
        self._remembering = remembering
        self._recorder = recorder
        self._writer = writer
        self._convergences = convergences
        self._spawn = spawn
        self._chance = chance

    async def handle(self, migration: Migration, hook: Hook, headers: Headers, body: bytes) -> tuple[Reply, str]:
        """Answer one call; the second is its id.

        Send what is returned without awaiting anything in between: the brake was read for this very answer.

        Raises:
            RequestError: the body is no call of this hook; nothing was counted.
        """
        if self._footing.shared:
            await self._footing.fresh()
        lapses = self._footing.lapses
        call = self._opening.open(migration, hook, headers, body)
        self._recorder.opened(call)
        try:
            reply = await self._confirmed(call, await self._reply(call, headers), lapses)
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
        if _log.isEnabledFor(logging.DEBUG):
            facts = {"call": call.id, "migration": migration.name, "parent": str(call.request.parent)}
            _log.debug("%s is answered %s by %s", hook, reply.status, reply.side or "nobody", extra=facts)
        return reply, call.id

    async def _confirmed(self, call: Call, reply: Reply, lapses: int) -> Reply:
        """What goes out, as things stand now: they may have changed while the implementations were asked."""
        migration = call.migration
        if reply.side is Side.NEW:
            await self._remembering.first_listed(call, reply)
        if self._footing.shared:
            await self._footing.fresh()
        guarded = self._brakes.is_guards(migration.name)  # in whatever stage: only a person lifts that
        last = await self._recall.listed(migration.name, call.request.parent.uid) if guarded else None
        reply = self._last_word(call, reply, last)
        if reply.side is not None:
            reply = self._unsure_since(call, lapses) or reply
        self._remembering.served(call, reply)
        self._writer.noted()
        return reply

    async def _reply(self, call: Call, headers: Headers) -> Reply:
        migration = call.migration
        if (refused := unsure(call, self._footing, self._brakes, self._after(call))) is not None:
            return refused
        exchange = Exchange(call, headers, self._chance.clock)
        if migration.ask_twice and call.is_sync and self._chance.luck() < migration.ask_twice:
            call.ask_twice = exchange.ask_twice
        shadow = call.assignment.shadow
        call.not_asked = why_not_asked(migration, call.hook, call.request, shadow, self._chance.luck())
        if call.not_asked is None and call.shares is not None and call.shares.unknown:
            call.not_asked = UNKNOWN
        primary = await self._primary(exchange)
        if call.hook is Hook.CUSTOMIZE:
            return await customize(exchange, primary, self._related, self._chance.clock())
        return await decide(exchange, primary, lambda: self._recall.of(migration.name, call.request.parent.uid))

    async def _primary(self, exchange: Exchange) -> Asking:
        """Ask the primary; the other one beside it if that may decide what is served, else once the answer is out.

        So the machine that both run on, and a hook that serves one call at a time, does the primary's work first.
        """
        call = exchange.call
        primary, shadow = call.assignment.primary, call.assignment.shadow if call.not_asked is None else None
        decides = primary is Side.NEW or call.hook is Hook.CUSTOMIZE
        if shadow is not None and decides:
            exchange.shadow = self._spawn(self._ask_shadow(exchange, shadow))
        asking = await exchange.ask(primary, Role.PRIMARY)
        if shadow is not None and not decides:
            self._spawn(self._ask_shadow(exchange, shadow))
        return asking

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

    def _complete(self, call: Call) -> None:
        """Everybody has spoken."""
        if call.counted:
            return
        try:
            self._remembering.beside(call)
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
        return following, self._opening.assign(following, call.request)

    def _last_word(self, call: Call, reply: Reply, last: ParentState | None) -> Reply:
        """The brake was perhaps pulled while `new` was answering: then nothing of `new` goes out any more."""
        migration = call.migration
        if reply.side is Side.NEW and migration.serves_new and self._brakes.is_on(migration.name):
            old = call.askings.get(Side.OLD)
            if call.hook is Hook.CUSTOMIZE and holds_rules_of(Side.OLD, call, reply, self._related):
                reply = msgspec.structs.replace(reply, side=Side.OLD, reason="brake")
            elif old is not None and old.body is not None:
                reply = reply_with(call, old, "brake")
            else:
                reply = error_reply(503, "brake", "the brake was pulled during this call; ask again", call.id)
        if self._brakes.is_guards(migration.name):
            reply = unconfirmed(call, reply, last)
        reply = seeing(call, reply)
        if call.hook is Hook.SYNC and migration.resync_after_seconds is not None:
            reply = self._hurried(call, reply, migration.resync_after_seconds)
        return reply

    def _hurried(self, call: Call, reply: Reply, after_seconds: float) -> Reply:
        return hurried(call, reply, after_seconds) if self._convergences.of(call.migration).outstanding else reply
