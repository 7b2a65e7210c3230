"""What differs, merged over all parents: worked out when somebody looks, and not again while it is still fresh.

What was found stays good while no call is counted. Ten thousand parents make a hundred thousand rows, and pages that
look every few seconds must not cost calls their time: there the longer the work took, the longer its result is good,
and who looks after that is shown it once more while it is worked out anew. The first ones wait for a moment, then are
told that it is being read: however many look, it is read once, and beside them.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from shadow.errors import BeingReadError, StoreError
from shadow.proxy.record.recorder import Recorder
from shadow.report.assess import Assessment, assess, verdict_of
from shadow.report.groups import Merged, at_front
from shadow.report.model import DifferenceLine, VerdictLine, Word
from shadow.report.readiness import Harms, Measure, Presence
from shadow.report.verdict import Parents
from shadow.report.view import MigrationView
from shadow.report.window import moment
from shadow.store.asynchronous import AsyncStore
from shadow.store.base import Brake, Counters, Store
from shadow.terms import Effect

_log = logging.getLogger(__name__)
Key = tuple[str, str, str | None]
"""Digests of what is looked at: evidence, configuration, and the spec of the controller in front."""
_REST = 10.0
"""Times as long as the work took, where it is slow: so it never takes more than a tenth of a processor."""
_SLOW_SECONDS = 0.5
_PATIENCE_SECONDS = 5.0
"""From the beginning of a look, how long somebody is kept waiting for what is not known at all."""
_STILL_SECONDS = 5.0
"""How long it is good for while nothing happens: that a parent falls silent, or a rule expires, is nothing counted."""


@dataclass(frozen=True, slots=True)
class Found:
    """The differences at one evidence, judged by one set of rules, worst first; and how parents stand by them.

    `unread` says why nothing could be looked for: then nothing else here means anything.
    """

    lines: tuple[DifferenceLine, ...]
    effects: Mapping[Effect, int]
    assessment: Assessment
    unread: str | None = None

    def line(self, group: str) -> DifferenceLine | None:
        return next((line for line in self.lines if line.id == group), None)


@dataclass(frozen=True, slots=True)
class _Kept:
    key: Key
    brake: Brake | None  # that the verdict was told with
    counted: Counters  # when it was looked for
    found: Found
    began: float  # on the monotonic clock
    ended: float

    @property
    def was_slow(self) -> bool:
        return self.ended - self.began > _SLOW_SECONDS

    def is_good(self, counted: Counters, now: float) -> bool:
        if self.was_slow and now < self.ended + _REST * (self.ended - self.began):
            return True
        return self.counted == counted and now < self.ended + _STILL_SECONDS


@dataclass(frozen=True, slots=True)
class _Look:
    """One that is under way."""

    found: asyncio.Future[_Kept]
    began: float  # on the monotonic clock


class Findings:
    """The present findings of each migration."""

    def __init__(
        self, store: AsyncStore, recorder: Recorder, spawn: Callable[[Coroutine[Any, Any, None]], object]
    ) -> None:
        """
        Args:
            spawn: runs what nobody waits for.
        """
        self._store = store
        self._recorder = recorder
        self._spawn = spawn
        self._kept: dict[str, _Kept] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._looking: dict[tuple[str, Key], _Look] = {}

    async def of(self, view: MigrationView, now: float) -> Found:
        """
        Args:
            now: unix seconds; decides which rules have expired and which comparisons are too old.

        Raises:
            BeingReadError: nothing is known yet, and it takes long.
            StoreError: it cannot be read.
        """
        kept = self._kept.get(view.name)
        if kept is None or kept.key != _key(view) or not (kept.was_slow or self._is_good(view.name, kept)):
            kept = await self._soon(view, now)
        elif not self._is_good(view.name, kept):
            self._look(view, now)
        if kept.brake != view.brake:
            kept = await self._decide_again(view, kept)
        return kept.found

    def _is_good(self, name: str, kept: _Kept) -> bool:
        return kept.is_good(self._recorder.counters(name), time.monotonic())

    async def _soon(self, view: MigrationView, now: float) -> _Kept:
        """What is found now, waited for a moment only: the look goes on without whoever asked for it."""
        joins = (view.name, _key(view)) in self._looking
        kept = await self._waited(view, now)
        if joins and not self._is_good(view.name, kept):
            kept = await self._waited(view, now)  # that one had begun before what was counted last
        return kept

    async def _waited(self, view: MigrationView, now: float) -> _Kept:
        look = self._look(view, now)
        await asyncio.wait({look.found}, timeout=max(0.0, look.began + _PATIENCE_SECONDS - time.monotonic()))
        if not look.found.done():
            raise BeingReadError(f"what differs in {view.name}")
        return look.found.result()

    def _look(self, view: MigrationView, now: float) -> _Look:
        """The look that is under way, or a new one."""
        what = view.name, _key(view)
        if what not in self._looking:
            self._looking[what] = _Look(asyncio.get_running_loop().create_future(), time.monotonic())
            self._spawn(self._find(view, now, self._looking[what].found))
        return self._looking[what]

    async def _find(self, view: MigrationView, now: float, looking: asyncio.Future[_Kept]) -> None:
        try:
            async with self._locks.setdefault(view.name, asyncio.Lock()):  # one at a time costs calls the least
                counted = self._recorder.counters(view.name)
                await self._recorder.flush()
                began = time.monotonic()
                found = await self._store.read(lambda store: _find(store, view, now))
                kept = _Kept(_key(view), view.brake, counted, found, began, time.monotonic())
            self._kept[view.name] = kept
            looking.set_result(kept)
        except Exception as exc:  # noqa: BLE001 - it belongs to those who wait
            _log.error("what differs in %s could not be read: %s", view.name, exc)
            self._kept.pop(view.name, None)  # who looks next is told so
            looking.set_exception(exc)
            looking.exception()  # nobody may be waiting
        finally:
            del self._looking[view.name, _key(view)]

    async def _decide_again(self, view: MigrationView, kept: _Kept) -> _Kept:
        """Nothing differs otherwise by a brake, but the verdict may."""
        parents = kept.found.assessment.parents
        verdict = await self._store.read(lambda store: verdict_of(store, view, parents))
        found = replace(kept.found, assessment=Assessment(verdict, parents))
        decided = replace(kept, brake=view.brake, found=found)
        if self._kept.get(view.name) is kept:
            self._kept[view.name] = decided
        return decided


def unread(view: MigrationView, now: float, why: str) -> Found:
    """What is found in a store that could not be read, or not yet: nothing, so that nothing can be decided."""
    since = now - view.verdict.window
    verdict = VerdictLine(Word.INCONCLUSIVE, (why,), moment(since), comparisons=0, parents=0, coverage=())
    presence = Presence(view.front, view.listening_since, now, view.front_timeout_seconds)
    nobody = Parents(Measure(view.evidence_digest, None, since, presence, harm={}, allowed=frozenset()))
    return Found((), {}, Assessment(verdict, nobody), unread=why)


def unread_because(exc: StoreError) -> str:
    """Why nothing is known, in words."""
    return exc.reason if isinstance(exc, BeingReadError) else f"the store cannot be read: {exc}"


def _key(view: MigrationView) -> Key:
    return view.evidence_digest, view.configuration_digest, view.front_digest


def _find(store: Store, view: MigrationView, now: float) -> Found:
    """One pass over the groups: reading and judging them is what takes long."""
    merged, harms = Merged(), Harms(now - view.verdict.window)
    groups = at_front(store.groups(view.name, view.evidence_digest, None, None), view.front_digest)
    merged.add_all(groups, view.explain, harms)
    return Found(merged.lines(partial(store.kept, view.name)), merged.effects(), assess(store, view, now, harms.worst))
