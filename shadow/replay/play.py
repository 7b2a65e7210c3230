"""Plays recorded calls through what the proxy counts and compares with, into a store of its own.

So what comes out is what the proxy would have found: outcomes, effects and groups are computed by the same code from
the same records. One call after the other, in the order of the recording; only the asking runs ahead.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec

from shadow.config.process import Telemetry as TelemetrySettings
from shadow.disguise import Disguise
from shadow.errors import RequestError, StoreError
from shadow.protocol.wire import UnreadableError
from shadow.proxy.calls.call import Call
from shadow.proxy.calls.related_memory import RelatedMemory
from shadow.proxy.cutover.parents import Parents
from shadow.proxy.migrations.migration import Migration
from shadow.proxy.migrations.snapshot import Snapshot
from shadow.proxy.record.instruments import Instruments
from shadow.proxy.record.recorder import Recorder
from shadow.proxy.record.writer import Writer
from shadow.recordings.model import RecordedCall
from shadow.replay.asking import Asker
from shadow.replay.calls import answered, call_of
from shadow.replay.comparing import Comparing
from shadow.replay.masking import masked
from shadow.store.asynchronous import AsyncStore
from shadow.store.base import Change, ParentState, Store
from shadow.telemetry.telemetry import Telemetry
from shadow.terms import Hook
from shadow.worker.frames import Setup
from shadow.worker.reuse import Reuse

REPLAYED = "replayed"
"""The kind of change-log line that names calls which were replayed: it is written with what came of them."""

_BATCH = 250  # calls in one transaction
_APPLIED = (200, 304, 412)


@dataclass(slots=True)
class Passed:
    """What was read and not played, and how many were."""

    played: int = 0
    before: int = 0  # in an earlier run that was broken off
    twice: int = 0
    unreadable: int = 0
    lost_lines: int = 0  # of the files, that are no calls
    lost_files: int = 0  # that could not be read, or not to the end
    unmasked: int = 0  # recorded with another key than the answers of today could be disguised by
    elsewhere: Counter[str] = field(default_factory=Counter)  # by migration: calls of others
    evidence: Counter[str] = field(default_factory=Counter)  # by digest: at which the answers were recorded
    last_at: float = 0.0  # unix seconds of the latest call


class Replay:
    """One replay of one migration.

    Args:
        asker: of today's implementations; None: the recorded answers count.
        states: of parents, from an earlier run.
        done: the calls that this one has played.
        clock: unix seconds.
        keep_matched: whether the answers of this call are kept though they may match.
        disguise: by the key that recordings were made with, as far as it is known here.
    """

    def __init__(
        self,
        store: AsyncStore,
        snapshot: Snapshot,
        name: str,
        setup: Setup,
        asker: Asker | None,
        states: Iterable[ParentState] = (),
        done: Iterable[str] = (),
        clock: Callable[[], float] = time.time,
        keep_matched: Callable[[], bool] = lambda: False,
        disguise: Disguise | None = None,
    ) -> None:
        self.passed = Passed()
        self._migration = snapshot.migrations[name]
        self._disguise = disguise
        self._masked = masked(self._migration, disguise) if disguise is not None else self._migration
        self._asker = asker
        self._clock = clock
        self._done = dict.fromkeys(done, True)  # by call: whether in an earlier run
        self._batch: list[str] = []
        self._parents = Parents(states)
        self._comparing = Comparing(setup)
        self._comparing.set_rules_in_force(snapshot.rules)
        instruments = Instruments()
        self._writer = Writer(f"replay-{time.time_ns()}", store, self._parents, RelatedMemory(()), instruments, clock)
        telemetry = Telemetry(TelemetrySettings())
        self._recorder = Recorder(self._writer, instruments, self._parents, telemetry, keep_matched, {})
        self._reuse = Reuse(self._recorder.compared, self._recorder.lost, lambda: self._comparing.at)
        self._reuse.comparer = self._comparing
        self._recorder.worker = self._reuse

    async def play(self, calls: Iterable[RecordedCall]) -> None:
        """Play every call of the migration; what was found so far is kept if this is broken off.

        Raises:
            StoreError: what was found cannot be written.
        """
        try:
            if self._asker is None:
                for recorded in calls:
                    await self._play_recorded(recorded)
            else:
                await self._play_asked(calls, self._asker)
        finally:
            await self._write()

    async def _play_recorded(self, recorded: RecordedCall) -> None:
        call = self._fitting(recorded)
        if call is None:
            return
        self.passed.evidence[recorded.evidence_digest] += 1
        self._foresee(call, recorded)
        if recorded.exchange(recorded.primary) is None and recorded.reason == "capture":
            await self._pass_over(answered(call, recorded), "not-recorded")
        else:
            await self._count(answered(call, recorded))

    async def _play_asked(self, calls: Iterable[RecordedCall], asker: Asker) -> None:
        """A window of calls is being asked; they are counted in their order."""
        asked: deque[tuple[Call, asyncio.Task[str | None]]] = deque()
        try:
            for recorded in calls:
                call = self._fitting(recorded)
                if call is None:
                    continue
                asked.append((call, asyncio.create_task(asker.ask(call))))
                if len(asked) > 2 * asker.at_once:
                    await self._count_asked(*asked.popleft())
            while asked:
                await self._count_asked(*asked.popleft())
        finally:
            for _, task in asked:
                task.cancel()
            await asyncio.gather(*(task for _, task in asked), return_exceptions=True)

    async def _count_asked(self, call: Call, asking: asyncio.Task[str | None]) -> None:
        why = await asking
        call.at = self._clock()
        if why is None:
            await self._count(call)
        else:
            await self._pass_over(call, why)

    def _fitting(self, recorded: RecordedCall) -> Call | None:
        """The call, if it is one of this migration that has not been played."""
        if recorded.migration not in ("", self._migration.name):
            self.passed.elsewhere[recorded.migration] += 1
            return None
        if (before := self._done.get(recorded.call)) is not None:
            self.passed.before += before
            self.passed.twice += not before
            return None
        try:
            call = call_of(recorded, self._behind_a_mask(recorded))
        except (RequestError, UnreadableError):
            self.passed.unreadable += 1
            return None
        self._done[recorded.call] = False
        call.at = call.at or self._clock()  # nobody noted when a captured one was made
        return call

    def _behind_a_mask(self, recorded: RecordedCall) -> Migration:
        if self._asker is None or not recorded.key:
            return self._migration
        known = self._disguise is not None and recorded.key == self._disguise.fingerprint
        self.passed.unmasked += not known
        return self._masked if known else self._migration

    def _foresee(self, call: Call, recorded: RecordedCall) -> None:
        """What the proxy knew of this call when it came."""
        if call.hook is Hook.CUSTOMIZE:
            return
        name, parent = self._migration.name, call.request.parent
        state = self._parents.get(name, parent.uid)
        if state is None:
            state = ParentState(name, parent, recorded.primary, None, None, None)
        if state.foresight != recorded.foresight:
            self._parents.compared(msgspec.structs.replace(state, foresight=recorded.foresight))

    async def _count(self, call: Call) -> None:
        if call.hook is not Hook.CUSTOMIZE:  # which is also called for parents that are never synced
            self._remember(call)
        self._comparing.at = call.at
        self._recorder.opened(call)
        self._recorder.completed(call)
        self._comparing.deliver(self._reuse)
        await self._counted(call)

    def _remember(self, call: Call) -> None:
        name, parent = self._migration.name, call.request.parent
        assert call.reply is not None, "a call is counted after its reply"
        applied = call.reply.side is not None and call.reply.status in _APPLIED
        answered_in = call.id if applied else None
        self._parents.served(name, parent, call.assignment.primary, None, None, call.at, answered_in=answered_in)

    async def _pass_over(self, call: Call, why: str) -> None:
        self._recorder.opened(call)
        self._recorder.passed_over(call, why)
        await self._counted(call)

    async def _counted(self, call: Call) -> None:
        await asyncio.sleep(0)  # a pair like the one before comes back in the loop's next round
        self.passed.played += 1
        self.passed.last_at = max(self.passed.last_at, call.at)
        self._batch.append(call.id)
        if len(self._batch) >= _BATCH:
            await self._write()

    async def _write(self) -> None:
        if not self._batch:
            return
        about = {"calls": self._batch}
        self._writer.change(Change(self._clock(), self._migration.name, REPLAYED, "replay", "of a recording", about))
        self._batch = []
        if not await self._recorder.flush():
            raise StoreError("replay", "what was found cannot be written; the line before says why")


def replayed(store: Store, migration: str) -> list[str]:
    """The calls that an earlier run in this store has played."""
    found: list[str] = []
    after: str | None = None
    while True:
        lines, after = store.history(migration, after, 500)
        for line in lines:
            if line.kind == REPLAYED:
                found += line.details["calls"]
        if after is None:
            return found
