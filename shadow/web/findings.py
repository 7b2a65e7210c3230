"""What differs, merged over all parents: worked out when somebody looks, and not again while it is still fresh.

What was found stays good while no call is counted. Ten thousand parents make a hundred thousand rows, and pages that
look every few seconds must not cost calls their time: there the longer the work took, the longer its result is good.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

from shadow.proxy.record.recorder import Recorder
from shadow.report.assess import Assessment, assess
from shadow.report.groups import Merged, Once, at_front
from shadow.report.model import DifferenceLine
from shadow.report.readiness import noting
from shadow.report.view import MigrationView
from shadow.store.asynchronous import AsyncStore
from shadow.store.base import Brake, Counters, Store
from shadow.terms import Effect

_REST = 10.0
"""Times as long as the work took, where it is slow: so it never takes more than a tenth of a processor."""
_SLOW_SECONDS = 0.5
_STILL_SECONDS = 5.0
"""How long it is good for while nothing happens: that a parent falls silent, or a rule expires, is nothing counted."""


@dataclass(frozen=True, slots=True)
class Found:
    """The differences at one evidence, judged by one set of rules, worst first; and how parents stand by them."""

    lines: tuple[DifferenceLine, ...]
    effects: Mapping[Effect, int]
    assessment: Assessment

    def line(self, group: str) -> DifferenceLine | None:
        return next((line for line in self.lines if line.id == group), None)


@dataclass(frozen=True, slots=True)
class _Kept:
    key: tuple[str, str, Brake | None]
    counted: Counters  # when it was looked for
    found: Found
    began: float  # on the monotonic clock
    ended: float

    def is_good(self, key: tuple[str, str, Brake | None], counted: Counters, now: float) -> bool:
        if self.key != key:
            return False
        took = self.ended - self.began
        if took > _SLOW_SECONDS and now < self.ended + _REST * took:
            return True
        return self.counted == counted and now < self.ended + _STILL_SECONDS


class Findings:
    """The present findings of each migration."""

    def __init__(self, store: AsyncStore, recorder: Recorder) -> None:
        self._store = store
        self._recorder = recorder
        self._kept: dict[str, _Kept] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def of(self, view: MigrationView, now: float) -> Found:
        """
        Args:
            now: unix seconds; decides which rules have expired and which comparisons are too old.
        """
        key = (view.evidence_digest, view.configuration_digest, view.brake)
        async with self._locks.setdefault(view.name, asyncio.Lock()):  # the second gets what the first one finds
            kept = self._kept.get(view.name)
            counted = self._recorder.counters(view.name)
            if kept is not None and kept.is_good(key, counted, time.monotonic()):
                return kept.found
            await self._recorder.flush()
            began = time.monotonic()
            found = await self._store.read(lambda store: _find(store, view, now))
            self._kept[view.name] = _Kept(key, counted, found, began, time.monotonic())
            return found


def _find(store: Store, view: MigrationView, now: float) -> Found:
    """One pass over the groups: reading and judging them is what takes long."""
    merged, harm, explain = Merged(), dict[str, Effect](), Once(view.explain)
    groups = at_front(store.groups(view.name, view.evidence_digest, None, None), view.front_digest)
    merged.add_all(noting(harm, groups, explain, now - view.verdict.window), explain)
    return Found(merged.lines(), merged.effects(), assess(store, view, now, harm))
