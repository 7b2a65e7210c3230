"""Watches what `new` does to those it serves, and pulls the brake before anybody has read a report.

A failure of `old`, a comparison that was lost and a call that found no room are not `new`'s fault and count for
nothing. It acts once: a brake that is on is not pulled again, a warning is given once in an epoch. A release of the
brake and new evidence begin another epoch, with an empty window.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from shadow.compare.model import Comparison
from shadow.config.judging import Guard as Settings
from shadow.proxy.calls.call import Asking, Call
from shadow.proxy.guard.window import (
    BUCKET_SECONDS,
    CALLS,
    FAILED,
    PAIRS,
    Counts,
    Window,
    alone,
    effect,
    excess,
    took,
)
from shadow.proxy.migrations.migration import Migration
from shadow.store.base import GUARD, Brake, Change, GuardRises
from shadow.store.guards import TRIPPED
from shadow.terms import Effect, Hook, Outcome, Side, Stage
from shadow.upstream.base import NO_ROOM

_log = logging.getLogger(__name__)
_EPOCHS = 4  # counted side by side
_UNASKED = frozenset(("sample", "never", "shadow-when"))  # why `old` was not asked: the configuration says so
_OURS = NO_ROOM | {"internal"}  # errors of an asking that are none of the implementation's

Pull = Callable[[Migration, str, Mapping[str, float]], bool]
"""(migration, reason, values) -> the brake will be on; False: what was seen is of a configuration that is gone."""


class Guard:
    """The guards of all migrations."""

    def __init__(
        self,
        brake_of: Callable[[str], Brake | None],
        pull: Pull,
        note: Callable[[Change], None],
        clock: Callable[[], float],
    ) -> None:
        """
        Args:
            note: takes a line for the change log.
        """
        self._brake_of = brake_of
        self._pull = pull
        self._note = note
        self._clock = clock
        self._windows: dict[str, dict[str, Window]] = {}  # by migration and epoch: see `_window`
        self._present: dict[str, tuple[Migration, Brake | None, Window]] = {}  # found last, and for what
        self.warnings: dict[str, str] = {}

    def epoch(self, migration: Migration) -> str:
        """What is counted together: one state of the brake at one evidence."""
        brake = self._brake_of(migration.name)
        return f"{brake.version if brake is not None else 0}:{migration.evidence_digest}"

    def restore(self, migration: Migration, buckets: Mapping[int, Counts]) -> None:
        """Go on with what the store kept of this epoch."""
        self._windows[migration.name] = {self.epoch(migration): Window(migration.guard.window, buckets)}
        self._present.pop(migration.name, None)

    def learn(self, migration: Migration, epoch: str, buckets: Mapping[int, Counts]) -> None:
        """What all replicas counted in this epoch, right after a flush; it may be too much all together."""
        if epoch == self.epoch(migration) and buckets:
            window = self._window(migration)
            window.replace(buckets)
            if (why := excess(migration.guard, window.totals)) is not None:
                self._act(migration, window, why)

    def totals(self, migration: Migration) -> Counts:
        """What is within the window now."""
        window = self._window(migration)
        window.expire(int(self._clock() // BUCKET_SECONDS))
        return {name: value for name, value in window.totals.items() if value}

    def seen(self, call: Call) -> None:
        """Everybody who was asked in this call has spoken."""
        new, migration = call.askings.get(Side.NEW), call.migration
        if new is not None and new.failure is None and not call.held and migration.guard.max_latency_ratio is None:
            self._window(migration).add_good(self._clock())  # one good call more is no reason to act
        elif counts := dict(_of_call(call)):
            self._count(migration, counts)

    def compared(self, call: Call, comparison: Comparison) -> None:
        """The answers of a call were compared, or, where `old` was not asked, `new`'s was looked at alone."""
        if not served_new(call):
            return
        limited = dict(call.migration.guard.max_effects)
        lone = Side.OLD not in call.askings
        counts: dict[str, float] = {}
        for one in _alone(call, comparison) if lone else _beside(comparison):
            if one in limited:
                for name in (effect(one), alone(one)) if lone else (effect(one),):
                    counts[name] = counts.get(name, 0.0) + 1.0
        if counts:
            self._count(call.migration, counts)

    def rises(self) -> list[GuardRises]:
        """What was counted since the last flush; `give_back` what could not be written."""
        now = self._clock()
        return [
            GuardRises(name, epoch, window.keep_from(now), unsaved)
            for name, windows in self._windows.items()
            for epoch, window in windows.items()
            if (unsaved := window.take_unsaved())
        ]

    def give_back(self, rises: Iterable[GuardRises]) -> None:
        for each in rises:
            window = self._windows[each.migration].get(each.epoch)
            if window is not None:
                window.give_back(each.buckets)

    def _window(self, migration: Migration) -> Window:
        """Of the present epoch. Several live side by side while replicas of an implementation tell other revisions."""
        name, brake = migration.name, self._brake_of(migration.name)
        present = self._present.get(name)
        if present is not None and present[0] is migration and present[1] is brake:
            return present[2]
        window = self._window_of(migration, self.epoch(migration))
        self._present[name] = migration, brake, window
        return window

    def _window_of(self, migration: Migration, epoch: str) -> Window:
        windows = self._windows.setdefault(migration.name, {})
        if epoch not in windows:
            while len(windows) >= _EPOCHS:
                del windows[next(iter(windows))]
            windows[epoch] = Window(migration.guard.window)
            self.warnings.pop(migration.name, None)
        window = windows[epoch]
        window.span(migration.guard.window)  # the settings may change within an epoch
        return window

    def _count(self, migration: Migration, counts: Counts) -> None:
        window = self._window(migration)
        window.add(self._clock(), counts)
        why = excess(migration.guard, window.totals)
        if why is not None:
            self._act(migration, window, why)

    def _act(self, migration: Migration, window: Window, why: str) -> None:
        brake = self._brake_of(migration.name)
        if window.pulled or (brake is not None and brake.on):
            return
        values = {name: round(value, 3) for name, value in window.totals.items() if value and name != TRIPPED}
        if brakes(migration.stage, migration.guard):
            # What comes before the pull is in force must not pull again.
            if self._pull(migration, why, values):
                window.pulled = True
                _log.error("the guard of %s pulls the brake: %s", migration.name, why)
        elif not window.totals.get(TRIPPED):
            window.add(self._clock(), {TRIPPED: 1})
            self.warnings[migration.name] = why
            _log.warning("the guard of %s warns: %s", migration.name, why)
            details: dict[str, Any] = {"stage": migration.stage, "values": values, "epoch": self.epoch(migration)}
            self._note(Change(self._clock(), migration.name, GUARD, GUARD, why, details))


