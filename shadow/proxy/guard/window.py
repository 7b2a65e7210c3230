"""What a guard counts, in steps of ten seconds, and when that is too much. Pure; pulls nothing."""

import math
from collections.abc import Mapping

from shadow.config.judging import Guard
from shadow.config.scalars import spell_seconds, spell_share
from shadow.terms import Side

BUCKET_SECONDS = 10

CALLS = "calls"  # of `new`
FAILED = "failed"  # of these
PAIRS = "pairs"  # calls in which both took their time
_SECONDS = "seconds."
_EFFECT = "effect."
_ALONE = "alone."

Counts = Mapping[str, float]


class Window:
    """The counts of the last so many seconds; adding is cheap, since calls pay for it."""

    def __init__(self, seconds: float, buckets: Mapping[int, Counts] | None = None) -> None:
        """
        Args:
            seconds: rounded up to whole buckets.
            buckets: what was counted before this process started.
        """
        self._length = math.ceil(seconds / BUCKET_SECONDS)
        self._latest = 0
        self.pulled = False  # the brake was, for what is in here
        self._buckets: dict[int, dict[str, float]] = {}
        self._unsaved: dict[int, dict[str, float]] = {}
        self.totals: dict[str, float] = {}
        for start, counts in sorted((buckets or {}).items()):
            self._add(start, counts)

    def span(self, seconds: float) -> None:
        """Be so long from now on; a longer one lacks what is forgotten already."""
        if (length := math.ceil(seconds / BUCKET_SECONDS)) != self._length:
            self._length = length
            self.expire(self._latest)

    def add(self, now: float, counts: Counts) -> None:
        bucket = int(now // BUCKET_SECONDS)
        self._add(bucket, counts)
        _raise(self._unsaved.setdefault(bucket, {}), counts)

    def add_good(self, now: float) -> None:
        """One call without a fault: by far the most."""
        bucket = int(now // BUCKET_SECONDS)
        if bucket != self._latest:
            self.expire(bucket)
        for counts in (self._buckets.setdefault(bucket, {}), self._unsaved.setdefault(bucket, {}), self.totals):
            counts[CALLS] = counts.get(CALLS, 0.0) + 1.0

    def _add(self, bucket: int, counts: Counts) -> None:
        if bucket != self._latest:
            self.expire(bucket)
        _raise(self._buckets.setdefault(bucket, {}), counts)
        _raise(self.totals, counts)

    def expire(self, bucket: int) -> None:
        """Forget what has left the window that ends with this bucket."""
        self._latest = bucket
        for start in [start for start in self._buckets if start <= bucket - self._length]:
            _raise(self.totals, {name: -by for name, by in self._buckets.pop(start).items()})

    def replace(self, buckets: Mapping[int, Counts]) -> None:
        """What all replicas counted, by the store; what is not written yet comes on top."""
        self._buckets, self.totals = {}, {}
        for counted in (buckets, self._unsaved):
            for start, counts in sorted(counted.items()):
                self._add(start, counts)

    def keep_from(self, now: float) -> int:
        """The oldest bucket that still counts."""
        return int(now // BUCKET_SECONDS) - self._length + 1

    def take_unsaved(self) -> dict[int, dict[str, float]]:
        unsaved, self._unsaved = self._unsaved, {}
        return unsaved

    def give_back(self, buckets: Mapping[int, Counts]) -> None:
        for start, counts in buckets.items():
            _raise(self._unsaved.setdefault(start, {}), counts)


def _raise(totals: dict[str, float], by: Counts) -> None:
    for name, value in by.items():
        totals[name] = totals.get(name, 0.0) + value


def took(side: Side) -> str:
    """The name under which a side's seconds are counted."""
    return f"{_SECONDS}{side}"


def effect(name: str) -> str:
    """The name under which an effect of a served answer of `new` is counted."""
    return f"{_EFFECT}{name}"


def alone(name: str) -> str:
    """The name under which it is counted once more where `old` was not asked."""
    return f"{_ALONE}{name}"


def excess(settings: Guard, totals: Counts) -> str | None:
    """What is too much, in words with the values seen; None while all is within bounds. Effects come first."""
    for name, limit in settings.max_effects:
        if (count := round(totals.get(effect(name), 0))) > limit:
            times, why = _times(count, name), _besides(count, round(totals.get(alone(name), 0)))
            return f"answers of new that were served had {times} {why} {_within(settings)}; {limit} allowed"
    calls, failed = round(totals.get(CALLS, 0)), round(totals.get(FAILED, 0))
    if calls >= settings.min_calls and failed > settings.max_failed * calls:
        share, allowed = spell_share(round(failed / calls, 4)), spell_share(settings.max_failed)
        return f"new failed in {failed} of {calls} calls ({share}) {_within(settings)}; {allowed} allowed"
    return _slow(settings, totals)


def _besides(count: int, alone: int) -> str:
    if not alone:
        return "that old's had not"
    if alone == count:
        return "that no rule expects (old was not asked)"
    return f"that old's had not, or no rule expects where old was not asked ({alone} of them),"


def _slow(settings: Guard, totals: Counts) -> str | None:
    pairs = round(totals.get(PAIRS, 0))
    if settings.max_latency_ratio is None or pairs < settings.min_calls:
        return None
    old, new = (totals.get(took(side), 0.0) / pairs for side in Side)
    if new <= settings.max_latency_ratio * old:
        return None
    ratio = f"{new / old:.1f} times as long as" if old else "longer than"
    return (
        f"new took {ratio} old ({new * 1000:.0f} ms to {old * 1000:.0f} ms, mean of {pairs} calls) "
        f"{_within(settings)}; {settings.max_latency_ratio:g} times allowed"
    )


def _within(settings: Guard) -> str:
    return f"within {spell_seconds(settings.window)}"


def _times(count: int, name: str) -> str:
    return f"1 {name}" if count == 1 else f"{count} {name}s"
