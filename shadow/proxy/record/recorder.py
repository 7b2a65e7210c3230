"""Counts every call once, has its pair compared off the path, and hands what came of it to the writer.

Nothing here can raise into a call or delay one: what does not fit is dropped and counted.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Protocol

from shadow.compare.model import Comparison, Foresight, Pair
from shadow.proxy.calls.call import Call
from shadow.proxy.cutover.parents import Parents
from shadow.proxy.guard.guard import Guard, watches_alone
from shadow.proxy.record.holding import Holding
from shadow.proxy.record.instruments import Instruments
from shadow.proxy.record.keeping import Keeping
from shadow.proxy.record.records import parent_state, record_of, traced
from shadow.proxy.record.repeats import Repeat, Repeats
from shadow.proxy.record.settle import failure, lone_pair_of, pair_of, settle
from shadow.proxy.record.tally import Tally, added
from shadow.proxy.record.telling import Telling
from shadow.proxy.record.writer import Writer
from shadow.store import base as stored
from shadow.telemetry import Telemetry
from shadow.terms import Hook, Outcome
from shadow.worker.reuse import Key, key_of

_log = logging.getLogger(__name__)


class PairQueue(Protocol):
    """The compare process as seen from here (`shadow.worker.client`)."""

    def submit(self, pair: Pair) -> bool:
        """False: no room, nothing was taken."""
        ...

    def again(self, key: Key, id: str, at: float) -> bool:
        """One more call with the parent's latest pair; False: it has to be submitted."""
        ...


