"""Compares in this process, by what the proxy's compare process compares with; nobody waits here for anything else."""

import logging
from collections import deque
from collections.abc import Mapping
from datetime import UTC, date, datetime

import msgspec

from shadow.compare.model import Comparison, Pair
from shadow.worker.comparer import RuledComparer
from shadow.worker.frames import Setup
from shadow.worker.reuse import Reuse

_log = logging.getLogger(__name__)


class Comparing:
    """Takes pairs as the compare process does. What it found is given out by `deliver`, never amid a call."""

    def __init__(self, setup: Setup) -> None:
        self.at = 0.0  # unix seconds of the call that is compared: a rule may have expired since
        self._comparer = RuledComparer(setup, self._today)
        self._found: deque[Comparison] = deque()
        self._failed: deque[str] = deque()

    def set_rules_in_force(self, rules: Mapping[str, list[dict[str, object]]]) -> None:
        for digest, records in rules.items():
            self._comparer.set_rules(digest, msgspec.json.encode(records))

    def submit(self, pair: Pair) -> bool:
        try:
            self._found.append(self._comparer.compare(pair))
        except Exception:  # noqa: BLE001 - one pair must not end the replay
            _log.exception("call %s could not be compared", pair.id)
            self._failed.append(pair.id)
        return True

    def deliver(self, reuse: Reuse) -> None:
        """Give out what was found since."""
        while self._found:
            reuse.compared(self._found.popleft())
        if self._failed:
            reuse.lost(list(self._failed), "worker")
            self._failed.clear()

    def _today(self) -> date:
        return datetime.fromtimestamp(self.at, UTC).date()