def brakes(stage: Stage, settings: Settings) -> bool:
    """Whether a guard that trips pulls the brake, or only says so: in shadow nobody is served by `new`."""
    return settings.then == "brake" and stage in (Stage.CANARY, Stage.LIVE, Stage.COMPLETE)


def served_new(call: Call) -> bool:
    """Whether an answer of `new` went out that Metacontroller applies."""
    reply = call.reply
    return call.hook is not Hook.CUSTOMIZE and reply is not None and reply.side is Side.NEW and reply.status == 200


def watches_alone(call: Call) -> bool:
    """Whether `new`'s answer has to be looked at though there is nothing to compare it with.

    Not at a parent's end: to delete is what such an answer is for.
    """
    unasked = call.migration.stage is Stage.COMPLETE or call.not_asked in _UNASKED
    return unasked and call.is_sync and served_new(call) and bool(call.migration.guard.max_effects)


def _of_call(call: Call) -> Iterator[tuple[str, float]]:
    new, old = call.askings.get(Side.NEW), call.askings.get(Side.OLD)
    if new is None or new.observation.error in _OURS or new.failure == "internal":
        return
    yield CALLS, 1.0
    if new.failure is not None or call.held:
        yield FAILED, 1.0
    if call.migration.guard.max_latency_ratio is not None and old is not None and _timed(old) and _timed(new):
        yield PAIRS, 1.0
        yield took(Side.OLD), old.observation.seconds
        yield took(Side.NEW), new.observation.seconds


def _timed(asking: Asking) -> bool:
    """Whether its time says something: a refused connection is quick and means nothing."""
    return asking.observation.status is not None or asking.observation.timed_out


def _beside(comparison: Comparison) -> Iterator[Effect]:
    """The effects of `new` that `old` would not have had, of objects in which something differs unexplained."""
    if comparison.outcome is Outcome.FAILED:
        return  # for lack of `old`: an answer of `new` was served
    counted = set()
    for found in comparison.differences:
        explained = found.ignored_because is not None or found.expected_because is not None
        if not explained and found.object not in counted and found.effects.new is not found.effects.old:
            counted.add(found.object)
            yield found.effects.new


def _alone(call: Call, comparison: Comparison) -> Iterator[Effect]:
    """All effects of `new`, but for removals that are expected."""
    rules, parent = call.migration.rules, str(call.request.parent)
    for each in comparison.effects_new:
        if rules.expects(each.object, each.effect, parent) is None:
            yield each.effect