class Recorder:
    """The only place where a call becomes a number."""

    def __init__(
        self,
        writer: Writer,
        instruments: Instruments,
        parents: Parents,
        telemetry: Telemetry,
        keep_matched: Callable[[], bool],
        before: Mapping[str, stored.Counters],
        *,
        guard: Guard | None = None,
        keeping: Keeping | None = None,
        heard: Callable[[Call], None] | None = None,
    ) -> None:
        """
        Args:
            keep_matched: whether the bodies of this pair are kept though it may match; drawn for each.
            before: what the store held when this process started, by migration.
            guard: looks at every call that `new` answers; it pulls the brake, which knows nothing of this.
            keeping: takes each call for the recording, if there is one.
            heard: notes what implementations told of themselves.
        """
        self.worker: PairQueue | None = None  # set once it runs: its results come back here
        self.guard = guard
        self.keeping = keeping
        self._writer = writer
        self._instruments = instruments
        self._parents = parents
        self._telemetry = telemetry
        self._keep_matched = keep_matched
        self._before = before
        self._heard = heard
        self._tallies: dict[str, Tally] = {}
        self._waiting: dict[str, Call] = {}
        self._watched: dict[str, Call] = {}
        self._holding = Holding()
        self._telling = Telling()
        self._repeats = Repeats()

    def tally(self, migration: str) -> Tally:
        tally = self._tallies.get(migration)
        if tally is None:
            tally = self._tallies[migration] = Tally()
        return tally

    def counters(self, migration: str) -> stored.Counters:
        """Since the store began, this very moment included."""
        return added(self._before.get(migration, stored.Counters()), self.tally(migration).counters())

    def learn(self, others: Mapping[str, stored.Counters]) -> None:
        """What all other replicas counted, the dead ones included."""
        self._before = others

    def opened(self, call: Call) -> None:
        self.tally(call.migration.name).calls += 1

    def completed(self, call: Call) -> None:
        """Everybody who was asked has spoken and the reply is decided. Never raises: it is called amid an answer."""
        try:
            if not call.counted:
                self._complete(call)
        except Exception:  # noqa: BLE001 - whatever it is, the answer must go out
            self.unrecorded(call)

    def passed_over(self, call: Call, reason: str) -> None:
        """A rule forbids to ask anybody: of a replayed call, which nobody waits for."""
        self._finish(call, Outcome.SKIPPED, reason, None)

    def unrecorded(self, call: Call) -> None:
        """A fault of ours, being handled, loses what was to be told of the call, but not its count."""
        _log.exception("call %s could not be recorded", call.id)
        self._give_up(call)

    def crashed(self, call: Call) -> None:
        """It was answered with an error because of a fault of ours: nothing of it is compared, whoever speaks yet."""
        with suppress(Exception):
            self._instruments.completed(call)
        self._give_up(call)

    def _give_up(self, call: Call) -> None:
        self._waiting.pop(call.id, None)
        if call.counted:
            return
        call.counted = True
        call.memory.end()
        self.tally(call.migration.name).ended(Outcome.DROPPED, "internal")
        with suppress(Exception):
            self._instruments.ended(call, Outcome.DROPPED, "internal", None)

    def _complete(self, call: Call) -> None:
        if self._heard is not None:
            self._heard(call)
        self.tally(call.migration.name).replied(call)
        if (held := self._holding.seen(call)) is not None:
            self._writer.held(held)
        self._telling.tell(call)
        self._instruments.completed(call)
        foresight = self._foreseen(call)
        if self.keeping is not None:
            self.keeping.take(call, foresight)
        settled = settle(call)
        if self.guard is not None:
            self.guard.seen(call)
        if settled is not None:
            if not self._watch_alone(call) and settled[0] is Outcome.SKIPPED:
                settled = Outcome.DROPPED, "queue"
            self._finish(call, *settled, None)
            return
        keep = self._keep_matched()
        if not keep and (found := self._known(call)) is not None:
            self._compared(call, found)
            return
        self._waiting[call.id] = call
        if self.worker is None or not self.worker.submit(pair_of(call, keep, foresight)):
            self.lost([call.id], "queue")

    def _known(self, call: Call) -> Comparison | None:
        """What comparing would find, where the pair is that of the parent's call before."""
        found = self._repeats.alike(call)
        if found is None or self.worker is None:
            return None
        key = key_of(call.migration.name, call.hook, call.request.parent)
        return found if self.worker.again(key, call.id, call.at) else None

    def _foreseen(self, call: Call) -> Foresight | None:
        if call.hook is Hook.CUSTOMIZE:
            return None  # which shows nothing of any object
        last = self._parents.get(call.migration.name, call.request.parent.uid)
        return last.foresight if last is not None else None

    def _watch_alone(self, call: Call) -> bool:
        """Where `old` is not asked, what `new` does is looked at all the same. Returns whether there is room for it.

        In a replay, too, where no guard hears of it: what it leads to expect of the next call has to be the same.
        """
        if self.worker is None or not watches_alone(call):
            return True
        self._watched[call.id] = call
        if self.worker.submit(lone_pair_of(call)):
            return True
        del self._watched[call.id]
        return False

    def compared(self, comparison: Comparison) -> None:
        """The compare process answered."""
        watched = self._watched.pop(comparison.id, None)
        if watched is not None and self.guard is not None:
            self.guard.compared(watched, comparison)
        call = self._waiting.pop(comparison.id, None)
        if call is not None:
            try:
                self._compared(call, comparison)
            except Exception:  # noqa: BLE001 - the others have to be counted too
                self.unrecorded(call)

    def _compared(self, call: Call, comparison: Comparison) -> None:
        if self.guard is not None:
            self.guard.compared(call, comparison)
        self._finish(call, comparison.outcome, comparison.reason, comparison)

    def lost(self, ids: Iterable[str], reason: str) -> None:
        """Pairs that will not be compared: dropped, unless it is known without a comparison that they failed."""
        for pair_id in ids:
            self._watched.pop(pair_id, None)
            call = self._waiting.pop(pair_id, None)
            if call is not None:
                try:
                    self._finish(call, *(failure(call) or (Outcome.DROPPED, reason)), None)
                except Exception:  # noqa: BLE001 - the others have to be counted too
                    self.unrecorded(call)

    async def flush_forever(self) -> None:
        """Write whenever a batch is due."""
        while True:
            await self._writer.due()
            await self.flush()

    async def flush(self) -> bool:
        """Write what is there in one transaction. Returns whether it is written."""
        for repeat in self._repeats.pop_all():
            self._record_repeat(repeat)
        counters = {name: tally.counters() for name, tally in self._tallies.items()}
        return await self._writer.write(counters, self.guard)

    async def close(self) -> None:
        """The last batch: what is still pending is counted as dropped."""
        for name in tuple(self._waiting):
            self.lost([name], "shutdown")
        for tally in self._tallies.values():
            tally.abandon("shutdown")
        while await self.flush() and self._writer.behind:
            pass

    def _finish(self, call: Call, outcome: Outcome, reason: str | None, comparison: Comparison | None) -> None:
        call.counted = True
        call.memory.end()
        self.tally(call.migration.name).ended(outcome, reason)
        self._instruments.ended(call, outcome, reason, comparison)
        trace_id = self._trace(call, outcome, comparison)
        if outcome in (Outcome.SKIPPED, Outcome.DROPPED):
            return
        if comparison is not None:
            if self._repeats.take(call, comparison):
                return
            if (earlier := self._repeats.pop(call)) is not None:
                self._record_repeat(earlier)
        self._record(call, outcome, reason, comparison, trace_id)

    def _record_repeat(self, repeat: Repeat) -> None:
        call, found = repeat.call, repeat.comparison
        try:
            self._record(call, found.outcome, found.reason, found, None, repeat.count)
        except Exception:  # noqa: BLE001 - the rest of the batch has to be written
            self.unrecorded(call)

    def _record(
        self,
        call: Call,
        outcome: Outcome,
        reason: str | None,
        comparison: Comparison | None,
        trace_id: str | None,
        count: int = 1,
    ) -> None:
        record = record_of(call, outcome, reason, comparison, trace_id, count)
        self._writer.call(record)
        if comparison is not None and call.hook is not Hook.CUSTOMIZE:  # which says nothing of any object
            self.tally(call.migration.name).foretold(comparison.confirmed, comparison.contradicted)
            controller = call.request.caller
            self._parents.compared(parent_state(record, comparison, controller.spec_digest))

    def _trace(self, call: Call, outcome: Outcome, comparison: Comparison | None) -> str | None:
        if not self._telemetry.wants(call.trace, outcome):
            return None
        return self._telemetry.ended(traced(call, outcome), comparison)
